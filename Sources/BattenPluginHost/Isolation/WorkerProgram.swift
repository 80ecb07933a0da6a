public import BattenCore
public import BattenSystem

/// What the program `batten-worker` does; it is the one process besides the host that loads plugins.
public enum WorkerProgram {
    /// Takes rights away from this process before a plugin is loaded: the plugin's file, its capabilities as data, and
    /// the limits it is given as data.
    public typealias Confine = (_ plugin: String, _ capabilities: JSONValue, _ limits: JSONValue) throws(SystemError) ->
        Void

    /// Exit status of a worker that could not do what it was started for.
    public static let failure: Int32 = 1

    /// Loads a plugin with no capabilities at all and prints its descriptor as JSON on the standard output.
    ///
    /// - Parameters:
    ///   - path: a file named `libbatten-plugin-<id>.so`.
    ///   - copy: where the bytes are that are loaded, for example a descriptor under /proc; nil is the file itself.
    ///   - confine: is called before anything of the file runs.
    /// - Returns: the exit status; a refusal is printed as `{"error": {"code", "message", "help"}}` with status 1.
    public static func probe(_ path: String, from copy: String? = nil, confine: Confine) -> Int32 {
        do throws(PluginError) {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            guard let id = PluginFolders.pluginID(ofFile: name) else {
                throw PluginError(
                    .badDescriptor, "\(path) is not named like a plugin", help: "name it libbatten-plugin-<id>.so")
            }
            do throws(SystemError) {
                try confine(path, [:], [:])
            } catch {
                throw PluginError(
                    .notConfined, "the plugin \(path) is not loaded because this process could not be confined",
                    help: "`batten doctor` says what this kernel offers", cause: error.description)
            }
            let descriptor = try PluginLoader.load(PluginFile(id: id, path: path, isBundled: false), from: copy)
            return say(DescriptorDocument.encode(descriptor), status: 0)
        } catch {
            let document: JSONValue = .object([
                "error": .object([
                    "code": .string(error.code.rawValue),
                    "message": .string(error.cause.isEmpty ? error.message : "\(error.message): \(error.cause)"),
                    "help": .string(error.help),
                ])
            ])
            return say(document, status: failure)
        }
    }

    private static func say(_ document: JSONValue, status: Int32) -> Int32 {
        let result = StandardStream.output.write(JSONWriter.bytes(document) + [UInt8(ascii: "\n")])
        return result == .written ? status : failure
    }
}
