import BattenSystem
import Glibc
import TestSupport

/// A session in a terminal: how soon it takes lines.
enum ReplFigures {
    /// - Parameter commits: commits a second that SQLite makes here with the durability of sessions.
    static func measure(commits: Double, scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/repl-")
        defer { try? FileSystem.removeTree(folder) }
        func session(_ options: [String] = []) throws -> PseudoTerminal {
            try PseudoTerminal(
                ["\(build)/batten", "repl"] + options,
                environment: [
                    "TERM": "xterm", "HOME": folder, "BATTEN_HOME": folder + "/home", "PATH": "/usr/bin:/bin",
                ],
                folder: folder)
        }
        func shown(_ text: String, _ terminal: PseudoTerminal) throws {
            guard terminal.expect(text) != nil else { throw BenchError("the session did not show '\(text)'") }
        }
        let ready = try EngineFigures.best(of: 10) {
            let begun = MonotonicClock.now()
            let terminal = try session()
            try shown("\n> ", terminal)
            let seconds = Double(MonotonicClock.now() - begun) / 1e9
            terminal.type("\u{4}")
            guard terminal.wait() == 0 else { throw BenchError("the session did not end") }
            return seconds
        }
        Table.show(
            .atMost(60, ready * 1e3, name: "repl: prompt after the start", value: "\(Figure.short(ready * 1e3)) ms"))

        let terminal = try session()
        try shown("\n> ", terminal)
        // The first line opens the engine.
        terminal.type("x = 1\n")
        try shown("completed", terminal)
        try shown("\n> ", terminal)
        let line = try EngineFigures.best(of: 20) {
            let begun = MonotonicClock.now()
            terminal.type("x = 1\n")
            try shown("completed", terminal)
            try shown("\n> ", terminal)
            return Double(MonotonicClock.now() - begun) / 1e9
        }
        let commit = 1 / commits
        Table.show(
            .atMost(
                15, (line - commit) * 1e3, name: "repl: a no-op line from Enter to prompt",
                value: "\(Figure.short(line * 1e3)) ms", limit: "commit \(Figure.short(commit * 1e3)) ms + 15 ms"))

        func complete(_ typed: String, to rest: String, in terminal: PseudoTerminal, _ name: String) throws {
            let tab = try EngineFigures.best(of: 20) {
                // On an empty line everything is drawn; of one that is changed, only what differs.
                terminal.type("\u{3}")
                try shown("\n> ", terminal)
                let begun = MonotonicClock.now()
                terminal.type("\(typed)\t")
                try shown(rest, terminal)
                return Double(MonotonicClock.now() - begun) / 1e9
            }
            Table.show(.atMost(30, tab * 1e3, name: name, value: "\(Figure.short(tab * 1e3)) ms"))
            terminal.close()
        }
        try complete("y = shell.r", to: "un ", in: terminal, "repl: completion of an executor")

        let plugins = folder + "/plugins"
        try FileSystem.makeFolder(plugins)
        try FileSystem.writeAtomically(
            FileSystem.read("\(build)/libfixture-many.so"), to: "\(plugins)/libbatten-plugin-many.so", mode: 0o755)
        let crowded = try session(["--plugin-dir", plugins])
        try shown("\n> ", crowded)
        try complete("y = many.la", to: "st_one ", in: crowded, "repl: completion of one of 200 executors")
    }
}
