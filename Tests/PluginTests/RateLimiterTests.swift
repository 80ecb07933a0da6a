import BattenTransfer
import Synchronization
import Testing

@Suite struct RateLimiterTests {
    /// A clock that stands still until it is moved, and the turns that were given.
    private final class Rig: Sendable {
        let time = Mutex<Int64>(1)
        let told = Mutex<[(name: Int, signal: RateLimiter.Signal)]>([])

        var gone: [Int] { told.withLock { $0.filter { $0.signal == .go }.map(\.name) } }

        /// When somebody asked last to look again.
        var next: Int64? {
            told.withLock { told in
                for one in told.reversed() { if case .lookAgain(let at) = one.signal { return at } }
                return nil
            }
        }
    }

    private static let second: Int64 = 1_000_000_000

    private func limiter(_ rig: Rig) -> RateLimiter { RateLimiter { rig.time.withLock { $0 } } }

    @discardableResult
    private func enter(
        _ limiter: RateLimiter, _ rig: Rig, _ name: Int, model: String = "m", requests: Int64? = nil,
        tokens limit: Int64? = nil, _ tokens: Int64 = 1
    ) -> UInt64 {
        limiter.enter("lane", model: model, limits: .init(requests: requests, tokens: limit), tokens: tokens) {
            signal in
            rig.told.withLock { $0.append((name, signal)) }
        }
    }

    @Test func aMinuteHoldsItsRequests() {
        let rig = Rig()
        let limiter = limiter(rig)
        for name in 0..<5 { enter(limiter, rig, name, requests: 2) }
        #expect(rig.gone == [0, 1] && rig.next == 1 + RateLimiter.window)
        rig.time.withLock { $0 += RateLimiter.window - 1 }
        limiter.lookAgain("lane")
        #expect(rig.gone == [0, 1])
        rig.time.withLock { $0 += 1 }
        limiter.lookAgain("lane")
        #expect(rig.gone == [0, 1, 2, 3])
    }

    /// What is given back lets the next ones go at once; nobody overtakes.
    @Test func tokensAreGivenBack() {
        let rig = Rig()
        let limiter = limiter(rig)
        let first = enter(limiter, rig, 0, tokens: 100, 60)
        enter(limiter, rig, 1, tokens: 100, 60)
        enter(limiter, rig, 2, tokens: 100, 10)
        #expect(rig.gone == [0])
        limiter.settle(first, in: "lane", tokens: 35)
        #expect(rig.gone == [0, 1])
        limiter.settle(first, in: "lane", tokens: nil)
        #expect(rig.gone == [0, 1, 2])
    }

    @Test func whoLeavesMakesRoom() {
        let rig = Rig()
        let limiter = limiter(rig)
        enter(limiter, rig, 0, tokens: 100, 60)
        let second = enter(limiter, rig, 1, tokens: 100, 60)
        enter(limiter, rig, 2, tokens: 100, 40)
        limiter.leave(second, in: "lane")
        #expect(rig.gone == [0, 2])
    }

    @Test func aClosedModelHoldsNoOther() {
        let rig = Rig()
        let limiter = limiter(rig)
        limiter.close("lane", model: "a", for: 5 * Self.second)
        enter(limiter, rig, 0, model: "a")
        enter(limiter, rig, 1, model: "b")
        #expect(rig.gone == [1] && limiter.closedTime("lane", model: "a") == 5 * Self.second)
        rig.time.withLock { $0 += 5 * Self.second }
        limiter.lookAgain("lane")
        #expect(rig.gone == [1, 0] && limiter.closedTime("lane", model: "a") == 0)
    }

    /// Whatever comes when, no span of a minute ever holds more than the limits, and everybody's turn comes in order.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func noMinuteHoldsMore(seed: UInt64) {
        var random = seed &* 0x9E37_79B9_7F4A_7C15
        func next(_ bound: Int64) -> Int64 {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int64(random % UInt64(bound))
        }
        let rig = Rig()
        let limiter = limiter(rig)
        var turns: [UInt64] = []
        var bounds: [Int64] = []
        var went: [(at: Int64, tokens: Int64)] = []
        var seen = 0
        func note() {
            let gone = rig.gone
            for name in gone[seen...] { went.append((rig.time.withLock { $0 }, bounds[name])) }
            seen = gone.count
        }
        for name in 0..<200 {
            bounds.append(1 + next(90))
            turns.append(enter(limiter, rig, name, requests: 7, tokens: 100, bounds[name]))
            note()
            if next(3) == 0, seen > 0 {
                let settled = rig.gone[Int(next(Int64(seen)))]
                let used = 1 + next(bounds[settled])
                bounds[settled] = min(bounds[settled], used)
                went[rig.gone.firstIndex(of: settled) ?? 0].tokens = bounds[settled]
                limiter.settle(turns[settled], in: "lane", tokens: bounds[settled])
                note()
            }
            rig.time.withLock { $0 += next(8) * Self.second }
            limiter.lookAgain("lane")
            note()
        }
        var steps = 0
        while seen < 200, steps < 1000 {
            steps += 1
            if let at = rig.next { rig.time.withLock { $0 = max($0, at) } }
            limiter.lookAgain("lane")
            note()
        }
        #expect(rig.gone == Array(0..<200), "seed \(seed)")
        for (place, one) in went.enumerated() {
            // Later settlements only make earlier sums smaller, so that the end's amounts are a lower bound of each.
            let minute = went[...place].filter { $0.at > one.at - RateLimiter.window }
            #expect(minute.count <= 7, "seed \(seed)")
            #expect(minute.reduce(0) { $0 + $1.tokens } <= 100, "seed \(seed)")
        }
    }

    @Test func resetsAreRead() {
        let now: Int64 = 1_772_344_800  // 2026-03-01T06:00:00Z
        let table: [(String, Int64?)] = [
            ("1s", Self.second), ("6m0s", 360 * Self.second), ("7.5s", 7_500_000_000), ("120ms", 120_000_000),
            ("30", 30 * Self.second), ("2026-03-01T06:00:10Z", 10 * Self.second),
            ("2026-03-01T06:00:10.5Z", 11 * Self.second), ("2026-03-01T05:00:00Z", 0), ("soon", nil), ("", nil),
            ("s", nil), ("2026-13-01T05:00:00Z", nil),
        ]
        for (text, wanted) in table { #expect(RateReset.delay(text, now: now) == wanted, "\(text)") }
    }
}
