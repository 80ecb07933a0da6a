/// Names one attempt of one stage of one run in a call's 64 bits: run 27 bits, stage 17, attempt 20.
///
/// Runs are numbered in the order in which this engine took them and a number is never used again, so that a report
/// of a call that has outlived its run finds nothing.
struct CallTag: Hashable {
    static let maximumStage = (1 << 17) - 1
    static let maximumAttempt = (1 << 20) - 1

    let run: Int
    let stage: Int
    let attempt: Int

    init(run: Int, stage: Int, attempt: Int) {
        self.run = run
        self.stage = stage
        self.attempt = attempt
    }

    init(_ bits: UInt64) {
        run = Int(bits >> 37)
        stage = Int((bits >> 20) & UInt64(Self.maximumStage))
        attempt = Int(bits & UInt64(Self.maximumAttempt))
    }

    var bits: UInt64 {
        UInt64(run) << 37 | UInt64(stage & Self.maximumStage) << 20 | UInt64(attempt & Self.maximumAttempt)
    }
}
