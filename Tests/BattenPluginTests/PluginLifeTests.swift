import CBattenABI
import Glibc
import Synchronization
import Testing

@testable import BattenPlugin

@Suite struct PluginLifeTests {
    @Test func descriptorSaysWhatThePluginSays() throws {
        let driver = try Driver(Sample.self)
        let again = try Driver(Sample.self)
        #expect(driver.plugin == again.plugin)
        #expect(driver.state != again.state)
        let plugin = driver.plugin.pointee
        #expect(plugin.struct_size == UInt32(MemoryLayout<batten_plugin>.size))
        #expect(plugin.executor_count == 6)
        #expect(plugin.id.map { String(cString: $0) } == "sample")
        #expect(plugin.manifest_json.map { String(cString: $0) } == #"{"licence":"none"}"#)
        let later = driver.executor("sample.later")
        #expect(later.run == nil && later.begin != nil)
        #expect(later.flags == 4 && later.max_in_flight == 10)
        #expect(
            later.capabilities.map { String(cString: $0) }
                == #"{"paths":{"read":["/etc"]},"secrets":["KEY"],"network":{"tcp_ports":[80]}}"#)
        let greet = driver.executor("sample.greet")
        #expect(greet.begin == nil && greet.run != nil && greet.flags == 3)
        #expect(
            greet.input_schema.map { String(cString: $0) }
                == #"{"type":"object","properties":{"name":{"type":"string","description":"Whom to greet.","examples":["Ada"]}},"required":["name"],"additionalProperties":false}"#
        )
        var other = batten_hello(struct_size: 8, abi_major: 2, abi_minor: 0)
        #expect(Sample.entry(&other) == nil)
        #expect(Sample.entry(nil) == nil)
    }

    @Test func startAndOpenRefuseWithTheirReason() throws {
        #expect(throws: Driver.Refused(code: 1, why: "not today")) {
            try Driver(Sample.self, config: #"{"refuse":"not today"}"#)
        }
        #expect(throws: Driver.Refused(code: 1, why: "size: must be an integer, is string")) {
            try Driver(Sample.self, config: #"{"size":"x"}"#)
        }
        #expect(throws: Driver.Refused.self) { try Driver(Sample.self, config: "{") }
        let driver = try Driver(Sample.self)
        #expect(throws: Driver.Refused(code: 1, why: "bad is not allowed here")) {
            try driver.instance("sample.greet", config: #"{"bad":1}"#)
        }
    }

    @Test func lifeEndsWithCloseAndStop() throws {
        let driver = try Driver(Sample.self)
        let stops = Sample.stops.load(ordering: .relaxed)
        let closes = Sample.closes.load(ordering: .relaxed)
        try driver.call("sample.greet", #"{"name":"Ada"}"#)
        try driver.stop()
        #expect(Sample.stops.load(ordering: .relaxed) == stops + 1)
        #expect(Sample.closes.load(ordering: .relaxed) == closes + 1)
        #expect(driver.host.seen.withLock { $0.lines } == [#"0 20 started {"host":"fake"}"#])
    }

    @Test func blockingCallsEndAsTheirExecutorSays() throws {
        let table: [(input: String, number: UInt32, effect: UInt32, code: String, message: String)] = [
            (#"{"name":"Ada"}"#, 100, 2, "", ""),
            (#"{}"#, 301, 1, "input.invalid", "name: is missing"),
            (#"{"name":1}"#, 301, 1, "input.invalid", "name: must be a string, is integer"),
            (#"{"name":null}"#, 301, 1, "input.invalid", "name: must be a string, is null"),
            (
                #"{"name":"A","times":1.5}"#, 301, 1, "input.invalid",
                "times: must be an integer from \(Int.min) to \(Int.max), is 1.5"
            ),
            (#"{"name":"A","parts":[{"role":"x"},{}]}"#, 301, 1, "input.invalid", "parts[1].role: is missing"),
            (#"{"name":"A","parts":3}"#, 301, 1, "input.invalid", "parts: must be a list, is integer"),
            (#"[1"#, 301, 1, "input.invalid", "the input is not JSON: "),
            (#""#, 301, 1, "input.invalid", "must be an object, is null"),
            (
                #"{"name":"A","fail":"odd"}"#, 304, 0, "plugin.error",
                "the executor failed with an error of its own: Odd()"
            ),
            (#"{"name":"A","fail":"rate"}"#, 201, 1, "sample.rate", "too fast"),
        ]
        let driver = try Driver(Sample.self)
        for (index, row) in table.enumerated() {
            let token = UInt64(index + 1)
            try driver.call("sample.greet", row.input, token: token, env: #"{"A":"1"}"#)
            let ended = try #require(driver.host.ended(token))
            let got = (ended.number, ended.effect, ended.code, ended.message.hasPrefix(row.message))
            #expect(got == (row.number, row.effect, row.code, true), "\(row.input): \(ended)")
        }
        let first = try #require(driver.host.ended(1))
        #expect(first.output == #"{"greeting":"Hello, Ada","stage":"stage-1","attempt":2,"env":{"A":"1"}}"#)
        let rate = try #require(driver.host.ended(UInt64(table.count)))
        #expect(rate.retryAfter == 3_000_000_000 && rate.details == #"{"limit":5}"# && rate.output == #"{"kept":true}"#)
        #expect(try #require(driver.host.ended(2)).details == #"{"field":"name"}"#)
    }

    @Test func stopIsSeenByABlockingCall() throws {
        let driver = try Driver(Sample.self)
        for (token, reason) in [(UInt64(1), UInt32(1)), (2, 2), (3, 3)] {
            driver.host.seen.withLock { $0.stops[token] = reason }
            try driver.call("sample.greet", #"{"name":"A","fail":"stop"}"#, token: token)
        }
        #expect([1, 2, 3].map { driver.host.ended($0)?.number } == [400, 401, 400])
    }

    @Test func servicesAreReached() throws {
        let driver = try Driver(Sample.self)
        driver.host.seen.withLock { $0.room = 1 }
        try driver.call("sample.talk", "null")
        #expect(
            driver.host.ended(1)?.output
                == #"{"kept":true,"too_large":false,"took":[true,false,false],"denied":true,"secret":3000,"loop":false}"#
        )
        let seen = driver.host.seen.withLock { ($0.lines, $0.beats, $0.checkpoints, $0.streamed, $0.usage) }
        #expect(seen.0.last == #"1 30 a "line" {"stream":"stdout"}"#)
        #expect(seen.1 == ["0.5 half", "-1.0 ", "1.0 "])
        #expect(seen.2 == [[1, 2]])
        #expect(seen.3 == ["text:a"])
        #expect(seen.4 == ["tokens model 12"])
    }

    @Test func aHostWithoutServicesIsEnough() throws {
        let driver = try Driver(Sample.self, host: FakeHost(withServices: false))
        try driver.call("sample.talk", "null", token: 1)
        #expect(
            driver.host.ended(1)?.output
                == #"{"kept":false,"too_large":false,"took":[true,true,true],"denied":true,"secret":0,"loop":false}"#)
        try driver.call("sample.later", "{}", token: 2)
        #expect(driver.host.ended(2)?.message == "this host has no loop")
    }

    @Test func loopCallsCompleteFromTimersWatchesAndPosts() throws {
        let driver = try Driver(Sample.self)
        let host = driver.host
        try driver.call("sample.later", #"{"after":1}"#, token: 1)
        #expect(host.timers.count == 1 && host.ended(1) == nil)
        while host.ended(1) == nil { host.turn() }
        #expect(host.ended(1)?.output == #""timer""#)

        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        try driver.call("sample.later", #"{"read":\#(ends[0])}"#, token: 2)
        host.turn()
        #expect(host.ended(2) == nil)
        #expect(write(ends[1], "x", 1) == 1)
        host.turn()
        #expect(host.ended(2)?.output == #"{"readable":true,"hangup":false}"#)
        #expect(host.watches.isEmpty)
        close(ends[0])
        close(ends[1])

        try driver.call("sample.later", #"{"post":true}"#, token: 3)
        #expect(host.ended(3) == nil)
        host.turn()
        #expect(host.ended(3)?.output == #""posted""#)
        try driver.call("sample.later", #"{"read":-1}"#, token: 4)
        #expect(host.ended(4)?.code == "loop.watch")
    }

    /// What is held is told on the loop, never inside the call that asks.
    @Test func loopCallsHoldQuotas() throws {
        let driver = try Driver(Sample.self)
        let host = driver.host
        let table: [(input: String, number: UInt32, says: String)] = [
            (#"{"hold":4}"#, 100, #""held""#), (#"{"hold":13}"#, 303, "the quota of requests is used up"),
            (#"{"hold":12}"#, 400, "the call was cancelled"), (#"{"hold":-1}"#, 304, "(code "),
            // This host cannot hold all of a request, and so grants it.
            (#"{"bound":70}"#, 100, "70"),
        ]
        for (index, row) in table.enumerated() {
            let token = UInt64(index + 1)
            try driver.call("sample.later", row.input, token: token)
            #expect(host.ended(token) == nil, "\(row.input) ended before the loop turned")
            while host.ended(token) == nil { host.turn() }
            let ended = host.ended(token)
            #expect(ended?.number == row.number, "\(row.input): \(String(describing: ended))")
            let says = (ended?.output ?? "") + (ended?.message ?? "")
            #expect(says.contains(row.says), "\(row.input): \(says)")
        }
        #expect(host.seen.withLock { $0.settled } == ["5 2"])
        // One that is put off holds no thread, and is given back if the call has ended meanwhile.
        try driver.call("sample.later", #"{"hold":11}"#, token: 9)
        host.turn()
        #expect(host.ended(9) == nil)
        host.seen.withLock { $0.putOff }?()
        while host.ended(9) == nil { host.turn() }
        #expect(host.ended(9)?.output == #""held""# && host.seen.withLock { $0.settled.last } == "77 2")
        try driver.stop()
    }

    @Test func callsEndExactlyOnce() throws {
        let driver = try Driver(Sample.self)
        try driver.call("sample.later", #"{"twice":true}"#, token: 1)
        #expect(driver.host.ended(1)?.output == "1")
        try driver.call("sample.later", #"{"drop":true}"#, token: 2)
        #expect(driver.host.ended(2)?.code == "plugin.forgotten")
        #expect(driver.host.ended(2)?.number == 304)
        try driver.call("sample.later", #"{"after":60000}"#, token: 3)
        try driver.cancel("sample.later", token: 99)
        try driver.cancel("sample.later", token: 3)
        try driver.cancel("sample.later", token: 3)
        #expect(driver.host.ended(3)?.number == 400)
        #expect(driver.host.seen.withLock { $0.stale } == 0)
    }
}
