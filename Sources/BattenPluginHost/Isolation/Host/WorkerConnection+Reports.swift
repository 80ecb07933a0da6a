import BattenCore
import BattenSystem
import Synchronization

/// What a worker reports and asks; on the loop.
extension WorkerConnection {
    func report(_ frame: Frame) throws(FrameFault) {
        if frame.kind == .report { return try tell(frame) }
        guard let call = shared.withLock({ $0.calls[frame.token] }) else { return }
        switch frame.kind {
        case .log:
            let (stream, text): (String, String) = try frame.read { cursor in
                guard let stream = cursor.text(), let text = cursor.text() else { return nil }
                return (stream, text)
            }
            call.sink.log(tag: call.tag, stream: stream, text: text)
        case .progress:
            let (fraction, note): (Double, String) = try frame.read { cursor in
                guard let fraction = cursor.double(), let note = cursor.text() else { return nil }
                return (fraction, note)
            }
            let known = fraction.isNaN ? nil : max(0, min(fraction, 1))
            call.sink.progress(tag: call.tag, fraction: known, note: note)
        case .stream:
            let text: String = try frame.read { cursor in unsafe String(decoding: cursor.rest(), as: UTF8.self) }
            if !call.sink.stream(tag: call.tag, text: text) { outbox.add(.behind, token: frame.token) }
        case .usage:
            let (amount, metric, subject): (Int64, String, String) = try frame.read { cursor in
                guard let amount = cursor.integer(Int64.self), let metric = cursor.text(), let subject = cursor.text(),
                    amount >= 0, !metric.isEmpty
                else { return nil }
                return (amount, metric, subject)
            }
            call.sink.usage(tag: call.tag, metric: metric, subject: subject, amount: amount)
        default:
            let state: [UInt8] = try frame.read { cursor in unsafe [UInt8](cursor.rest()) }
            guard state.count <= BeatService.longestCheckpoint else { throw FrameFault("a checkpoint is over 1 MiB") }
            call.sink.checkpoint(tag: call.tag, state: state)
        }
    }

    private func tell(_ frame: Frame) throws(FrameFault) {
        let (kind, text): (String, String) = try frame.read { cursor in
            guard let kind = cursor.text(), let text = cursor.text() else { return nil }
            return (kind, text)
        }
        let plugin = group.plugin.descriptor.id
        switch kind {
        case WorkerServer.ruleReport: group.host.settings.report(.misbehaviour(plugin: plugin, rule: text))
        case WorkerServer.notStoppedReport: group.host.settings.report(.notStopped(plugin: plugin, reason: text))
        case "debug", "info", "warning", "error":
            group.host.settings.report(.log(plugin: plugin, level: kind, text: text))
        default: throw FrameFault("there is no report \(kind)")
        }
    }

    func returnCredit() {
        let debt = reportDebt
        if debt >= FrameLimits.reportWindow / 4 {
            reportDebt = 0
            outbox.add(.credit, token: 0) { $0.append(integer: UInt64(debt)) }
        }
        settle(outbox.flush())
    }

    func ask(_ frame: Frame) throws(FrameFault) {
        var cursor = unsafe ByteCursor(frame.body)
        guard let question = cursor.integer(UInt8.self).flatMap(WorkerQuestion.init(rawValue:)),
            let number = cursor.integer(UInt64.self)
        else { throw FrameFault("a question has the wrong shape") }
        let (services, leases) = (group.host.settings.services, group.host.leases)
        let isOwn = { [self] (token: UInt64) in shared.withLock { $0.calls[token] != nil } }
        switch question {
        case .secret:
            guard let name = cursor.text(), cursor.isAtEnd else { throw FrameFault("a question has the wrong shape") }
            var value: [UInt8]?
            if let call = shared.withLock({ $0.calls[frame.token] }), call.executor.declares(secret: name) {
                value = call.secrets[name].map { Array($0.utf8) } ?? services.secret(name, tag: call.tag)
            }
            outbox.add(.answer, token: number) { body in
                body.append(value == nil ? 0 : 1)
                if let value { body.append(contentsOf: value) }
            }
        case .hold:
            guard let request = QuotaRequest(&cursor) else { throw FrameFault("a question has the wrong shape") }
            guard let call = shared.withLock({ $0.calls[frame.token] }) else { return answer(number, 0, -1) }
            let source = Leases.Source(token: call.token, tag: call.tag, sink: call.sink)
            let question = leases.asks(call.token) {}
            call.sink.hold(request, tag: call.tag) { [self] answer in
                let isAwaited = leases.answered(question, token: call.token)
                switch answer {
                case .granted(let lease, _) where !isAwaited:
                    source.sink.release(lease: lease, tag: source.tag)
                    self.answer(number, 0, -1)
                case .granted(let lease, let output):
                    self.answer(number, leases.add(lease, request.amount, source), -1, output: output)
                case .refused(let retryAfter): self.answer(number, 0, retryAfter)
                }
            }
            if call.hasEnded { leases.end(call.token) }
        case .settle:
            guard let used = cursor.integer(Int64.self), cursor.isAtEnd, used >= 0 else {
                throw FrameFault("a question has the wrong shape")
            }
            _ = leases.settle(number, used: used, isOwner: isOwn)
        case .release:
            guard cursor.isAtEnd else { throw FrameFault("a question has the wrong shape") }
            leases.release(number, isOwner: isOwn)
        case .makeFile, .openFile, .sealFile:
            guard let blob = cursor.integer(UInt64.self), cursor.isAtEnd else {
                throw FrameFault("a question has the wrong shape")
            }
            let answer = spool(question, blob, for: frame.token)
            outbox.add(.answer, token: number, blob: answer.descriptor) { body in
                guard answer.descriptor < 0 else { return }
                body.append(answer.code)
                body.append(contentsOf: answer.reason.utf8)
            }
        }
    }

    /// A file of the spool for a call of this worker's.
    private func spool(_ wish: WorkerQuestion, _ blob: UInt64, for token: UInt64) -> SpoolAnswer {
        guard let call = shared.withLock({ $0.calls[token] }) else { return .stale }
        if wish == .makeFile, spooled.load(ordering: .relaxed) >= Self.mostSpooled {
            return .refused("the calls of this worker have \(Self.mostSpooled) large blobs already")
        }
        return call.blobs.withLock { blobs in
            let answer = blobs.answer(wish, blob, folder: group.host.settings.spoolFolder)
            if wish == .makeFile, answer.descriptor >= 0 { spooled.add(1, ordering: .relaxed) }
            return answer
        }
    }

    private func answer(_ number: UInt64, _ lease: UInt64, _ retryAfter: Int64, output: Int64 = 0) {
        outbox.add(.answer, token: number) { body in
            body.append(integer: lease)
            body.append(integer: retryAfter)
            body.append(integer: output)
        }
        flush(gathered: false)
    }
}

extension QuotaRequest {
    /// Reads what a worker asks for; nil if it has the wrong shape.
    fileprivate init?(_ cursor: inout ByteCursor) {
        guard let amount = cursor.integer(Int64.self), let meter = cursor.text(), let subject = cursor.text(),
            amount >= 0, !meter.isEmpty
        else { return nil }
        if cursor.isAtEnd {
            self.init(meter: meter, subject: subject, amount: amount)
            return
        }
        guard let input = cursor.integer(Int64.self), let output = cursor.integer(Int64.self),
            let least = cursor.integer(Int64.self), let follows = cursor.integer(UInt8.self), cursor.isAtEnd
        else { return nil }
        let bound = RequestBound(
            requests: amount, inputTokens: input, outputTokens: output, leastOutputTokens: least,
            followsDeclared: follows != 0)
        guard bound.isSound else { return nil }
        self.init(bound, of: subject)
    }
}
