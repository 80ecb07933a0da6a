import BattenSystem
import TestSupport
import Testing

/// Every example of the folder is checked and run for real, one after the other: they share a port of their own.
@Suite(.serialized) struct ExampleTests {
    /// What each prints: options, and the beginning of each line of its outputs.
    private static let expected: [(file: String, options: String, outputs: [String])] = [
        (
            "feed-brief.yaml", "",
            [
                "brief: In short: Oslo will be coldest on Tue: 1 degrees and rain.",
                #"coldest: {"day":"Tue","low":1,"high":4,"sky":"rain"}"#,
            ]
        ),
        ("build.yaml", "-p greeting=good-day", ["said: good-day", "bytes: 1"]),
        ("agents.yaml", "-p topic=tides", ["line: In short: "]),
        (
            "ffi.yaml", "",
            [
                "crc: 164274591", "packed: 789ccb48cdc9c9d751c840a200442806d5", #"parts: {"quot":4,"rem":3}"#,
                "counted: 3",
            ]
        ),
        ("booking.yaml", "", ["ticket: T-1"]),
        ("flaky.yaml", "-p failures=1", ["request: 2"]),
        (
            "measures.yaml", "",
            ["letters: [4,7,5,10]", "longest: 10", "pairs: 0. small red, 1. large red, 2. large blue"]
        ),
        (
            "orders.yaml", "-p currency=NOK",
            ["total: 42.5", "letter: lamp: 30, cup & saucer: 12.5, together 42.5 NOK", "file: true"]
        ),
        (
            "release.yaml", "-p patience=50ms -p unasked=approve --wait-gates", ["window: day", "paid: not yet"]
        ),
        ("packing.yaml", "-p city=Bodø", ["list: In short: "]),
        ("regions.yaml", "-p share=0.5", ["north: 100", "total: 120"]),
        ("report.json", "-p limit=48", ["total: 49", "verdict: over the limit by 1"]),
    ]

    private func shell(_ line: String, home: String) throws -> (status: Int32, lines: [Substring]) {
        let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        let script = """
            cd '\(SourceTree.root)'; export HOME='\(home)' BATTEN_HOME='\(home)/state' BATTEN='\(program)'
            \(line)
            """
        let result = try Command.run(["timeout", "-k", "5", "120", "bash", "-c", script])
        return (result.status, result.output.split(separator: "\n"))
    }

    @Test func eachRuns() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-examples-")
        defer { try? FileSystem.removeTree(home) }
        let files = SourceTree.files(under: "examples", ending: "").filter {
            $0.split(separator: "/").count == 2 && !$0.hasSuffix("/batten.yaml") && !$0.hasSuffix(".test.yaml")
                && !$0.hasSuffix(".btn")
        }
        let known = Self.expected.map(\.file) + ["budget.yaml"]
        #expect(files == known.map { "examples/\($0)" }.sorted(), "an example is missing here")
        for example in Self.expected {
            let path = "examples/\(example.file)"
            let checked = try shell(#""$BATTEN" validate \#(path)"#, home: home)
            #expect(checked.status == 0 && checked.lines.count == 1, "\(checked.lines)")
            let around =
                ["agents.yaml", "packing.yaml"].contains(example.file)
                ? ("python3 examples/local/services.py start > /dev/null;", "python3 examples/local/services.py stop")
                : ("", "true")
            let run = try shell(
                #"\#(around.0) "$BATTEN" run \#(path) \#(example.options) --quiet; code=$?; "#
                    + "\(around.1) > /dev/null; exit $code", home: home)
            #expect(run.status == 0, "\(path): \(run.lines)")
            #expect(
                run.lines.count == example.outputs.count
                    && zip(run.lines, example.outputs).allSatisfy { $0.hasPrefix($1) },
                "\(path) printed \(run.lines)")
        }
    }

    /// Fifty stages at once stop at the limit, which is when what is left is less than the bound of one more call.
    @Test func theBudgetIsKept() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-examples-")
        defer { try? FileSystem.removeTree(home) }
        let run = try shell(
            "python3 examples/local/services.py start > /dev/null; "
                + #""$BATTEN" run examples/budget.yaml --quiet > /dev/null 2>&1; code=$?; "#
                + "python3 examples/local/services.py stop > /dev/null; "
                + #""$BATTEN" query "SELECT sum(amount) FROM usage WHERE metric LIKE '%_tokens'" --format json | tr -dc 0-9; echo; "#
                + #""$BATTEN" query "SELECT count(*) FROM reservations" --format json | tr -dc 0-9; echo; "#
                + #""$BATTEN" db check > /dev/null; echo "sound: $?"; exit $code"#, home: home)
        #expect(run.status == 6, "\(run.lines)")
        let used = run.lines.first.flatMap { Int($0) } ?? 0
        #expect(used <= 400 && used > 250, "\(run.lines)")
        #expect(run.lines.dropFirst() == ["0", "sound: 0"], "\(run.lines)")
    }

    @Test func theConversationGoesOn() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-examples-")
        defer { try? FileSystem.removeTree(home) }
        let run = try shell(#""$BATTEN" repl examples/chat.btn 2> /dev/null"#, home: home)
        #expect(run.status == 0, "\(run.lines)")
        #expect(run.lines.contains("In short: On Tue it will be 1 degrees. What shall I wear?"), "\(run.lines)")
        #expect(run.lines.contains("7"), "the conversation has another length: \(run.lines)")
    }

    /// The tour of docs/repl.md, typed into a terminal, shows what the document says.
    @Test func theTourIsTrue() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-examples-")
        defer { try? FileSystem.removeTree(home) }
        let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        let document = SourceTree.lines(of: "docs/repl.md").map(String.init)
        let first = try #require(document.firstIndex { $0.hasPrefix("$ batten repl ") })
        let end = try #require(document[first...].firstIndex(of: "```"))
        _ = try Command.run(["ln", "-s", "\(SourceTree.root)/examples", "\(home)/examples"])
        let words = document[first].split(separator: " ").dropFirst(3).map(String.init)
        let terminal = try PseudoTerminal(
            [program, "repl", "--session", "tour"] + words,
            environment: [
                "TERM": "xterm", "HOME": home, "BATTEN_HOME": "\(home)/state", "NO_COLOR": "1",
                "PATH": ProcessEnvironment.variable("PATH") ?? "/usr/bin:/bin",
            ], folder: home, columns: 200)
        #expect(terminal.expect("\n> ") != nil)
        var shown = [document[first]]
        for line in document[first..<end] where line.hasPrefix("> ") {
            shown.append(line)
            terminal.type("\(line.dropFirst(2))\n")
            if line == "> :quit" { break }
            let answer = try #require(terminal.expect("\n> ", within: .seconds(60)), "\(line): \(terminal.rest)")
            let text = Normaliser(scratch: home, program: program).text(answer.utf8.filter { $0 != 0x0D })
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            // The first line is what was typed, the last one the prompt.
            shown += lines.dropFirst().dropLast().map { Self.plain(String($0)) }
        }
        #expect(terminal.wait() == 0, "\(terminal.rest)")
        if ConformanceTests.updating {
            let all = document[..<first] + shown + document[end...]
            try FileSystem.writeAtomically(
                Array((all.joined(separator: "\n") + "\n").utf8), to: "\(SourceTree.root)/docs/repl.md", mode: 0o644)
        } else {
            #expect(Array(document[first..<end]) == shown)
        }
        let saved = try shell(
            "cd '\(home)'; python3 examples/local/services.py start > /dev/null; "
                + #""$BATTEN" run --config examples/batten.yaml -q brief.yaml; code=$?; "#
                + "python3 examples/local/services.py stop > /dev/null; exit $code", home: home)
        #expect(saved.status == 0, "\(saved.lines)")
    }

    /// A line without what only a terminal sees, cut off before headers, which differ from server to server.
    private static func plain(_ line: String) -> String {
        let text = String(line.replacing(#/\u{1B}\[[0-9;]*[A-Za-z]/#, with: ""))
        guard let headers = text.firstRange(of: "\"headers\":") else { return text }
        return String(text[..<headers.lowerBound]) + "…"
    }

    @Test func theirCasesHold() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-examples-")
        defer { try? FileSystem.removeTree(home) }
        let files = SourceTree.files(under: "examples", ending: ".test.yaml")
        #expect(!files.isEmpty)
        for file in files {
            let run = try shell(#""$BATTEN" test \#(file)"#, home: home)
            #expect(run.status == 0, "\(file): \(run.lines)")
        }
    }

    @Test func theReadmesCommandWorks() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-examples-")
        defer { try? FileSystem.removeTree(home) }
        let command = try #require(SourceTree.lines(of: "README.md").first { $0.hasPrefix("scripts/batten run ") })
        let run = try shell(#""$BATTEN" \#(command.dropFirst("scripts/batten ".count))"#, home: home)
        #expect(run.status == 0, "\(run.lines)")
        #expect(run.lines.contains { $0.contains("feed-brief completed in ") }, "\(run.lines)")
    }
}
