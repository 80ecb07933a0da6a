import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import Testing

/// The services that answer, in both kinds of process.
@Suite struct ServiceTests {
    /// Knows one secret.
    final class Safe: CallServices {
        func secret(_ name: String, tag: UInt64) -> [UInt8]? { name == "TOKEN" ? Array("hush!".utf8) : nil }
    }

    /// Grants every hold but of one subject, leaves those of another one open, and remembers what was booked.
    private static func desk() -> RecordingSink {
        RecordingSink { request, tag, answer in
            switch request.subject {
            case "full": answer(.refused(retryAfter: 7))
            case "late": break
            default: answer(.granted(lease: 40 + tag, output: 8))
            }
        }
    }

    private static func fixture(_ mode: IsolationMode) throws -> HostFixture {
        try HostFixture(["services"], isolation: mode) { $0.services = Safe() }
    }

    @Test(arguments: CallTests.modes, ["services.secret", "services.quick"])
    func secretsAreGivenToThoseThatDeclareThem(_ mode: IsolationMode, _ type: String) throws {
        let fixture = try Self.fixture(mode)
        let outcome = try #require(fixture.call(type))
        #expect(
            outcome.output == [
                "declared": "ok:hush!", "small": "small:5", "undeclared": "denied", "unknown": "denied",
            ], "\(outcome)")
    }

    @Test(arguments: CallTests.modes) func holdsAreSettledOrGivenBack(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        let desk = Self.desk()
        let settled = try #require(fixture.call("services.quota", attempt: 1, sink: desk))
        #expect(settled.output == ["hold": "ok", "settle": "ok", "again": "stale", "wait": -1], "\(settled)")
        let left = try #require(fixture.call("services.quota", attempt: 2, sink: desk))
        #expect(left.output["hold"] == "ok", "\(left)")
        let full = try #require(fixture.call("services.quota", attempt: 3, sink: desk))
        #expect(full.output == ["hold": "refused", "settle": "refused", "again": "refused", "wait": 7], "\(full)")
        let much = try #require(fixture.call("services.quota", attempt: 4, sink: desk))
        #expect(much.output == ["hold": "ok", "settle": "refused", "again": "stale", "wait": -1], "\(much)")
        fixture.host.shutdown(within: .seconds(60))
        let log = desk.lines
        #expect(
            log.filter { !$0.hasPrefix("log") } == [
                "hold tokens m 5", "settle 47 3", "hold tokens m 5", "release 47", "hold tokens full 5",
                "hold tokens m 5", "settle 47 9",
            ])
        #expect(log.count { $0.contains("settled before; nothing is booked") } == 2, "\(log)")
        #expect(log.count { $0.contains("with 4 more than it holds; it is booked") } == 1, "\(log)")
    }

    /// All of a request is held as one, and is settled with the requests that were made.
    @Test(arguments: CallTests.modes) func requestsAreHeldWhole(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        let desk = Self.desk()
        let table: [(Int, JSONValue)] = [
            (1, ["hold": "ok", "settle": "ok", "output": 8, "wait": -1]),
            (2, ["hold": "ok", "settle": "refused", "output": 8, "wait": -1]),
            (3, ["hold": "refused", "settle": "refused", "output": 0, "wait": 7]),
        ]
        for (attempt, output) in table {
            let outcome = try #require(fixture.call("services.bound", attempt: attempt, sink: desk))
            #expect(outcome.output == output, "\(outcome)")
        }
        fixture.host.shutdown(within: .seconds(60))
        #expect(
            desk.lines.filter { !$0.hasPrefix("log") } == [
                "hold requests m 1 20 10 5 true", "settle 47 1", "hold requests m 1 20 10 5 true", "settle 47 3",
                "hold requests full 1 20 10 5 true",
            ], "\(desk.lines)")
    }

    /// A call that waits for a hold and is asked to stop hears of it at once; what comes later is given back.
    @Test(arguments: CallTests.modes) func nobodyWaitsForAHoldInACallThatIsToStop(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        let desk = Self.desk()
        let handle = fixture.host.start(
            HostFixture.request("services.quota", attempt: 5, grace: .seconds(600)), sink: desk)
        #expect(desk.waitForLine("hold tokens late 5"))
        fixture.host.cancel(handle, why: .cancelled)
        let outcome = try #require(desk.outcomes(1)?.first?.outcome)
        #expect(outcome.output["hold"] == "stale" || outcome.outcomeClass == .cancelled, "\(outcome)")
        desk.answerLate(.granted(lease: 99))
        #expect(desk.waitForLine("release 99"))
    }

    @Test(arguments: CallTests.modes) func blobsCarryLargeOutputs(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        for attempt in [1, 3] {
            let outcome = try #require(fixture.call("services.blob", attempt: attempt))
            #expect(outcome.outcomeClass == .ok, "\(outcome.code) \(outcome.message)")
            #expect(outcome.output.stringValue?.utf8.count == attempt << 20 - 2)
        }
        let unsealed = try #require(fixture.call("services.blob", attempt: 7))
        #expect(unsealed.code == "plugin.bug.bad_output" && unsealed.message.contains("sealed"), "\(unsealed)")
    }

    /// The attempt tells the fixture how large a blob it makes, and how large it says that it will be.
    @Test(
        arguments: CallTests.modes,
        [
            (attempt: 20, isSpooled: true), (120, true), (220, true), (3, false), (203, true),
        ])
    func largeBlobsLieInTheSpool(_ mode: IsolationMode, _ blob: (attempt: Int, isSpooled: Bool)) throws {
        let fixture = try HostFixture(["services"], isolation: mode) { settings in
            settings.spoolFolder = "/tmp/batten-spool-test-\(MonotonicClock.now())"
        }
        let spool = try #require(fixture.host.settings.spoolFolder)
        defer { try? FileSystem.removeTree(spool) }
        let sink = RecordingSink()
        _ = fixture.host.start(HostFixture.request("services.blob", attempt: blob.attempt), sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome.outcomeClass == .ok, "\(outcome) \(sink.lines)")
        let text = try #require(outcome.output.stringValue)
        #expect(text.utf8.count == (blob.attempt % 100) << 20 - 2 && text.utf8.allSatisfy { $0 == UInt8(ascii: "x") })
        let place = try #require(sink.lines.first { $0.contains("device ") })
        #expect(place.hasSuffix("links 0"), "a file with a name outlives a killed process: \(place)")
        if blob.isSpooled {
            let folder = try #require(try FileSystem.status(spool))
            #expect(place.contains("device \(folder.device),") && folder.mode & 0o777 == 0o700, "\(place) \(folder)")
            #expect(try FileSystem.list(spool).isEmpty)
        } else {
            #expect(!FileSystem.exists(spool))
        }
    }

    @Test(arguments: CallTests.modes) func aSpoolThatCannotBeMadeIsTold(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["services"], isolation: mode) { $0.spoolFolder = "/dev/null/spool" }
        let sink = RecordingSink()
        _ = fixture.host.start(HostFixture.request("services.blob", attempt: 20), sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome.outcomeClass == .failed && outcome.output == "create", "\(outcome)")
        #expect(sink.lines.contains { $0.contains("blob cannot be made") && $0.contains("/dev/null/spool") })
        #expect(fixture.call("services.blob", attempt: 1)?.outcomeClass == .ok)
    }

    @Test func aFileAtItsLimitIsAnErrorOfTheCall() throws {
        let fixture = try HostFixture(["services"], isolation: .worker) { settings in
            settings.spoolFolder = "/tmp/batten-spool-test-\(MonotonicClock.now())"
        }
        defer { try? FileSystem.removeTree(fixture.host.settings.spoolFolder ?? "") }
        #expect(fixture.call("services.blob", attempt: 203)?.outcomeClass == .ok)
        let workers = fixture.host.workerProcesses
        let worker = try #require(workers.first)
        _ = try ShortProcess("/usr/bin/prlimit", ["--pid", "\(worker)", "--fsize=4194304"], environment: [:])
            .run(within: .seconds(10))
        let outcome = try #require(fixture.call("services.blob", attempt: 20))
        #expect(outcome.outcomeClass == .failed && outcome.output == "write: File too large", "\(outcome)")
        // The process has outlived it and serves what is small enough.
        #expect(fixture.call("services.blob", attempt: 203)?.outcomeClass == .ok)
        #expect(fixture.host.workerProcesses == workers)
    }
}
