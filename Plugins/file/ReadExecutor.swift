import BattenFiles
import BattenPlugin

/// Reads a file, or all files that fit a pattern.
final class ReadExecutor: BlockingExecutor {
    typealias Owner = FilePlugin
    typealias Output = JSON

    /// What the content is given as.
    enum Form: String, Decodable, CaseIterable {
        case text, base64, json, lines, none
    }

    struct Input: Decodable {
        var path: String?
        var glob: String?
        var form: Form?
        var maxBytes: Int64?
        var maxFiles: Int?
        var sha256: String?
        var ifMissing: String?

        private enum CodingKeys: String, CodingKey {
            case path, glob, sha256
            case form = "as"
            case maxBytes = "max_bytes"
            case maxFiles = "max_files"
            case ifMissing = "if_missing"
        }
    }

    static let type = "file.read"
    static let title = "Read files"
    static let summary = "Gives the content of a file, or of all files that fit a pattern, with size and checksum."
    static let inputSchema = Schema.object(
        [
            .optional("path", FileSchemas.path), .optional("glob", FileSchemas.glob),
            .optional(
                "as",
                .choice(
                    "What the content is given as; none gives size and checksum alone.",
                    of: Form.allCases.map(\.rawValue), default: "text"
                ).titled("Form")),
            .optional(
                "max_bytes",
                .integer("The most bytes, of all files together.", minimum: 0, default: .integer(defaultBytes))
                    .titled("Size limit")),
            .optional(
                "max_files",
                .integer("The most files a pattern may find.", minimum: 1, maximum: 100_000, default: 1000)
                    .titled("File limit")),
            .optional("sha256", FileSchemas.sha256("The SHA-256 the file must have; with path.")),
            .optional(
                "if_missing",
                .choice(
                    "What a path without a file gives: a failure, or outputs with exists: false.",
                    of: ["fail", "empty"], default: "fail"
                ).titled("If it is missing")),
        ], "Exactly one of path and glob.",
        examples: [["path": "report.json", "as": "json"], ["glob": "logs/**/*.log", "as": "none"]])
    private static let contents: [Schema.Property] = [
        .optional("sha256", .string("SHA-256 in hexadecimal digits.").titled("Checksum")),
        .optional("text", .string("With as: text.").titled("Text")),
        .optional("base64", .string("With as: base64.").titled("Bytes in base 64")),
        .optional("json", .anything("With as: json.").titled("JSON")),
        .optional("lines", .list(of: .string(), "With as: lines; without line ends.").titled("Lines")),
    ]
    static let outputSchema = Schema.object(
        [
            .required("exists", .boolean("Whether there is a file.").titled("Exists")),
            .optional("path", .string("Absolute path.").titled("File")),
            .required("bytes", .integer("Size, of all files together.").titled("Bytes")),
            .optional("modified_at", Schema.string("When it was last written.").titled("Modified").volatile()),
            .optional("mode", .string("Permission bits in octal digits.").titled("Mode")),
        ] + contents + [
            .optional(
                "files",
                .list(of: .object(FileSchemas.fileProperties + contents), "With glob: each file, by path.")
                    .titled("Files"))
        ])
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(readPaths: ["."])

    private static let defaultBytes: Int64 = 16 << 20
    private let plugin: FilePlugin
    private let config: RootSettings

    init(config: JSON, plugin: FilePlugin) throws {
        self.plugin = plugin
        self.config = try FileConfig.read(config)
    }

    func run(_ input: Input, context: Context) throws -> JSON {
        let roots = try plugin.roots(config, context)
        let wanted = try FileSchemas.checksum(input.sha256)
        var reading = Reading(
            form: input.form ?? .text, left: max(0, input.maxBytes ?? Self.defaultBytes),
            limit: max(0, input.maxBytes ?? Self.defaultBytes), context: context)
        switch (input.path, input.glob) {
        case (let path?, nil):
            let place = try roots.place(path, field: "path", writing: false)
            guard let (file, status) = try place.openFile() else {
                guard input.ifMissing == "empty" else {
                    throw FileFailure.make("read", place.path, 2)
                }
                return ["exists": false, "path": .string(place.path), "bytes": 0]
            }
            var output = try reading.read(file, status, place.path)
            if let wanted, let got = output["sha256"]?.string, got != wanted {
                throw Failure(
                    .failed, code: "file.checksum",
                    "'\(place.path)' has SHA-256 \(got), not the \(wanted) asked for", effect: .none,
                    details: ["path": .string(place.path), "sha256": .string(got)])
            }
            output["exists"] = true
            return .object(output)
        case (nil, let glob?):
            guard wanted == nil else { throw Failure.badInput(field: "sha256", "goes with path, not with glob") }
            let most = max(1, input.maxFiles ?? 1000)
            let found = try Self.find(glob, roots: roots, most: most, context: context)
            var files: [JSON] = []
            for (path, place) in found {
                // A file that was removed since the search is none that could be read.
                guard let (file, status) = try place.openFile() else { continue }
                files.append(.object(try reading.read(file, status, path)))
            }
            return [
                "exists": .bool(!files.isEmpty), "bytes": .integer(reading.limit - reading.left),
                "files": .array(files),
            ]
        default: throw Failure.badInput(field: "path", "exactly one of path and glob must be given")
        }
    }

    private static func find(
        _ glob: String, roots: Roots, most: Int, context: Context
    ) throws(Failure) -> [(String, Roots.Place)] {
        var found: [String: Roots.Place] = [:]
        for scan in try FolderScan.make(glob, field: "glob", roots: roots) {
            scan.finds = { (file) throws(Failure) in
                found[file.place.path] = file.place
                guard found.count <= most else {
                    throw Failure(
                        .failed, code: "file.limit",
                        "more than \(most) files fit '\(glob)'; raise max_files or name a narrower pattern",
                        effect: .none)
                }
            }
            scan.restart()
            while !(try scan.go(on: 1000)) { try context.checkStop(effect: .none) }
        }
        return found.map { ($0.key, $0.value) }.sorted { Array($0.0.utf8).lexicographicallyPrecedes($1.0.utf8) }
    }
}

/// Reads files under one limit.
private struct Reading {
    let form: ReadExecutor.Form
    var left: Int64
    let limit: Int64
    let context: Context

    mutating func read(
        _ file: FileHandle, _ status: FileHandle.Status, _ path: String
    ) throws(Failure) -> JSONObject {
        guard status.size <= left else { throw FileFailure.tooLarge(path, limit: limit) }
        let checksum = Checksum()
        var bytes: [UInt8] = []
        let keeps = form != .none
        let context = context
        let size = try file.readAll(path, limit: left) { (chunk) throws(Failure) in
            try context.checkStop(effect: .none)
            checksum.add(chunk)
            if keeps { bytes.append(contentsOf: chunk) }
        }
        left -= size
        var status = status
        status.size = size
        var output = FileSchemas.facts(path, status)
        output["sha256"] = .string(checksum.finish())
        switch form {
        case .none: break
        case .base64: output["base64"] = .string(Base64.encode(bytes))
        case .text: output["text"] = .string(try text(bytes, path))
        case .lines:
            // By bytes: to Swift a carriage return with its line feed is one character.
            var lines = try text(bytes, path).utf8.split(separator: 10, omittingEmptySubsequences: false).map { line in
                JSON.string(String(line.last == 13 ? line.dropLast() : line) ?? "")
            }
            if lines.last == .string("") { lines.removeLast() }
            output["lines"] = .array(lines)
        case .json:
            do throws(JSONError) {
                output["json"] = try JSON(parsing: bytes)
            } catch {
                throw Failure(
                    .failed, code: "file.json", "'\(path)' is not JSON: \(error)", effect: .none,
                    details: ["path": .string(path), "offset": .integer(Int64(error.offset))])
            }
        }
        return output
    }

    private func text(_ bytes: [UInt8], _ path: String) throws(Failure) -> String {
        // A byte order mark is no part of the text.
        let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Failure(
                .failed, code: "file.encoding", "'\(path)' is not UTF-8 text; read it with as: base64", effect: .none,
                details: ["path": .string(path)])
        }
        return text
    }
}

/// The configuration of an instance.
enum FileConfig {
    static func read(_ config: JSON) throws -> RootSettings {
        try (config.isNull ? [:] : config).decode(RootSettings.self)
    }
}
