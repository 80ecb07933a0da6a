import CBattenABI
import Synchronization
import Testing

@testable import BattenPlugin

/// Executors whose calls are tasks: each call ends exactly once, whatever its task does.
@Suite struct AsyncTests {
    private let driver: Driver
    private var host: FakeHost { driver.host }

    init() throws {
        driver = try Driver(Sample.self)
    }

    /// Turns the loop until a call has ended.
    private func end(_ token: UInt64) -> FakeHost.Ended {
        while true {
            if let ended = host.ended(token) { return ended }
            host.turn()
        }
    }

    @Test func callsEndAsTheirTaskSays() throws {
        let table: [(input: String, number: UInt32, effect: UInt32, code: String, message: String)] = [
            ("{}", 100, 2, "", ""),
            (#"{"sleep":1}"#, 100, 2, "", ""),
            (#"{"hold":4}"#, 100, 2, "", ""),
            (#"{"hold":13}"#, 303, 1, "quota.refused", "the quota of requests is used up"),
            (#"{"hold":12}"#, 400, 1, "call.cancelled", "the call was cancelled"),
            (#"{"hold":-1}"#, 304, 1, "quota.hold", "the host took no request for the quota of requests (code "),
            (#"{"sleep":"x"}"#, 301, 1, "input.invalid", "sleep: must be an integer, is string"),
            ("[1", 301, 1, "input.invalid", "the input is not JSON: "),
            (#"{"fail":"failure"}"#, 202, 1, "sample.busy", "later"),
            (#"{"fail":"odd"}"#, 304, 0, "plugin.error", "the executor failed with an error of its own: Odd()"),
            (#"{"fail":"cancelled"}"#, 304, 0, "plugin.error", "the executor failed with an error of its own: "),
        ]
        for (index, row) in table.enumerated() {
            let token = UInt64(index + 1)
            try driver.call("sample.errand", row.input, token: token)
            let ended = end(token)
            let got = (ended.number, ended.effect, ended.code, ended.message.hasPrefix(row.message))
            #expect(got == (row.number, row.effect, row.code, true), "\(row.input): \(ended)")
        }
        #expect(end(1).output == #"{"stage":"stage-1","cancelled":false}"#)
        #expect(end(4).retryAfter == 5_000_000_000)
        #expect(host.seen.withLock { $0.settled } == ["5 2"])
        try driver.stop()
    }

    @Test func cancellingEndsWhateverTheTaskWaitsFor() throws {
        for (index, input) in [
            #"{"sleep":600000}"#, #"{"hold":11}"#, #"{"fail":"patient"}"#, #"{"say":["a"]}"#,
        ].enumerated() {
            let token = UInt64(index + 1)
            host.seen.withLock { $0.room = 0 }
            try driver.call("sample.errand", input, token: token)
            if index == 1 { while host.seen.withLock({ $0.putOff == nil }) { host.turn() } }
            try driver.cancel("sample.errand", token: token)
            let ended = end(token)
            #expect(ended.number == 400 && ended.code == "call.cancelled", "\(input): \(ended)")
        }
        // What is granted to a call that waits no more goes back as a whole.
        host.seen.withLock { $0.putOff }?()
        #expect(host.seen.withLock { $0.settled } == ["77 0"])
        try driver.cancel("sample.errand", token: 1)
        #expect(host.seen.withLock { $0.stale } == 0)
        while !host.timers.isEmpty { host.turn() }
    }

    @Test func aReaderThatIsBehindHoldsTheTaskUp() throws {
        host.seen.withLock { $0.room = 1 }
        try driver.call("sample.errand", #"{"say":["a","b"]}"#)
        while host.waitingForRoom == false { host.turn() }
        #expect(host.ended(1) == nil && host.seen.withLock { $0.streamed } == ["text:a"])
        host.makeRoom(5)
        #expect(end(1).number == 100)
        #expect(host.seen.withLock { $0.streamed } == ["text:a", "text:b"])
    }

    @Test func manyCallsEndOnceEach() throws {
        for token in UInt64(1)...400 {
            try driver.call("sample.errand", token % 2 == 0 ? #"{"sleep":2}"# : #"{"sleep":600000}"#, token: token)
            if token % 2 == 1 { try driver.cancel("sample.errand", token: token) }
        }
        for token in UInt64(1)...400 {
            let ended = end(token)
            #expect(ended.number == (token % 2 == 0 ? 100 : 400), "\(token): \(ended)")
        }
        #expect(host.seen.withLock { $0.stale } == 0)
        try driver.stop()
    }
}
