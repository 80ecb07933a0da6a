/// Names one attempt of one stage or item of one run in a call's 64 bits: run 28 bits, stage 20, attempt 16.
///
/// Runs are numbered in the order in which this engine took them and a number is never used again, so that a report
/// of a call that has outlived its run finds nothing.
struct CallTag: Hashable {
    private static let maximumStage = (1 << 20) - 1
    private static let maximumAttempt = (1 << 16) - 1

    let run: Int
    /// Place of the stage's or item's row.
    let stage: Int
    /// Attempt number, without what goes beyond its bits.
    let attempt: Int

    init(run: Int, stage: Int, attempt: Int) {
        self.run = run
        self.stage = stage
        self.attempt = attempt & Self.maximumAttempt
    }

    /// Whether this is the call of a stage's attempt.
    func names(attempt number: Int) -> Bool { attempt == number & Self.maximumAttempt }

    init(_ bits: UInt64) {
        run = Int(bits >> 36)
        stage = Int((bits >> 16) & UInt64(Self.maximumStage))
        attempt = Int(bits & UInt64(Self.maximumAttempt))
    }

    var bits: UInt64 {
        UInt64(run) << 36 | UInt64(stage & Self.maximumStage) << 16 | UInt64(attempt)
    }
}
