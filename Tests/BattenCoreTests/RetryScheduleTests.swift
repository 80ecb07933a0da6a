import Testing

@testable import BattenCore

@Suite struct RetryScheduleTests {
    static func policy(
        _ backoff: Backoff = .exponential, initial: Duration = .seconds(1), factor: Double = 2,
        max: Duration = .seconds(60), jitter: Jitter = .none, on: Set<OutcomeClass> = RetryPolicy.standard.on,
        written: Bool = false, attempts: Int = 3
    ) -> RetryPolicy {
        RetryPolicy(
            maxAttempts: attempts, backoff: backoff, initial: initial, factor: factor, max: max, jitter: jitter, on: on,
            isWritten: written)
    }

    @Test func delaysGrowAsWritten() {
        // Rule, then the delays in milliseconds before retries 1, 2, 3 …
        let table: [(policy: RetryPolicy, milliseconds: [Int64])] = [
            (Self.policy(.constant), [1_000, 1_000, 1_000]),
            (Self.policy(.linear), [1_000, 2_000, 3_000, 4_000]),
            (Self.policy(.exponential), [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]),
            (Self.policy(.exponential, initial: .milliseconds(500), factor: 3), [500, 1_500, 4_500, 13_500]),
            (Self.policy(.exponential, factor: 1), [1_000, 1_000]),
            (Self.policy(.constant, initial: .seconds(90)), [60_000]),
            (Self.policy(.linear, max: .milliseconds(2_500)), [1_000, 2_000, 2_500]),
            (Self.policy(.exponential, initial: .zero), [0, 0, 0]),
            (Self.policy(.exponential, initial: .nanoseconds(-5)), [0]),
            (Self.policy(.exponential, factor: .infinity), [1_000, 60_000]),
            (Self.policy(.exponential, factor: .nan), [1_000, 1_000]),
        ]
        for row in table {
            let delays = row.milliseconds.indices.map { retry in
                RetrySchedule.delay(policy: row.policy, retry: retry + 1, seed: 1, stage: 0, attempt: retry + 1)
            }
            #expect(delays == row.milliseconds.map { .milliseconds($0) }, "\(row.policy)")
        }
    }

    @Test func hugeNumbersNeverTrap() {
        let policy = Self.policy(
            .exponential, initial: .seconds(Int64.max), factor: 1e300, max: .seconds(Int64.max), jitter: .full)
        for retry in [0, 1, 2, Int.max] {
            let delay = RetrySchedule.delay(
                policy: policy, retry: retry, seed: .max, stage: .max, attempt: .max, retryAfter: .seconds(Int64.max))
            #expect(delay >= .zero)
        }
    }

    @Test func jitterStaysInItsBoundsAndIsTheSameForTheSameSeed() {
        for (jitter, least) in [(Jitter.equal, 500), (.full, 0)] {
            var seen: Set<Duration> = []
            for attempt in 1...500 {
                let policy = Self.policy(.constant, jitter: jitter)
                let delay = RetrySchedule.delay(policy: policy, retry: 1, seed: 7, stage: 3, attempt: attempt)
                #expect(delay >= .milliseconds(least) && delay < .seconds(1))
                #expect(delay == RetrySchedule.delay(policy: policy, retry: 1, seed: 7, stage: 3, attempt: attempt))
                seen.insert(delay)
            }
            #expect(seen.count > 490)
        }
    }

    @Test func theLongerOfBackoffAndRetryAfterWins() {
        let table: [(own: Int, asked: Int?, expected: Int)] = [
            (1, nil, 1), (1, 5, 5), (10, 5, 10), (1, 600, 600), (1, 0, 1), (1, -3, 1),
        ]
        for row in table {
            let delay = RetrySchedule.delay(
                policy: Self.policy(.constant, initial: .seconds(row.own)), retry: 1, seed: 1, stage: 0, attempt: 1,
                retryAfter: row.asked.map { .seconds($0) })
            #expect(delay == .seconds(row.expected), "\(row)")
        }
    }

    @Test func whatIsTriedAgain() {
        let written: Set<OutcomeClass> = RetryPolicy.standard.on.union([.failed])
        // Class, effect, idempotent, retry written, classes, attempts so far of 3, verdict.
        let table: [(OutcomeClass, Effect, Bool, Bool, Set<OutcomeClass>, Int, Bool)] = [
            (.transient, .none, false, false, RetryPolicy.standard.on, 1, true),
            (.transient, .none, false, false, RetryPolicy.standard.on, 2, true),
            (.transient, .none, false, false, RetryPolicy.standard.on, 3, false),
            (.transient, .made, false, false, RetryPolicy.standard.on, 1, false),
            (.transient, .unknown, false, false, RetryPolicy.standard.on, 1, false),
            (.transient, .unknown, true, false, RetryPolicy.standard.on, 1, true),
            (.transient, .made, false, true, written, 1, true),
            (.timeout, .unknown, false, false, RetryPolicy.standard.on, 1, false),
            (.timeout, .unknown, false, true, written, 1, true),
            (.crashed, .unknown, true, false, RetryPolicy.standard.on, 1, true),
            (.failed, .none, false, false, RetryPolicy.standard.on, 1, false),
            (.failed, .none, true, false, RetryPolicy.standard.on, 1, false),
            (.failed, .made, false, true, written, 1, true),
            (.failed, .made, false, true, [.transient], 1, false),
            (.permanent, .none, true, true, written, 1, false),
            (.permanent, .none, true, true, [.permanent], 1, true),
            (.cancelled, .none, true, true, written, 1, false),
            (.quota, .none, true, true, written, 1, false),
            (.rateLimited, .none, false, false, RetryPolicy.standard.on, 1, true),
            (.ok, .none, true, true, [.ok], 1, false),
        ]
        for row in table {
            let verdict = RetrySchedule.isRetried(
                StageOutcome(row.0, effect: row.1), policy: Self.policy(on: row.4, written: row.3), isIdempotent: row.2,
                attempts: row.5)
            #expect(verdict == row.6, "\(row)")
        }
    }
}
