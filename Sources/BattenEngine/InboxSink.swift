import BattenCore

/// Turns the reports of calls into messages for the engine.
final class InboxSink: CallSink {
    private let inbox: Inbox
    private let clock: any EngineClock
    /// Has the calling thread handle an outcome in place of the engine's, if that rests.
    private let workInPlace: @Sendable (_ tag: UInt64, StageOutcome) -> Bool

    init(
        inbox: Inbox, clock: any EngineClock, workInPlace: @escaping @Sendable (_ tag: UInt64, StageOutcome) -> Bool
    ) {
        self.inbox = inbox
        self.clock = clock
        self.workInPlace = workInPlace
    }

    func log(tag: UInt64, stream: String, text: String) {
        inbox.put(.log(tag: tag, stream: stream, text: text, at: clock.now()))
    }

    func progress(tag: UInt64, fraction: Double?, note: String) {
        inbox.put(.progress(tag: tag, fraction: fraction, note: note))
    }

    func stream(tag: UInt64, text: String) -> Bool {
        inbox.putStream(tag: tag, text: text)
    }

    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {
        inbox.put(.usage(tag: tag, metric: metric, subject: subject, amount: amount, at: clock.now()))
    }

    func checkpoint(tag: UInt64, state: [UInt8]) {
        inbox.put(.checkpoint(tag: tag, state: state))
    }

    func hold(_ request: QuotaRequest, tag: UInt64, answer: @escaping @Sendable (QuotaAnswer) -> Void) {
        inbox.put(.hold(tag: tag, request, answer: answer))
    }

    func settle(lease: UInt64, used: Int64, tag: UInt64) {
        inbox.put(.settle(tag: tag, lease: lease, used: used, at: clock.now()))
    }

    func release(lease: UInt64, tag: UInt64) {
        inbox.put(.release(tag: tag, lease: lease))
    }

    func finished(tag: UInt64, outcome: StageOutcome) {
        inbox.put(.finished(tag: tag, outcome: outcome))
    }

    func finishedOnFreeThread(tag: UInt64, outcome: StageOutcome) {
        if !workInPlace(tag, outcome) { inbox.put(.finished(tag: tag, outcome: outcome)) }
    }
}
