import BattenSystem
import TestSupport
import Testing

/// What is Python's own: exceptions, hints, the event loop, the lock, and the build.
@Suite struct PythonTests {
    static let calls: [ExampleTests.Expectation] = [
        .init(
            call: ["trial.fails", "--with", "how=permanent"], status: 1, says: ["it is permanent [trial.permanent]"]),
        .init(call: ["trial.fails", "--with", "how=auth"], status: 1, says: ["it is auth [trial.auth]"]),
        .init(
            call: ["trial.raises", "--with", "what=nothing", "--format", "json"], status: 1,
            says: [
                "ZeroDivisionError: divided by nothing", "\"code\": \"plugin.exception\"",
                #"File \"trial.py\""#, #"raise ZeroDivisionError(\"divided by nothing\")"#,
            ]),
        .init(
            call: ["trial.raises", "--with", "what=exit"], status: 1,
            says: ["the executor raised SystemExit: 3 [plugin.exception]"]),
        .init(call: ["trial.raises", "--with", "what=recursion"], status: 1, says: ["RecursionError"]),
        .init(call: ["trial.raises", "--with", "what=recursion in C"], status: 1, says: ["RecursionError"]),
        .init(call: ["trial.raises", "--with", "what=unprintable"], status: 1, says: ["Odd: it cannot be shown"]),
        .init(call: ["trial.raises", "--with", "what=nan"], status: 1, says: ["not JSON compliant"]),
        .init(call: ["trial.raises", "--with", "what=object"], status: 1, says: ["object is no value of JSON"]),
        .init(call: ["trial.raises", "--with", "what=surrogate"], status: 1, says: ["surrogates not allowed"]),
        .init(call: ["trial.raises", "--with", "what=circle"], status: 1, says: ["Circular reference"]),
        .init(
            call: ["trial.raises_later", "--with", "what=exit"], status: 1,
            says: ["the executor raised SystemExit: 3 [plugin.exception]"]),
        .init(
            call: [
                "trial.typed", "--with", "colour=red", "--with", #"points=[{"x": 2}, {"x": 3, "y": 1}]"#, "--with",
                "extra=1", "--format", "json",
            ], status: 0, says: ["\"sum\": 5.0", "\"extra\": 1", "\"colour\": \"red\""]),
        .init(
            call: ["trial.typed", "--with", "colour=green", "--with", "points=[]"], status: 3,
            says: ["\"green\" is not one of"]),
        .init(
            call: ["trial.sleeps", "--with", "seconds=600", "--timeout", "50ms"], status: 1,
            says: ["timed out"]),
        .init(
            call: ["trial.sleeps_async", "--with", "seconds=600", "--timeout", "3s"], status: 1,
            says: ["timed out", "call.deadline", "cleaned up"]),
        .init(call: ["trial.in_a_thread", "--format", "json"], status: 0, says: ["\"outputs\": true"]),
        .init(call: ["trial.streams", "--with", "pieces=300"], status: 0, says: ["exec | piece 299"]),
        .init(call: ["trial.streams_async", "--with", "pieces=300"], status: 0, says: ["exec | piece 299"]),
        .init(
            call: ["trial.holds", "--with", "amount=4", "--format", "json"], status: 0, says: ["\"outputs\": 4"]),
        .init(call: ["trial.secret", "--with", "name=OTHER"], status: 1, says: ["secret.denied"]),
        .init(call: ["trial.large", "--with", "size=3000000", "--quiet"], status: 0, says: []),
        .init(
            call: ["trial.surroundings", "--format", "json"], status: 0,
            says: ["\"isolated\": 1", "\"reads_home\": false", "\"utf8\": \"utf-8\""]),
    ]

    /// Even where plugins in process are allowed, this one has a process of its own.
    @Test func pluginsGoThroughEverythingInTheirWorker() throws {
        try Language.python.requireTools()
        let shop = try Workshop()
        try Self.build("\(SourceTree.root)/Tests/SDK/Sources/trial.py", into: "\(shop.folder)/out")
        try FileSystem.writeAtomically(Array("here".utf8), to: "\(shop.folder)/readable")
        for expected in Self.calls {
            let result = try shop.exec(
                expected.call, plugins: "\(shop.folder)/out", flags: ["--in-process-plugins"])
            #expect(result.status == expected.status, "\(expected.call): \(result.output)")
            for text in expected.says {
                #expect(result.output.contains(text), "\(expected.call) does not say \(text): \(result.output)")
            }
        }
    }

    @Test func itKeepsTheRulesOfTheHeader() throws {
        try Language.python.requireTools()
        let shop = try Workshop()
        try Self.build("\(SourceTree.root)/Tests/SDK/Sources/trial.py", into: "\(shop.folder)/out")
        let result = try shop.batten(
            [
                "plugin", "check", "\(shop.folder)/out/libbatten-plugin-trial.so", "--only",
                "static,probe,life,cancel,naked",
            ])
        #expect(result.status == 0 && result.output.contains(" 0 failed"), "\(result.output)")
    }

    @Test func theFakeHostAndTheHintsHoldTheirPromises() throws {
        try Language.python.requireTools()
        let result = try Command.run([
            "env", "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=\(SourceTree.root)/sdk/python", "/usr/bin/python3", "-m",
            "unittest", "discover", "-s", "\(SourceTree.root)/sdk/python/tests",
        ])
        #expect(result.status == 0 && result.output.contains("OK"), "\(result.output)")
    }

    static let refusals: [(name: String, text: String, says: String)] = [
        ("nothing.py", "x = 1\n", "no Plugin"),
        ("json.py", "", "the name of a module of Python's own library"),
        ("words.txt", "", "is no file of Python"),
        (
            "bare.py", "from batten_plugin import Plugin\np = Plugin('bare', version='1.0.0')\n",
            "a Plugin without executors"
        ),
        (
            "odd.py",
            """
            from batten_plugin import Plugin
            p = Plugin('odd', version='1.0.0')
            @p.executor
            def work(context, what: bytes): pass

            """, "has no JSON Schema"
        ),
        (
            "context.py",
            """
            from batten_plugin import Plugin
            p = Plugin('context', version='1.0.0')
            @p.executor
            def work(what: str): pass

            """, "the first parameter of an executor is `context`"
        ),
    ]

    @Test(arguments: refusals) func theBuildSaysWhatIsWrong(_ refusal: (name: String, text: String, says: String))
        throws
    {
        try Language.python.requireTools()
        let shop = try Workshop()
        try FileSystem.writeAtomically(Array(refusal.text.utf8), to: "\(shop.folder)/\(refusal.name)")
        let result = try Command.run([
            "/usr/bin/python3", "\(SourceTree.root)/sdk/python/batten_build.py", "\(shop.folder)/\(refusal.name)",
            "--output", "\(shop.folder)/out",
        ])
        #expect(result.status == 1 && result.output.contains(refusal.says), "\(result.output)")
        #expect(!result.output.contains("Traceback"), "\(result.output)")
    }

    static func build(_ source: String, into folder: String) throws {
        let result = try Command.run([
            "/usr/bin/python3", "\(SourceTree.root)/sdk/python/batten_build.py", source, "--alone", "--output", folder,
        ])
        try #require(result.status == 0, "\(result.output)")
    }
}
