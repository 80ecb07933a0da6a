import BattenCore
import BattenSystem

/// The description of a plugin that stands beside it, so that nobody has to run it to know what it is.
///
/// It holds the hash of the file that it describes; for any other file it says nothing.
enum PluginSidecar {
    private static let largest: Int64 = 16 << 20

    /// Reads the description of an image.
    ///
    /// - Parameters:
    ///   - path: the description's file.
    ///   - file: the plugin.
    ///   - sha256: hash of the plugin's file.
    /// - Returns: nil when there is none for this image, or it cannot be used: the plugin is then asked again.
    static func read(_ path: String, of file: PluginFile, sha256: String) -> PluginDescriptor? {
        guard let status = try? FileSystem.status(path), status.kind == .file, status.bytes <= largest,
            let bytes = try? FileSystem.read(path), let document = try? JSONReader.parse(bytes),
            document["sha256"]?.stringValue == sha256, let plugin = document["plugin"]
        else { return nil }
        return try? DescriptorDocument.decode(plugin, path: file.path, expectedID: file.id)
    }

    /// Writes the description of an image; a folder that cannot be written is no error.
    ///
    /// - Returns: whether it was written.
    static func write(_ descriptor: PluginDescriptor, to path: String, image: PluginImage) -> Bool {
        let bytes = JSONWriter.bytes(document(descriptor, image: image), style: .pretty) + [0x0a]
        return (try? FileSystem.writeAtomically(bytes, to: path, mode: 0o644)) != nil
    }

    /// The description as data.
    static func document(_ descriptor: PluginDescriptor, image: PluginImage) -> JSONValue {
        .object([
            "sidecar": 1, "sha256": .string(image.sha256), "bytes": .int(Int64(image.length)),
            "plugin": DescriptorDocument.encode(descriptor),
        ])
    }
}
