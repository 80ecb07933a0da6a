public import BattenCore
import BattenSystem
import CBattenABI

/// A plugin that was loaded into this process to look at it, outside of any host.
public struct WorkerDescription: Sendable {
    /// What it says of itself, as a document.
    public let document: JSONValue
    /// Its library.
    public let library: String

    /// Loads a plugin and reads its descriptor.
    ///
    /// - Parameters:
    ///   - path: a file named `libbatten-plugin-<id>.so`.
    ///   - copy: where the bytes are that are loaded.
    /// - Throws: ``PluginError`` with the reason for the refusal.
    public init(path: String, copy: String) throws(PluginError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let id = PluginFolders.pluginID(ofFile: name) else {
            throw PluginError(
                .badDescriptor, "\(path) is not named like a plugin", help: "name it libbatten-plugin-<id>.so")
        }
        let descriptor = try PluginLoader.load(PluginFile(id: id, path: path, isBundled: false), from: copy)
        document = DescriptorDocument.encode(descriptor)
        library = copy
    }
}
