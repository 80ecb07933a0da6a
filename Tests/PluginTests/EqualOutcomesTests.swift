import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

/// The same call has the same outcome and the same reports in this process and in a worker.
@Suite(.enabled(if: Servers.areWanted)) struct EqualOutcomesTests {
    /// Calls of every bundled executor, good and bad; `FOLDER` is the stage's folder.
    static let calls: [(executor: String, input: String)] = [
        ("shell.run", #"{"argv":["sh","-c","echo out; echo err >&2; printf '{\"a\":1}'"]}"#),
        ("shell.run", #"{"argv":["sh","-c","exit 7"]}"#),
        ("shell.run", #"{"argv":["sh","-c","kill -9 $$"]}"#),
        ("shell.run", #"{"argv":["no-such-program-anywhere"]}"#),
        ("shell.run", #"{"argv":7}"#),
        ("shell.script", #"{"interpreter":"sh","script":"pwd; cat in.txt; echo made > out.txt"}"#),
        ("http.request", #"{"url":"$ODD/echo","json":{"a":[1,"ü"]}}"#),
        ("http.request", #"{"url":"$HTTP/put","method":"PUT","body_file":"in.txt"}"#),
        ("http.request", #"{"url":"$HTTP/status/503"}"#),
        ("http.request", #"{"url":"http://127.0.0.1:1/"}"#),
        ("http.request", #"{"url":"$ODD/echo","method":"B A D"}"#),
        ("http.download", #"{"url":"$HTTP/bytes/4096?seed=3","path":"sub/file.bin"}"#),
        ("http.download", #"{"url":"$HTTP/status/404","path":"none.bin"}"#),
        ("http.upload", #"{"url":"$ODD/echo","file":"in.txt"}"#),
        ("http.upload", #"{"url":"$ODD/echo","file":"missing.txt"}"#),
        ("llm.chat", #"{"model":"odd/plain","prompt":"hi"}"#),
        ("llm.chat", #"{"model":"claude/cut","prompt":"hi"}"#),
        ("llm.chat", #"{"model":"claude/x","prompt":"hi","system":"Be."}"#),
        ("llm.chat", #"{"model":"nobody/x","prompt":"hi"}"#),
        ("llm.chat", #"{"model":"odd/busy","fallback":["odd/plain"],"prompt":"hi"}"#),
        ("llm.embed", #"{"model":"odd/e","input":["red","green"]}"#),
        ("notify.webhook", #"{"url":"$ODD/echo","body":{"text":"Grüß Gott"}}"#),
        ("notify.webhook", #"{"url":"$HTTP/status/500","body":{}}"#),
        ("notify.slack", #"{"url":"$ODD/echo","text":"hello"}"#),
        ("notify.email", #"{"server":"smtp://127.0.0.1:1","from":"a@b.cc","to":"x@x.org","text":"x"}"#),
        (
            "notify.email",
            #"{"server":"$SMTP","starttls":"never","from":"a@b.cc","to":"refuse@x.org","text":"x"}"#
        ),
        ("notify.desktop", #"{"summary":"x","expires":"soon"}"#),
        ("transform.jq", #"{"input":{"a":[1,2]},"filter":".a | map(. * 2)"}"#),
        ("transform.jq", #"{"filter":"error(\"no\")"}"#),
        ("transform.jq", #"{"filter":"]["}"#),
        ("transform.template", #"{"template":"{{#a}}<{{.}}>{{/a}}","data":{"a":["x","ü"]}}"#),
        ("transform.template", #"{"template":"{{#a}}"}"#),
        ("transform.validate", #"{"value":{"a":1},"schema":{"type":"object","required":["b"]}}"#),
        ("transform.validate", #"{"value":1,"schema":{"type":7}}"#),
        ("file.read", #"{"path":"in.txt"}"#),
        ("file.read", #"{"path":"missing.txt"}"#),
        ("file.read", #"{"path":"/etc/shadow"}"#),
        ("file.write", #"{"path":"sub/new.txt","text":"new\n"}"#),
        ("file.append", #"{"path":"sub/new.txt","text":"more\n"}"#),
        ("file.copy", #"{"from":"sub/new.txt","to":"sub/copy.txt"}"#),
        ("file.copy", #"{"from":"nothing","to":"sub/copy2.txt"}"#),
        ("file.watch", #"{"path":"in.txt","settle":"10ms"}"#),
        ("file.watch", #"{"nonsense":true}"#),
        ("sql.query", #"{"database":"d.db","mode":"create","sql":"CREATE TABLE t (a)"}"#),
        ("sql.query", #"{"database":"d.db","mode":"write","sql":"INSERT INTO t VALUES (1.5)"}"#),
        ("sql.query", #"{"database":"d.db","sql":"SELECT * FROM t"}"#),
        ("sql.query", #"{"database":"d.db","sql":"SELECT * FROM nowhere"}"#),
        ("ffi.call", #"{"library":"libc.so.6","signature":"int32 abs(int32)","arguments":[-5]}"#),
        ("ffi.call", #"{"library":"libc.so.6","signature":"int32 no_such_function()","arguments":[]}"#),
    ]

    /// What came of a call, without what the output schema calls volatile.
    private struct Result: Equatable {
        var outcome: StageOutcome
        var lines: [String]
        var text: String
        var usage: [String: Int64]
    }

    private static func results(
        _ mode: IsolationMode, keepsRules: Bool = false, in folder: String
    ) throws -> [Result] {
        try FileSystem.makeFolder(folder)
        defer { try? FileSystem.removeTree(folder) }
        try FileSystem.writeAtomically(Array("from a file".utf8), to: "\(folder)/in.txt")
        try FileSystem.makeFolder("\(folder)/sub")
        let rig = try ServersRig(LLMTests.config, isolation: mode, keepsRules: keepsRules, folder: folder)
        defer {
            rig.host.shutdown(within: .seconds(5))
            #expect(rig.brokenRules == [], "\(mode)")
        }
        return try calls.map { call in
            let input = call.input.split(separator: "FOLDER", omittingEmptySubsequences: false)
                .joined(separator: folder)
            let (outcome, seen) = try rig.run(call.executor, input)
            guard case .found(let info) = rig.host.executor(call.executor) else {
                Issue.record("there is no \(call.executor)")
                return Result(outcome: outcome, lines: [], text: "", usage: [:])
            }
            var plain = outcome
            plain.output = try JSONSchema.compile(info.outputSchema).withoutVolatile(outcome.output)
            return Result(outcome: plain, lines: seen.lines, text: seen.text, usage: seen.usage)
        }
    }

    @Test func areTheSameInBothModes() throws {
        let folder = "/tmp/batten-equal-test-\(Entropy.name(length: 12))"
        let inProcess = try Self.results(.inProcess, in: folder)
        let isolated = try Self.results(.worker, in: folder)
        // Whoever keeps the rules of the header notices nothing of a host that looks after them.
        let watched = try Self.results(.inProcess, keepsRules: true, in: folder)
        let watchedWorkers = try Self.results(.worker, keepsRules: true, in: folder)
        for (index, call) in Self.calls.enumerated() {
            #expect(inProcess[index].outcome == isolated[index].outcome, "\(call)")
            #expect(inProcess[index] == isolated[index], "\(call)")
            #expect(inProcess[index] == watched[index], "\(call)")
            #expect(inProcess[index] == watchedWorkers[index], "\(call)")
        }
        // The table is about success and failure of each executor that came with Batten.
        let rig = try ServersRig()
        let missing = rig.host.knownTypes().filter { type in !Self.calls.contains { $0.executor == type } }
        #expect(missing == [])
        #expect(inProcess.count { $0.outcome.outcomeClass == .ok } >= 20)
        #expect(inProcess.count { $0.outcome.outcomeClass != .ok } >= 20)
    }
}
