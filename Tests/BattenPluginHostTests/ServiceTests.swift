import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import Testing

/// The services that answer, in both kinds of process.
@Suite struct ServiceTests {
    /// Knows one secret, grants every hold but of one subject, and remembers what was booked.
    final class Desk: CallServices {
        private let log = Mutex<[String]>([])
        var lines: [String] { log.withLock { $0 } }

        func secret(_ name: String, tag: UInt64) -> [UInt8]? { name == "TOKEN" ? Array("hush!".utf8) : nil }

        func hold(_ request: QuotaRequest, tag: UInt64, answer: @escaping @Sendable (QuotaAnswer) -> Void) {
            log.withLock { $0.append("hold \(request.meter) \(request.subject) \(request.amount)") }
            answer(request.subject == "full" ? .refused(retryAfter: 7) : .granted(lease: 40 + tag))
        }

        func settle(lease: UInt64, used: Int64) { log.withLock { $0.append("settle \(lease) \(used)") } }

        func release(lease: UInt64) { log.withLock { $0.append("release \(lease)") } }
    }

    private static func fixture(_ mode: IsolationMode) throws -> (HostFixture, Desk) {
        let desk = Desk()
        return (try HostFixture(["services"], isolation: mode) { $0.services = desk }, desk)
    }

    @Test(arguments: CallTests.modes, ["services.secret", "services.quick"])
    func secretsAreGivenToThoseThatDeclareThem(_ mode: IsolationMode, _ type: String) throws {
        let (fixture, _) = try Self.fixture(mode)
        let outcome = try #require(fixture.call(type))
        #expect(
            outcome.output == [
                "declared": "ok:hush!", "small": "small:5", "undeclared": "denied", "unknown": "denied",
            ], "\(outcome)")
    }

    @Test(arguments: CallTests.modes) func holdsAreSettledOrGivenBack(_ mode: IsolationMode) throws {
        let (fixture, desk) = try Self.fixture(mode)
        let settled = try #require(fixture.call("services.quota", attempt: 1))
        #expect(settled.output == ["hold": "ok", "settle": "ok", "again": "stale", "wait": -1], "\(settled)")
        let left = try #require(fixture.call("services.quota", attempt: 2))
        #expect(left.output["hold"] == "ok", "\(left)")
        let full = try #require(fixture.call("services.quota", attempt: 3))
        #expect(full.output == ["hold": "refused", "settle": "refused", "again": "refused", "wait": 7], "\(full)")
        fixture.host.shutdown(within: .seconds(5))
        #expect(
            desk.lines == [
                "hold tokens m 5", "settle 47 3", "hold tokens m 5", "release 47", "hold tokens full 5",
            ])
    }

    @Test(arguments: CallTests.modes) func blobsCarryLargeOutputs(_ mode: IsolationMode) throws {
        let (fixture, _) = try Self.fixture(mode)
        for attempt in [1, 3] {
            let outcome = try #require(fixture.call("services.blob", attempt: attempt))
            #expect(outcome.outcomeClass == .ok, "\(outcome.code) \(outcome.message)")
            #expect(outcome.output.stringValue?.utf8.count == attempt << 20 - 2)
        }
        let unsealed = try #require(fixture.call("services.blob", attempt: 7))
        #expect(unsealed.code == "plugin.bug.bad_output" && unsealed.message.contains("sealed"), "\(unsealed)")
    }
}
