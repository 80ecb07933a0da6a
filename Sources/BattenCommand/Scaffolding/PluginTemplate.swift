import BattenSystem

/// A template of a plugin: files in which `@ID@`, `@TYPE@` and `@NAME@` stand for the plugin's own, and what goes beside
/// them.
///
/// The folder `<language>/template/<style>` of the SDKs holds the files; `<language>/template/vendor` lists, a line each,
/// what of the SDKs is copied along and where to.
struct PluginTemplate {
    /// What can be chosen.
    static let languages = ["c", "cpp", "swift", "rust", "python"]
    /// What builds and tries a new plugin, in every language.
    static let commands = "make && make test"
    static let styles = ["blocking", "async"]

    let sdk: String
    let language: String
    let style: String

    /// Finds a template.
    init(sdk: String, language: String, style: String) throws(CommandFailure) {
        self.sdk = sdk
        self.language = language
        self.style = style
        guard FileSystem.exists(folder) else {
            throw CommandFailure(
                "no_template", "there is no template for a plugin in \(language) of the style \(style)",
                help: "\(PathText.join(sdk, language)) has none; choose another with --lang or --style", exit: .usage)
        }
    }

    private var folder: String { PathText.join(sdk, "\(language)/template/\(style)") }

    /// Makes a folder with a new plugin; it is there as a whole or not at all.
    ///
    /// - Parameters:
    ///   - change: gives what is written in place of a file of the template; nil leaves the file out.
    ///   - more: further files.
    func expand(
        into target: String, id: String, name: String,
        change: (_ path: String, _ text: String) -> String? = { $1 }, more: [(path: String, text: String)] = []
    ) throws(CommandFailure) {
        guard !FileSystem.exists(target) else {
            throw .usage(
                "file_exists", "'\(target)' is there already; it was left as it is",
                help: "choose another folder with --output, or remove it")
        }
        do throws(SystemError) {
            let parent = FileSystem.parent(of: target) ?? "/"
            try FileSystem.makeFolder(parent)
            let scratch = try FileSystem.makeTemporaryFolder(prefix: PathText.join(parent, ".batten-new-"))
            do throws(SystemError) {
                try FileSystem.setMode(scratch, 0o755)
                try copy(folder, to: scratch, isText: true) { path, text in
                    change(fill(path, id, name), fill(text, id, name))
                } naming: {
                    fill($0, id, name)
                }
                try copyVendored(to: scratch)
                for file in more { try write(Array(file.text.utf8), to: PathText.join(scratch, file.path)) }
                try FileSystem.rename(scratch, to: target)
            } catch {
                try? FileSystem.removeTree(scratch)
                throw error
            }
        } catch {
            throw .usage("unwritable_file", error.description, help: "choose another place with --output")
        }
    }

    private func fill(_ text: String, _ id: String, _ name: String) -> String {
        text.replacing("@ID@", with: id).replacing("@TYPE@", with: Self.typeName(of: id)).replacing(
            "@NAME@", with: name)
    }

    /// An id in camel case: `word_count` becomes `WordCount`.
    static func typeName(of id: String) -> String {
        id.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// Copies what the list of the SDKs names.
    private func copyVendored(to target: String) throws(SystemError) {
        let list = String(
            decoding: try FileSystem.read(PathText.join(sdk, "\(language)/template/vendor")), as: UTF8.self)
        for line in list.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 2, !line.hasPrefix("#") else { continue }
            let (source, place) = (PathText.join(sdk, String(parts[0])), PathText.join(target, String(parts[1])))
            if try FileSystem.status(source)?.kind == .folder {
                try FileSystem.makeFolder(place)
                try copy(source, to: place)
            } else {
                try FileSystem.makeFolder(FileSystem.parent(of: place) ?? "/")
                try write(try FileSystem.read(source), to: place)
            }
        }
    }

    /// Copies a folder's files and folders, with changed texts and names where that is wanted.
    private func copy(
        _ source: String, to target: String, below: String = "",
        isText: Bool = false,
        changing: (_ path: String, _ text: String) -> String? = { $1 }, naming: (String) -> String = { $0 }
    ) throws(SystemError) {
        for name in try FileSystem.list(source) {
            let (from, to) = (PathText.join(source, name), PathText.join(target, naming(name)))
            let path = below.isEmpty ? name : "\(below)/\(name)"
            guard try FileSystem.status(from)?.kind != .folder else {
                try FileSystem.makeFolder(to)
                try copy(from, to: to, below: path, isText: isText, changing: changing, naming: naming)
                continue
            }
            let bytes = try FileSystem.read(from)
            guard isText else {
                try write(bytes, to: to)
                continue
            }
            if let text = changing(path, String(decoding: bytes, as: UTF8.self)) { try write(Array(text.utf8), to: to) }
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        try FileSystem.open(path, .overwrite, mode: 0o666).write(bytes)
    }
}
