import BattenSystem
import TestSupport
import Testing

/// One case: a folder with `command` (a shell script that calls `batten`), its files, and `stdout`, `stderr`, `exit`.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// What came out, with everything that differs from run to run replaced.
    struct Outcome: Sendable, Equatable {
        var output: String
        var errors: String
        var exit: String
    }

    /// The folder's name.
    let name: String

    var testDescription: String { name }

    /// All cases, in the order of their names.
    static let all: [ConformanceCase] = {
        let names = (try? FileSystem.list(folder)) ?? []
        return names.filter { FileSystem.exists("\(folder)/\($0)/command") }.map(ConformanceCase.init)
    }()

    private static let folder = (FileSystem.parent(of: #filePath) ?? ".") + "/Cases"
    private static let results: Set<String> = ["command", "stdout", "stderr", "exit"]

    private var path: String { "\(Self.folder)/\(name)" }

    /// Runs the command in a folder of its own, with a home of its own.
    func perform() throws -> Outcome {
        let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        #expect(FileSystem.exists(program), "build the product 'batten' first")
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-case-")
        defer { _ = try? Command.run(["sh", "-c", "chmod -R u+w '\(scratch)'; rm -rf '\(scratch)'"]) }
        let work = "\(scratch)/work"
        try FileSystem.makeFolder(work)
        for file in try FileSystem.list(path) where !Self.results.contains(file) {
            let bytes = try FileSystem.read("\(path)/\(file)")
            try FileSystem.open("\(work)/\(file)", .create, mode: 0o644).write(bytes)
        }
        let script = """
            cd '\(work)' && env -i PATH="$PATH" HOME='\(scratch)' BATTEN_HOME='\(scratch)/home' COLUMNS=80 \
            BATTEN='\(program)' sh -c 'batten() { "$BATTEN" "$@"; }; . "$0"' '\(path)/command' \
            > '\(scratch)/out' 2> '\(scratch)/err' < /dev/null
            """
        let result = try Command.run(["sh", "-c", script])
        let normalise = Normaliser(scratch: scratch, program: program)
        return Outcome(
            output: normalise.text(try FileSystem.read("\(scratch)/out")),
            errors: normalise.text(try FileSystem.read("\(scratch)/err")), exit: "\(result.status)\n")
    }

    /// What must come out; a missing file stands for nothing.
    func expected() throws -> Outcome {
        func read(_ file: String) throws -> String {
            guard FileSystem.exists("\(path)/\(file)") else { return "" }
            return String(decoding: try FileSystem.read("\(path)/\(file)"), as: UTF8.self)
        }
        return Outcome(
            output: try read("stdout"), errors: try read("stderr"),
            exit: FileSystem.exists("\(path)/exit") ? try read("exit") : "0\n")
    }

    /// Writes what came out as what must come out.
    func record(_ outcome: Outcome) throws {
        for (file, text) in [("stdout", outcome.output), ("stderr", outcome.errors)] {
            if text.isEmpty {
                try FileSystem.remove("\(path)/\(file)")
            } else {
                try FileSystem.open("\(path)/\(file)", .overwrite, mode: 0o644).write(Array(text.utf8))
            }
        }
        try FileSystem.remove("\(path)/exit")
        if outcome.exit != "0\n" {
            try FileSystem.open("\(path)/exit", .overwrite, mode: 0o644).write(Array(outcome.exit.utf8))
        }
    }
}
