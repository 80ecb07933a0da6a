import BattenCore
import BattenSystem
import Synchronization

/// What calls say, on its way to the host.
extension WorkerServer {
    // MARK: Outcomes

    func finished(tag: UInt64, image: OutcomeImage) {
        tokens.withLock { $0[tag] = nil }
        let isAdded = outbox.add(.ended, token: tag, blob: image.blob) { $0.append(contentsOf: image.bytes) }
        if !isAdded {
            addStopped(tag, HostOutcome.noResources("the outcome is too large for a message and for a memory file"))
        }
        flush()
    }

    func finished(tag: UInt64, outcome: StageOutcome) {
        tokens.withLock { $0[tag] = nil }
        addStopped(tag, outcome)
        flush()
    }

    private func addStopped(_ tag: UInt64, _ outcome: StageOutcome) {
        outbox.add(.stopped, token: tag) { JSONWriter.append(outcome.frameDocument, to: &$0) }
    }

    // MARK: Reports

    /// Whether the host has more to take than it wants at once.
    var isBehind: Bool { credit.load(ordering: .relaxed) <= 0 }

    /// Whether even what cannot be refused has to be dropped.
    private var isOverfull: Bool { credit.load(ordering: .relaxed) <= -FrameLimits.reportWindow }

    func log(tag: UInt64, stream: String, text: String) {
        guard !isOverfull else {
            dropped.add(1, ordering: .relaxed)
            return
        }
        let lost = dropped.exchange(0, ordering: .relaxed)
        if lost > 0 { addLog(tag, "warning", "\(lost) lines were dropped because the host was behind") }
        addLog(tag, stream, text)
    }

    private func addLog(_ tag: UInt64, _ stream: String, _ text: String) {
        report(.log, tag) { body in
            body.append(text: stream)
            body.append(text: text)
        }
    }

    func progress(tag: UInt64, fraction: Double?, note: String) {
        guard !isOverfull else { return }
        report(.progress, tag) { body in
            body.append(integer: (fraction ?? .nan).bitPattern)
            body.append(text: note)
        }
    }

    func stream(tag: UInt64, text: String) -> Bool {
        report(.stream, tag) { $0.append(contentsOf: text.utf8) }
        return !isBehind
    }

    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {
        report(.usage, tag) { body in
            body.append(integer: amount)
            body.append(text: metric)
            body.append(text: subject)
        }
    }

    func checkpoint(tag: UInt64, state: [UInt8]) {
        report(.checkpoint, tag) { $0.append(contentsOf: state) }
    }

    /// Passes on what concerns no single call.
    func tell(_ told: HostReport) {
        guard !isOverfull else { return }
        let (kind, text): (String, String)
        switch told {
        case .log(_, let level, let line): (kind, text) = (level, line)
        case .misbehaviour(_, let rule): (kind, text) = (Self.ruleReport, rule)
        case .notStopped(_, let reason): (kind, text) = (Self.notStoppedReport, reason)
        default: return
        }
        report(.report, 0) { body in
            body.append(text: kind)
            body.append(text: text)
        }
    }

    /// What a report of a broken rule is called; log lines are called after their level.
    static let ruleReport = "rule"
    /// What a report about a plugin that did not stop is called.
    static let notStoppedReport = "not_stopped"

    private func report(_ kind: FrameKind, _ tag: UInt64, _ body: (inout [UInt8]) -> Void) {
        var size = FrameLimits.head
        outbox.add(kind, token: tag) { bytes in
            let start = bytes.count
            body(&bytes)
            size += bytes.count - start
        }
        credit.subtract(size, ordering: .relaxed)
        flush()
    }

    // MARK: Sending

    /// Sends what was added: at once from other threads, gathered from the loop's own.
    func flush() {
        guard loop.isCurrent else { return settle(outbox.flush()) }
        guard !isFlushPosted.exchange(true, ordering: .acquiring) else { return }
        loop.post(self)
    }

    /// Acts on what became of sending.
    func settle(_ result: FrameOutbox.Flush) {
        switch result {
        case .done: return
        case .blocked: watchForRoom()
        case .ended: ProcessLife.killOwnSession()
        }
    }
}
