import BattenCore
import BattenEngine
import TestSupport
import Testing

/// Secrets in what executors give and tell: kept sealed, told masked, passed on in the clear.
@Suite struct SealedOutputTests {
    /// One key, or none.
    struct Keys: OutputKeys {
        var only: SecretKey?
        func sealing() -> SecretKey? { only }
        func key(_ id: String) -> SecretKey? { only?.id == id ? only : nil }
    }

    static let secret = "hunter2hunter2"
    static let form = "aHVudGVyMmh1bnRlcjI="
    static let key = SecretKey([UInt8](repeating: 9, count: SecretKey.length))

    private func harness(_ keys: Keys, script: @escaping @Sendable (ScriptedHost.Call) -> Void) throws -> EngineHarness
    {
        try EngineHarness(
            adjust: { settings in
                settings.secrets = { $0 == "TOKEN" ? Self.secret : nil }
                settings.outputKeys = keys
            }, script: script)
    }

    private func stages() -> [StageDefinition] {
        [
            stage("a", with: ["t": "${{ secrets.TOKEN }}"]),
            stage("b", after: ["a"], with: ["x": "${{ stages.a.outputs }}", "y": "<${{ stages.a.outputs.s }}>"]),
        ]
    }

    @Test(arguments: [true, false]) func outputsArePassedOnInTheClear(_ hasKey: Bool) throws {
        let output: JSONValue = ["s": .string("is \(Self.secret)"), "l": [.string(Self.form), 5], "plain": "p"]
        let harness = try harness(Keys(only: hasKey ? Self.key : nil)) { call in
            call.succeed(call.call.stage == "a" ? output : .object([:]))
        }
        defer { harness.remove() }
        let run = try harness.submit(stages()) { $0.secrets = ["TOKEN"] }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        let stored = try harness.stored(run)
        let kept = stored.journal.map { JSONWriter.string($0.data) }.joined(separator: "\n")
        #expect(!kept.contains(Self.secret) && !kept.contains("aHVudGVy"), "\(kept)")
        #expect(kept.contains("sealed:1:") == hasKey, "\(kept)")
        #expect(SealedText.shown(kept).contains(#""s":"is ***""#), "\(kept)")
        let given = try #require(harness.host.calls.first { $0.call.stage == "b" }).call.input
        let lost: JSONValue = ["s": "is ***", "l": ["***", 5], "plain": "p"]
        #expect(given["x"] == (hasKey ? output : lost), "\(given)")
        #expect(given["y"] == .string(hasKey ? "<is \(Self.secret)>" : "<is ***>"), "\(given)")
    }

    @Test func savedStateIsSealed() throws {
        let harness = try harness(Keys(only: Self.key)) { call in
            guard call.call.attempt == 1 else { return call.succeed() }
            call.sink.checkpoint(tag: call.call.tag, state: Array("at \(Self.secret)".utf8))
            call.finish(StageOutcome(.transient, effect: .none, code: "x", message: "again"))
        }
        defer { harness.remove() }
        var first = stage("a", with: ["t": "${{ secrets.TOKEN }}"])
        var retry = RetryDefinition()
        retry.initial = .milliseconds(1)
        first.retry = retry
        let run = try harness.submit([first]) { $0.secrets = ["TOKEN"] }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(
            harness.host.calls.last.map { String(decoding: $0.call.checkpoint, as: UTF8.self) } == "at \(Self.secret)")
        for state in try harness.stored(run).checkpoints.values {
            #expect(!String(decoding: state, as: UTF8.self).contains(Self.secret))
        }
    }

    /// A secret that comes in two lines, and one that stands at the end of what was said.
    @Test func linesAreHeldBackUntilTheyCanBeTold() throws {
        let harness = try harness(Keys(only: Self.key)) { call in
            for text in ["one hunter2hun", "ter2 two", "whole \(Self.secret)", "three h", "unrelated", "last hunter2"] {
                call.sink.log(tag: call.call.tag, stream: "stdout", text: text)
                call.sink.log(tag: call.call.tag, stream: "stderr", text: "other")
            }
            call.succeed()
        }
        defer { harness.remove() }
        let run = try harness.submit([stage("a", with: ["t": "${{ secrets.TOKEN }}"])]) { $0.secrets = ["TOKEN"] }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        let lines = harness.record.wait { seen in
            let lines = seen.lines.filter { $0.stream == "stdout" }.map(\.text)
            return lines.count >= 6 ? lines : nil
        }
        #expect(lines == ["one ***", "*** two", "whole ***", "three h", "unrelated", "last hunter2"])
    }

    /// An executor may ask for what the workflow declares.
    @Test func declaredSecretsGoWithTheCall() throws {
        let harness = try harness(Keys(only: nil)) { $0.succeed() }
        defer { harness.remove() }
        let run = try harness.submit([stage("a")]) { $0.secrets = ["TOKEN"] }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(harness.host.calls.map(\.call.secrets) == [["TOKEN": Self.secret]])
    }
}
