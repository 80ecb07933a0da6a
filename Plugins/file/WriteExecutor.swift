import BattenFiles
import BattenPlugin

/// The fields that say what is written.
struct ContentFields: Decodable {
    var text: String?
    var base64: String?
    var json: JSON?
    var pretty: Bool?

    private enum Key: String, CodingKey {
        case text, base64, json, pretty
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        text = try fields.decodeIfPresent(String.self, forKey: .text)
        base64 = try fields.decodeIfPresent(String.self, forKey: .base64)
        // `json: null` writes null; a missing field writes nothing.
        if fields.contains(.json) { json = try fields.decode(JSON.self, forKey: .json) }
        pretty = try fields.decodeIfPresent(Bool.self, forKey: .pretty)
    }

    func bytes() throws(Failure) -> [UInt8] {
        switch (text, base64, json) {
        case (let text?, nil, nil): return Array(text.utf8)
        case (nil, let base64?, nil):
            guard let bytes = Base64.decode(base64) else { throw .badInput(field: "base64", "is not base 64") }
            return bytes
        case (nil, nil, let json?):
            return Array(((pretty ?? false) ? PrettyJSON.text(json) : json.text).utf8) + [10]
        default: throw .badInput(field: "text", "exactly one of text, base64 and json must be given")
        }
    }
}

/// JSON over several lines.
enum PrettyJSON {
    static func text(_ json: JSON) -> String {
        var text = ""
        write(json, "\n", &text)
        return text
    }

    private static func write(_ json: JSON, _ line: String, _ text: inout String) {
        let inner = line + "  "
        switch json {
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                text += (index == 0 ? "[" : ",") + inner
                write(element, inner, &text)
            }
            text += line + "]"
        case .object(let members) where !members.isEmpty:
            for (index, member) in members.enumerated() {
                text += (index == 0 ? "{" : ",") + inner + JSON.string(member.name).text + ": "
                write(member.value, inner, &text)
            }
            text += line + "}"
        default: text += json.text
        }
    }
}

/// Writes a file in one step.
final class WriteExecutor: BlockingExecutor {
    typealias Owner = FilePlugin
    typealias Output = JSON

    struct Input: Decodable {
        var content: ContentFields
        var path: String
        var mode: String?
        var createParents: Bool?
        var ifExists: String?
        var sha256: String?

        private enum Key: String, CodingKey {
            case path, mode, sha256
            case createParents = "create_parents"
            case ifExists = "if_exists"
        }

        init(from decoder: any Decoder) throws {
            content = try ContentFields(from: decoder)
            let own = try decoder.container(keyedBy: Key.self)
            path = try own.decode(String.self, forKey: .path)
            mode = try own.decodeIfPresent(String.self, forKey: .mode)
            createParents = try own.decodeIfPresent(Bool.self, forKey: .createParents)
            ifExists = try own.decodeIfPresent(String.self, forKey: .ifExists)
            sha256 = try own.decodeIfPresent(String.self, forKey: .sha256)
        }
    }

    static let type = "file.write"
    static let title = "Write a file"
    static let summary = """
        Writes a file so that others see either the old or the new content, whole, also after a crash. A symbolic link \
        under the name is replaced, not followed.
        """
    static let inputSchema = Schema.object(
        [.required("path", FileSchemas.path)] + FileSchemas.content + [
            .optional("mode", FileSchemas.mode), .optional("create_parents", FileSchemas.parents),
            .optional("if_exists", FileSchemas.ifExists),
            .optional("sha256", FileSchemas.sha256("The SHA-256 the content must have.")),
        ], "Exactly one of text, base64 and json.",
        examples: [["path": "out/report.json", "json": ["done": true]]])
    static let outputSchema = Schema.object([
        .required("path", .string("Absolute path.").titled("File")),
        .required("bytes", .integer("Size of the content.").titled("Bytes")),
        .required("sha256", .string("SHA-256 of the content in hexadecimal digits.").titled("Checksum")),
        .required("written", .boolean("False if the file was there and kept.").titled("Written")),
    ])
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(writePaths: ["."])

    private let plugin: FilePlugin
    private let config: RootSettings

    init(config: JSON, plugin: FilePlugin) throws {
        self.plugin = plugin
        self.config = try FileConfig.read(config)
    }

    func run(_ input: Input, context: Context) throws -> JSON {
        let place = try plugin.roots(config, context).place(input.path, field: "path", writing: true)
        let rule = NewFile.IfExists(rawValue: input.ifExists ?? "replace") ?? .replace
        let mode = try FileSchemas.bits(input.mode)
        let bytes = try input.content.bytes()
        let sum = Checksum.of(bytes)
        if let wanted = try FileSchemas.checksum(input.sha256), wanted != sum {
            throw Failure(
                .failed, code: "file.checksum",
                "the content for '\(place.path)' has SHA-256 \(sum), not the \(wanted) asked for; nothing was written",
                effect: .none, details: ["path": .string(place.path), "sha256": .string(sum)])
        }
        try Existing.check(place, rule)
        let file = try NewFile(place, makesFolders: input.createParents ?? true, mode: mode)
        var problem: Failure?
        bytes.withUnsafeBytes { bytes in
            do throws(Failure) {
                try file.write(bytes)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        try context.checkStop(effect: .none)
        let isWritten = try file.keep(rule)
        return [
            "path": .string(place.path), "bytes": .integer(Int64(bytes.count)), "sha256": .string(sum),
            "written": .bool(isWritten),
        ]
    }
}

/// Looks at what stands where a file will be.
enum Existing {
    /// Refuses what cannot be replaced before anything is done.
    static func check(_ place: Roots.Place, _ rule: NewFile.IfExists) throws(Failure) {
        guard let kind = try place.statusItself()?.kind else { return }
        if kind == .folder { throw FileFailure.notRegular(place.path, kind) }
        if rule == .fail { throw NewFile.exists(place.path) }
    }
}

/// Adds to the end of a file.
final class AppendExecutor: BlockingExecutor {
    typealias Owner = FilePlugin
    typealias Output = JSON

    struct Input: Decodable {
        var content: ContentFields
        var path: String
        var mode: String?
        var createParents: Bool?

        private enum Key: String, CodingKey {
            case path, mode
            case createParents = "create_parents"
        }

        init(from decoder: any Decoder) throws {
            content = try ContentFields(from: decoder)
            let own = try decoder.container(keyedBy: Key.self)
            path = try own.decode(String.self, forKey: .path)
            mode = try own.decodeIfPresent(String.self, forKey: .mode)
            createParents = try own.decodeIfPresent(Bool.self, forKey: .createParents)
        }
    }

    static let type = "file.append"
    static let title = "Append to a file"
    static let summary = """
        Adds to the end of a file, made if it is missing, under a lock that other calls respect. Not repeated by itself \
        when an attempt was lost, because what it added cannot be told from what others did.
        """
    static let inputSchema = Schema.object(
        [.required("path", FileSchemas.path)] + FileSchemas.content + [
            .optional("mode", FileSchemas.mode), .optional("create_parents", FileSchemas.parents),
        ], "Exactly one of text, base64 and json.", examples: [["path": "log.txt", "text": "done\n"]])
    static let outputSchema = Schema.object([
        .required("path", .string("Absolute path.").titled("File")),
        .required("bytes", .integer("How many bytes were added.").titled("Bytes")),
        .required("offset", .integer("Where in the file they begin.").titled("Offset")),
    ])
    static let capabilities = Capabilities(writePaths: ["."])

    private let plugin: FilePlugin
    private let config: RootSettings

    init(config: JSON, plugin: FilePlugin) throws {
        self.plugin = plugin
        self.config = try FileConfig.read(config)
    }

    func run(_ input: Input, context: Context) throws -> JSON {
        let place = try plugin.roots(config, context).place(input.path, field: "path", writing: true)
        let mode = try FileSchemas.bits(input.mode)
        let bytes = try input.content.bytes()
        try context.checkStop(effect: .none)
        let offset = try NewFile.append(bytes, to: place, makesFolders: input.createParents ?? true, mode: mode)
        return ["path": .string(place.path), "bytes": .integer(Int64(bytes.count)), "offset": .integer(offset)]
    }
}
