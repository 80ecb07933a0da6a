import BattenCore
import BattenSpec
import BattenSystem

/// The file of `--params-file`.
enum ParametersFile {
    /// Bytes such a file may have.
    private static let limit = 64 << 20

    /// Reads the file; without one there are no values.
    ///
    /// - Parameter workflow: how the workflow was named, because both cannot be standard input.
    static func read(_ path: String?, workflow: String, in context: CommandContext) throws(CommandFailure) -> JSONObject
    {
        guard let path else { return [:] }
        guard path != "-" || workflow != "-" else {
            throw .usage(
                "standard_input_twice", "the workflow and its parameters cannot both come from standard input",
                help: "put one of them into a file")
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            if path == "-" {
                bytes = try StandardStream.input.readToEnd(limit: limit)
            } else {
                let status = try FileSystem.status(context.absolute(path))
                guard status?.bytes ?? 0 <= Int64(limit) else {
                    throw SystemError("read \(path)", message: "it has more than \(ByteSize.format(Int64(limit)))")
                }
                bytes = try FileSystem.read(context.absolute(path))
            }
        } catch {
            throw .usage("unreadable_file", error.description, help: "check the path given by --params-file")
        }
        let document = try DocumentFile.parse(path == "-" ? "standard input" : path, bytes)
        guard let root = document.root, !root.isNull else { return [:] }
        guard let object = root.value.objectValue else {
            throw document.failure(
                root.range, "parameters are a mapping of names to values, not \(root.described)", code: "bad_parameter")
        }
        return object
    }
}
