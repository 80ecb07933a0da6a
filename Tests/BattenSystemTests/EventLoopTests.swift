import BattenSystem
import Synchronization
import Testing

@Suite struct EventLoopTests {
    /// Runs a body on a new loop's thread and waits for what it hands to `finish`.
    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (EventLoop, @escaping @Sendable (Value) -> Void) -> Void
    ) throws -> Value? {
        let loop = try EventLoop()
        try loop.start(name: "test-loop")
        defer { loop.stop() }
        let result = Monitor<Value?>(nil)
        loop.post { body(loop) { value in result.signal { $0 = value } } }
        return result.wait(until: MonotonicClock.now() + 10_000_000_000) { $0 }
    }

    @Test func jobsKeepTheirOrderAndTheirThread() throws {
        let loop = try EventLoop()
        try loop.start(name: "test-loop")
        let seen = Mutex<[Int]>([])
        for number in 0..<10_000 {
            loop.post {
                let own = loop.isCurrent && EventLoop.current === loop
                seen.withLock { $0.append(own ? number : -1) }
            }
        }
        loop.stop()
        #expect(seen.withLock { $0 } == Array(0..<10_000))
        #expect(!loop.post {}, "a stopped loop takes nothing")
        #expect(EventLoop.current == nil)
    }

    @Test func aWakeThatIsHeldBackComes() throws {
        let loop = try EventLoop()
        try loop.start(name: "test-loop")
        defer { loop.stop() }
        let done = Monitor(0)
        func reached(_ count: Int) -> Bool {
            done.wait(until: MonotonicClock.now() + 10_000_000_000) { $0 == count ? true : nil } == true
        }
        let job: @Sendable () -> Void = { done.signal { $0 += 1 } }
        for round in 0..<500 {
            EventLoop.holdWakes {
                loop.post(job)
                EventLoop.wakeHeld()
                #expect(reached(6 * round + 1))
                // A second job is no reason to wait for a third.
                loop.post(job)
                loop.post(job)
                #expect(reached(6 * round + 3))
                EventLoop.wakeHeld()
                loop.post(job)
            }
            #expect(reached(6 * round + 4), "what is held back does not outlive the body")
            EventLoop.wakeHeld()
            loop.post(job)
            loop.post(job)
            #expect(reached(6 * round + 6))
        }
    }

    @Test func aLoopIsFreeWhileItWaitsForNothing() throws {
        let answers: [Bool]? = try onLoop { loop, finish in
            var seen = [loop.isFree]
            let timer = loop.setTimer(at: .max) {}
            seen.append(loop.isFree)
            loop.cancelTimer(timer)
            loop.lend { seen += [loop.isFree, EventLoop.current == nil, !loop.isCurrent] }
            seen.append(loop.isCurrent)
            loop.post {}
            finish(seen + [loop.isFree])
        }
        #expect(answers == [true, false, true, true, true, true, false])
    }

    @Test func timersFireInOrderAndCancelledOnesDoNot() throws {
        let order: [Int]? = try onLoop { loop, finish in
            let start = MonotonicClock.now()
            let seen = Mutex<[Int]>([])
            for (name, offset) in [(2, 4_000_000), (1, 1_000_000), (3, 9_000_000), (0, -5)] as [(Int, Int64)] {
                _ = loop.setTimer(at: start + offset) { seen.withLock { $0.append(name) } }
            }
            let victim = loop.setTimer(at: start + 5_000_000) { seen.withLock { $0.append(99) } }
            _ = loop.setTimer(at: start + 4_500_000) {
                if !loop.cancelTimer(victim) || loop.cancelTimer(victim) { seen.withLock { $0.append(98) } }
            }
            _ = loop.setTimer(at: start + 12_000_000) {
                let early = MonotonicClock.now() < start + 12_000_000
                finish(seen.withLock { $0 } + (early ? [97] : []))
            }
        }
        #expect(order == [0, 1, 2, 3])
    }

    @Test func aTimerThatSetsItselfAgainLeavesRoomForJobs() throws {
        let fair: Bool? = try onLoop { loop, finish in
            @Sendable func again() { _ = loop.setTimer(at: 0) { again() } }
            again()
            loop.post { finish(true) }
        }
        #expect(fair == true)
    }

    @Test func thousandsOfCancelledTimersLeaveNothingBehind() throws {
        let fired: Int? = try onLoop { loop, finish in
            let start = MonotonicClock.now()
            let count = Mutex(0)
            for index in 0..<5_000 {
                let timer = loop.setTimer(at: start + Int64((index * 7919) % 5_000)) { count.withLock { $0 += 1 } }
                if index % 5 != 0 { loop.cancelTimer(timer) }
            }
            _ = loop.setTimer(at: start + 10_000_000) { finish(count.withLock { $0 }) }
        }
        #expect(fired == 1_000)
    }

    @Test func aMonitorWaitsUntilItsDeadline() {
        let monitor = Monitor(0)
        let start = MonotonicClock.now()
        #expect(monitor.wait(until: start + 3_000_000) { $0 > 0 ? $0 : nil } == nil)
        #expect(MonotonicClock.now() >= start + 3_000_000)
        #expect(MonotonicClock.adding(.seconds(Int64.max), to: 1) == .max)
        #expect(MonotonicClock.adding(.milliseconds(5), to: 1) == 5_000_001)
    }
}
