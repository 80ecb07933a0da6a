import BattenCore
import BattenSpec
import BattenSystem

/// The text of a workflow that a command line names.
struct WorkflowText {
    /// Name for diagnostics: the path as written, `standard input`, or the workflow's name.
    let label: String
    /// The content.
    let bytes: [UInt8]
    /// Where it was read from, absolute; nil for what is no file.
    var path: String?
    /// How a stage of another workflow would name it; nil where none can.
    var reference: ChildReference?

    /// Reads a file, or standard input for `-`.
    ///
    /// A file above the reader's limit is not read: it comes back as a diagnostic, like every other bad file.
    static func read(_ path: String, in context: CommandContext) throws(CommandFailure) -> WorkflowText {
        let limit = ReadLimits.standard.bytes
        if path == "-" {
            return WorkflowText(
                label: "standard input",
                bytes: try orUsage { () throws(SystemError) in
                    try StandardStream.input.readToEnd(limit: limit)
                })
        }
        let absolute = context.absolute(path)
        let found = try orUsage { () throws(SystemError) in try FileSystem.status(absolute) }
        guard let found else { throw missing(path, context) }
        guard found.kind != .folder else {
            throw CommandFailure.usage(
                "not_a_file", "'\(path)' is a folder, not a workflow file", help: "name the file in it")
        }
        guard found.bytes <= Int64(limit) else {
            throw CommandFailure(
                "file_too_large",
                "'\(path)' has \(ByteSize.format(found.bytes)); a workflow file has at most "
                    + ByteSize.format(Int64(limit)),
                help: "move large data into files that stages read", exit: .invalid)
        }
        return WorkflowText(
            label: path, bytes: try orUsage { () throws(SystemError) in try FileSystem.read(absolute) }, path: absolute,
            reference: .path(absolute))
    }

    private static func orUsage<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .usage("unreadable_file", error.description, help: "check the path and its permissions")
        }
    }

    /// Why a file is not there, with the file that may have been meant.
    static func missing(_ path: String, _ context: CommandContext) -> CommandFailure {
        let absolute = context.absolute(path)
        let folder = FileSystem.parent(of: absolute) ?? "/"
        let names = ((try? FileSystem.list(folder)) ?? []).filter {
            ["yaml", "yml", "json"].contains(PathText.fileExtension($0))
        }
        let near = DidYouMean.help(for: PathText.name(path), in: names)
        return .notFound(
            "no_such_file", "there is no file '\(path)'",
            help: near.isEmpty ? "`batten init hello` writes a workflow to start from" : near)
    }
}
