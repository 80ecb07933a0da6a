import BattenSystem
import TestSupport
import Testing

/// Sessions in a terminal: typing, completion, history, Ctrl-C, resizes, output while typing, and a terminal that is closed.
@Suite struct ReplTests {
    /// A session in a terminal with a home of its own.
    private final class Session {
        let folder: String
        let terminal: PseudoTerminal

        init(_ words: [String] = [], folder: String? = nil, columns: Int = 80) throws {
            let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
            let path = try folder ?? FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-repl-")
            self.folder = path
            terminal = try PseudoTerminal(
                [program, "repl"] + words,
                environment: [
                    "TERM": "xterm", "HOME": path, "BATTEN_HOME": "\(path)/home", "NO_COLOR": "1",
                    "PATH": ProcessEnvironment.variable("PATH") ?? "/usr/bin:/bin",
                ], folder: path, columns: columns)
        }

        deinit { try? FileSystem.removeTree(folder) }

        /// Types a line and waits for what it shows, and for the prompt behind that.
        func line(_ text: String, shows expected: String, _ place: SourceLocation = #_sourceLocation) {
            terminal.type(text + "\n")
            expect(expected, place)
            expect("\n> ", place)
        }

        func expect(_ text: String, _ place: SourceLocation = #_sourceLocation) {
            #expect(terminal.expect(text) != nil, "no '\(text)' in: \(terminal.rest)", sourceLocation: place)
        }

        /// Ends the session with Ctrl-D.
        func end(_ place: SourceLocation = #_sourceLocation) {
            terminal.type("\u{4}")
            #expect(terminal.wait() == 0, "\(terminal.rest)", sourceLocation: place)
        }
    }

    @Test func linesAreTypedEditedAndCompleted() throws {
        let session = try Session()
        session.expect("> ")
        session.line("1 + 1", shows: "\n2")
        // Ctrl-A goes to the beginning, Ctrl-E to the end, backspace takes back.
        session.line("22\u{1}1 + \u{5}0\u{7F}1", shows: "\n222")
        session.terminal.type("out = shell.r\t")
        session.expect("un ")
        session.terminal.type("scri\t")
        session.expect("pt=")
        session.line("\"echo hi\"", shows: "\"stdout\":\"hi\"")
        session.terminal.type("out.std\t\t")
        // Both outputs fit: they are listed with their types, and the line is there again.
        session.expect("out.stdout  string")
        session.expect("> out.std")
        session.line("o\t", shows: "\nhi")
        session.line(":ty\t 1.5", shows: "number")
        session.terminal.type("not\u{15}")
        session.line("[1,\n2\n]", shows: "[1,2]")
        session.end()
    }

    @Test func historyOutlivesSessions() throws {
        let first = try Session()
        first.expect("> ")
        first.line("40 + 2", shows: "\n42")
        first.terminal.type("length(\n  'one\n two' +\n 'x')\n")
        first.expect("\n9")
        first.expect("\n> ")
        first.line(" 1 + 6", shows: "\n7")
        first.end()
        let second = try Session(folder: first.folder)
        second.expect("> ")
        // A line that begins with a space was not kept; several lines come back as one, with the break in the text.
        second.line("\u{1B}[A\u{1B}[A", shows: "\n42")
        second.line("\u{1B}[A\u{1B}[A", shows: "\n9")
        second.line("\u{1B}[A\u{1B}[A", shows: "\n42")
        second.line(":set edit vi", shows: "edit vi")
        // In vi's command mode 0 goes to the beginning, and x takes a character away.
        second.line("140 + 3\u{1B}0x", shows: "\n43")
        second.line("\u{1B}k", shows: "\n43")
        second.end()
    }

    @Test func interruptsCancelWhatRunsAlone() throws {
        let session = try Session()
        session.expect("> ")
        session.terminal.type("this is dropped\u{3}")
        session.expect("^C")
        session.expect("> ")
        session.terminal.type("(1 +\n\u{3}")
        session.expect("^C")
        session.line("2 + 2", shows: "\n4")
        session.terminal.type("slow = shell.run script=\"echo ready; sleep 60\"\n")
        session.expect("slow | ready")
        session.terminal.type("\u{3}")
        session.expect("slow cancelled")
        session.expect("> ")
        session.terminal.type("stubborn = shell.run script=\"trap '' INT TERM; echo ready; sleep 60; sleep 60\"\n")
        session.expect("stubborn | ready")
        session.terminal.type("\u{3}")
        session.expect("stopping")
        session.terminal.type("\u{3}")
        session.expect("stubborn cancelled")
        session.expect("> ")
        session.line("3 + 3", shows: "\n6")
        session.end()
    }

    @Test func outputInTheBackgroundKeepsTheLine() throws {
        let session = try Session()
        session.expect("> ")
        // One pipe a word: a reader that opens the same one again may still find the writer before, and read its end.
        _ = try Command.run(["mkfifo", "\(session.folder)/one", "\(session.folder)/two"])
        session.terminal.type("job = shell.run script=\"read line < one; echo one; read line < two; echo two\" &\n")
        session.expect("job runs in the background")
        session.expect("> ")
        session.terminal.type("1 + 4")
        session.expect("1 + 4")
        for word in ["one", "two"] {
            _ = try Command.run(["sh", "-c", "echo go > '\(session.folder)/\(word)'"])
            session.expect("job | \(word)")
            // The line that was being typed is drawn again below.
            session.expect("> 1 + 4")
        }
        session.expect("job completed")
        session.line("1", shows: "\n42")
        session.line("job.stdout", shows: "\none")
        session.end()
    }

    @Test func narrowAndResizedTerminalsStayInOrder() throws {
        let session = try Session(columns: 20)
        session.expect("> ")
        session.line("\"a text that is longer than the window is wide\"", shows: "wide")
        session.line("[{name: \"first\", more: \"a longer text\"}, {name: \"second\", more: \"x\"}]", shows: "second")
        session.terminal.type("1 + 2 + 3 + 4 + 5 + 6")
        session.expect("6")
        session.terminal.resize(columns: 60)
        session.line(" + 7", shows: "\n28")
        session.end()
    }

    @Test func hostileInputGetsAMessageAndThePrompt() throws {
        let session = try Session()
        session.expect("> ")
        session.terminal.type(bytes: [0xFF, 0xFE, 0xC3, 0x41, 0xF0, 0x9F] + Array("x\n".utf8))
        session.expect("error[")
        session.expect("\n> ")
        session.line(
            "big = shell.run script=\"head -c 10485760 /dev/zero | tr '\\\\0' a\" @timeout=60s", shows: "big completed")
        session.line("length(big.stdout)", shows: "\n10485760")
        session.line("big.stdout", shows: "cut after")
        session.line(
            "crash = ffi.call library=libc.so.6 signature=\"int raise(int)\" arguments=[11]", shows: "crash failed")
        session.line("1 + 1", shows: "\n2")
        session.terminal.type("(1 +\n\u{4}")
        session.expect("is not closed before the end of the input")
        #expect(session.terminal.wait() == 0)
    }

    /// Makes the plugin `hello` in the session's folder.
    private func buildPlugin(_ greeting: String, seconds: Int, at path: String) throws {
        let template = String(decoding: try FileSystem.read("\(SourceTree.root)/sdk/c/template.c"), as: UTF8.self)
        let source = template.replacing(#"\"hello\"}"#, with: #"\"\#(greeting)\"}"#)
            .replacing("    outcome.struct_size", with: "    sleep(\(seconds));\n    outcome.struct_size")
        try FileSystem.writeAtomically(Array("#include <unistd.h>\n\(source)".utf8), to: path + ".c")
        let result = try Command.run([
            "gcc", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,nodelete", "-I\(SourceTree.root)/sdk/c/include",
            "-o", path, path + ".c",
        ])
        try #require(result.status == 0, "\(result.output)")
    }

    @Test func aPluginThatWasRebuiltIsTakenForTheNextLine() throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-repl-")
        try FileSystem.makeFolder("\(folder)/plugins", mode: 0o700)
        let library = "\(folder)/plugins/libbatten-plugin-hello.so"
        try buildPlugin("old", seconds: 8, at: library)
        let session = try Session(["--plugin-dir", "\(folder)/plugins"], folder: folder)
        session.expect("> ")
        session.terminal.type("slow = hello.greet &\n")
        session.expect("slow | about to greet")
        try buildPlugin("new", seconds: 0, at: "\(folder)/next.so")
        _ = try Command.run(["mv", "\(folder)/next.so", library])
        session.line(":reload hello", shows: "hello 1.0.0: the next calls are made with \(library)")
        // The call that was begun ends where it was begun, with the file that was there then.
        session.line("next = hello.greet", shows: #"{"greeting":"new"}"#)
        session.line(":wait slow", shows: "\n")
        session.line("[slow.greeting, next.greeting]", shows: #"["old","new"]"#)
        session.line(":reload nothing", shows: "there is no plugin 'nothing'")
        session.end()
    }

    @Test func aClosedTerminalEndsTheSessionInOrder() throws {
        let session = try Session(["--session", "closed"])
        session.expect("> ")
        session.line("x = 1", shows: "x completed")
        session.terminal.type("slow = shell.run script=\"echo ready; sleep 60\"\n")
        session.expect("slow | ready")
        session.terminal.close()
        #expect(session.terminal.wait() != nil, "the session goes on without a terminal")
        let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        let check = try Command.run([program, "--home", "\(session.folder)/home", "db", "check"])
        #expect(check.status == 0, "\(check.output)")
        let again = try Session(["--resume"], folder: session.folder)
        again.expect("session closed: 2 lines")
        again.expect("> ")
        again.line("x + 1", shows: "\n2")
        again.end()
    }
}
