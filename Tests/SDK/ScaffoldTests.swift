import BattenSystem
import TestSupport
import Testing

/// What a new plugin begins with: it stands alone, builds, passes its own test, and works in the real host.
@Suite struct ScaffoldTests {
    struct Scaffold: Sendable, CustomTestStringConvertible {
        let language: Language
        let style: String

        var testDescription: String { "\(language.name) \(style)" }
    }

    static let scaffolds = Language.all.flatMap { language in
        ["blocking", "async"].map { Scaffold(language: language, style: $0) }
    }

    @Test(arguments: scaffolds) func aNewPluginBuildsAndWorks(_ scaffold: Scaffold) throws {
        try scaffold.language.requireTools()
        let shop = try Workshop()
        let folder = "\(shop.folder)/word_count"
        try Self.expand(scaffold, id: "word_count", type: "WordCount", name: "Word count", into: folder)
        let source = try #require(
            scaffold.language.sources.map { "\(folder)/\($0)" }.first(where: FileSystem.exists), "no source file")
        let lines = String(decoding: try FileSystem.read(source), as: UTF8.self).split(separator: "\n")
        #expect(lines.count < 60, "\(source) has \(lines.count) lines")
        try scaffold.language.make(folder)
        try scaffold.language.make(folder, ["test"])
        let call =
            scaffold.style == "async"
            ? ["word_count.wait", "--with", "ms=5"] : ["word_count.greet", "--with", "name=Ada"]
        for flags in [["--in-process-plugins"], []] {
            let result = try shop.exec(call, plugins: "\(folder)/build", flags: flags)
            #expect(result.status == 0, "\(flags): \(result.output)")
            #expect(result.output.contains(scaffold.style == "async" ? "waited: true" : "greeting: Hello, Ada"))
        }
        if FileSystem.exists("\(folder)/CMakeLists.txt") {
            let build = "cmake -B build-cmake && cmake --build build-cmake && ctest --test-dir build-cmake"
            let made = try Command.run(["sh", "-c", "cd '\(folder)' && \(build)"])
            #expect(made.status == 0 && made.output.contains("100% tests passed"), "\(made.output)")
            #expect(FileSystem.exists("\(folder)/build-cmake/libbatten-plugin-word_count.so"))
        }
        try scaffold.language.make(folder, ["clean"])
        #expect(!FileSystem.exists("\(folder)/build"))
    }

    /// Does what `sdk/TEMPLATES.md` says.
    static func expand(_ scaffold: Scaffold, id: String, type: String, name: String, into folder: String) throws {
        let sdk = "\(SourceTree.root)/sdk"
        let template = "sdk/\(scaffold.language.name)/template"
        func replaced(_ text: String) -> String {
            [("@ID@", id), ("@TYPE@", type), ("@NAME@", name)].reduce(text) { text, word in
                text.split(separator: word.0, omittingEmptySubsequences: false).joined(separator: word.1)
            }
        }
        let all = try Command.run(["find", "\(SourceTree.root)/\(template)/\(scaffold.style)", "-type", "f"])
        let files = all.output.split(separator: "\n").map { String($0) }
        try #require(!files.isEmpty, "\(all.output)")
        for file in files {
            let relative = replaced(String(file.dropFirst("\(SourceTree.root)/\(template)/\(scaffold.style)/".count)))
            let target = "\(folder)/\(relative)"
            _ = try Command.run(["mkdir", "-p", FileSystem.parent(of: target) ?? folder])
            let text = replaced(String(decoding: try FileSystem.read(file), as: UTF8.self))
            #expect(!text.contains("@ID@") && !text.contains("@NAME@"))
            try FileSystem.writeAtomically(Array(text.utf8), to: target)
        }
        for line in SourceTree.lines(of: "\(template)/vendor") where !line.isEmpty {
            let words = line.split(separator: " ").map { String($0) }
            try #require(words.count == 2, "\(template)/vendor: \(line)")
            let bin = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."
            let source = words[0].hasPrefix("bin:") ? "\(bin)/\(words[0].dropFirst(4))" : "\(sdk)/\(words[0])"
            let target = "\(folder)/\(words[1])"
            _ = try Command.run(["mkdir", "-p", FileSystem.parent(of: target) ?? folder])
            let copied = try Command.run(["cp", "-r", source, target])
            try #require(copied.status == 0, "\(copied.output)")
            for built in ["\(target)/.build", "\(target)/target"] where FileSystem.exists(built) {
                try FileSystem.removeTree(built)
            }
        }
    }
}
