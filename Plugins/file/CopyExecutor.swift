import BattenFiles
import BattenPlugin

/// Copies a file in one step.
final class CopyExecutor: BlockingExecutor {
    typealias Owner = FilePlugin
    typealias Output = JSON

    struct Input: Decodable {
        var from: String
        var to: String
        var mode: String?
        var createParents: Bool?
        var ifExists: String?
        var sha256: String?
        var maxBytes: Int64?

        private enum CodingKeys: String, CodingKey {
            case from, to, mode, sha256
            case createParents = "create_parents"
            case ifExists = "if_exists"
            case maxBytes = "max_bytes"
        }
    }

    static let type = "file.copy"
    static let title = "Copy a file"
    static let summary = "Copies a file of any size; the copy appears under its name only when it is complete."
    static let inputSchema = Schema.object(
        [
            .required("from", FileSchemas.path.titled("From")), .required("to", FileSchemas.path.titled("To")),
            .optional("mode", FileSchemas.mode), .optional("create_parents", FileSchemas.parents),
            .optional("if_exists", FileSchemas.ifExists),
            .optional("sha256", FileSchemas.sha256("The SHA-256 the file must have.")),
            .optional("max_bytes", .integer("The most bytes; no limit unless given.", minimum: 0).titled("Size limit")),
        ], examples: [["from": "draft.pdf", "to": "archive/2026/report.pdf"]])
    static let outputSchema = Schema.object([
        .required("from", .string("Absolute path.").titled("From")),
        .required("path", .string("Absolute path of the copy.").titled("File")),
        .required("bytes", .integer("Size.").titled("Bytes")),
        .required("sha256", .string("SHA-256 in hexadecimal digits.").titled("Checksum")),
        .required("written", .boolean("False if the file was there and kept.").titled("Written")),
    ])
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(readPaths: ["."], writePaths: ["."])

    private let plugin: FilePlugin
    private let config: RootSettings

    init(config: JSON, plugin: FilePlugin) throws {
        self.plugin = plugin
        self.config = try FileConfig.read(config)
    }

    func run(_ input: Input, context: Context) throws -> JSON {
        let roots = try plugin.roots(config, context)
        let from = try roots.place(input.from, field: "from", writing: false)
        let to = try roots.place(input.to, field: "to", writing: true)
        let rule = NewFile.IfExists(rawValue: input.ifExists ?? "replace") ?? .replace
        let wanted = try FileSchemas.checksum(input.sha256)
        let limit = input.maxBytes ?? .max
        guard let (source, status) = try from.openFile() else { throw FileFailure.make("read", from.path, 2) }
        guard status.size <= limit else { throw FileFailure.tooLarge(from.path, limit: limit) }
        if let there = try to.openIfThere(.path), try there.status(to.path).identity == status.identity {
            throw Failure.badInput(field: "to", "'\(to.path)' is the same file as from")
        }
        try Existing.check(to, rule)
        let file = try NewFile(
            to, makesFolders: input.createParents ?? true, mode: try FileSchemas.bits(input.mode) ?? status.mode & 0o777
        )
        let checksum = Checksum()
        var done: Int64 = 0
        var shown: Int64 = 0
        let size = try source.readAll(from.path, limit: limit) { (chunk) throws(Failure) in
            try context.checkStop(effect: .none)
            checksum.add(chunk)
            try file.write(chunk)
            done += Int64(chunk.count)
            if done - shown >= 64 << 20 {
                shown = done
                context.progress(status.size > 0 ? Double(done) / Double(status.size) : nil, "\(done) bytes")
            }
        }
        let sum = checksum.finish()
        if let wanted, wanted != sum {
            throw Failure(
                .failed, code: "file.checksum",
                "'\(from.path)' has SHA-256 \(sum), not the \(wanted) asked for; nothing was written", effect: .none,
                details: ["path": .string(from.path), "sha256": .string(sum)])
        }
        let isWritten = try file.keep(rule)
        return [
            "from": .string(from.path), "path": .string(to.path), "bytes": .integer(size), "sha256": .string(sum),
            "written": .bool(isWritten),
        ]
    }
}
