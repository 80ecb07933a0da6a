import BattenSystem
import TestSupport
import Testing

/// A language with an SDK under `sdk/`.
struct Language: Sendable, CustomTestStringConvertible {
    /// The folder's name.
    let name: String
    /// Programs without which it cannot be tried.
    let needs: [String]
    /// Where the author's code of a new plugin is.
    let sources: [String]
    /// Whether each plugin needs a process of its own.
    var wantsOwnProcess = false

    var testDescription: String { name }

    static let all = [
        Language(name: "c", needs: ["cc", "make", "cmake"], sources: ["word_count.c"]),
        Language(name: "cpp", needs: ["c++", "cc", "make", "cmake"], sources: ["word_count.cpp"]),
        Language(name: "rust", needs: ["cargo", "cc", "make"], sources: ["src/lib.rs"]),
        Language(
            name: "swift", needs: ["swift", "cc", "make"],
            sources: ["Sources/PluginWordCount/WordCountPlugin.swift"]),
        python,
    ]

    /// Its interpreter is the system's, and one a process.
    static let python = Language(
        name: "python", needs: ["/usr/bin/python3-config", "cc", "make"], sources: ["word_count.py"],
        wantsOwnProcess: true)

    /// Ends the test if a program is missing, and says which.
    func requireTools() throws {
        for tool in needs {
            guard try Command.run(["sh", "-c", "command -v \(tool)"]).status == 0 else {
                print("sdk/\(name): not tried, because there is no \(tool)")
                try Test.cancel("there is no \(tool)")
            }
        }
    }

    /// Runs `make` in a folder; the test fails with its output if it does.
    func make(_ folder: String, _ arguments: [String] = []) throws {
        let result = try Command.run(["make", "-C", folder] + arguments)
        try #require(result.status == 0, "make \(arguments) in \(folder):\n\(result.output)")
    }
}

/// A folder for one test, and the real program with a home in it.
final class Workshop {
    /// The folder.
    let folder: String
    private let program: String

    init() throws {
        folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-sdk-")
        program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        try #require(FileSystem.exists(program), "build the product 'batten' first")
    }

    deinit {
        try? FileSystem.removeTree(folder)
    }

    /// Builds a program of `Sources` with the fake host.
    func program(_ name: String, _ flags: [String] = []) throws -> String {
        let root = SourceTree.root
        let sources = try FileSystem.list("\(root)/sdk/c/testing").filter { $0.hasSuffix(".c") }
        let build = try Command.run(
            ["cc", "-std=gnu99", "-Wall", "-Wextra", "-Werror", "-g"] + flags
                + ["-I\(root)/sdk/c/include", "-I\(root)/sdk/c/testing", "-o", "\(folder)/\(name)"]
                + ["\(root)/Tests/SDK/Sources/\(name).c"] + sources.map { "\(root)/sdk/c/testing/\($0)" }
                + ["-lpthread", "-ldl"])
        try #require(build.status == 0, "\(build.output)")
        return "\(folder)/\(name)"
    }

    /// Runs `batten exec` with the plugins of a folder.
    func exec(_ arguments: [String], plugins: String, flags: [String]) throws -> Command.Result {
        try batten(["--plugin-dir", plugins] + flags + ["exec"] + arguments)
    }

    /// Runs `batten` with a home of its own.
    func batten(_ arguments: [String]) throws -> Command.Result {
        try Command.run(
            ["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=\(folder)", "BATTEN_HOME=\(folder)/home", program]
                + arguments)
    }
}
