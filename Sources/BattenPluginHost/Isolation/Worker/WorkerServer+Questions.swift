import BattenCore
import BattenSystem

/// What calls ask, which the host answers.
extension WorkerServer {
    /// Questions that have no answer yet.
    struct Asked: Sendable {
        var last: UInt64 = 0
        var holds: [UInt64: @Sendable (QuotaAnswer) -> Void] = [:]
        var secrets: [UInt64: SecretAnswer] = [:]
        /// Wishes for files of the spool; nil as long as there is no answer.
        var files: [UInt64: SpoolAnswer?] = [:]
    }

    /// How far a question about a secret has come.
    enum SecretAnswer: Sendable {
        case open
        case given([UInt8]?)
    }

    func secret(_ name: String, tag: UInt64) -> [UInt8]? {
        let number = asked.withLock { asked in
            asked.last += 1
            asked.secrets[asked.last] = .open
            return asked.last
        }
        ask(.secret, number, tag) { $0.append(text: name) }
        settle(outbox.flush())
        func answer(_ asked: Asked) -> [UInt8]?? {
            if case .given(let value) = asked.secrets[number] { return .some(value) }
            return nil
        }
        if loop.isCurrent {
            pump { asked.withLock { answer($0) != nil } }
        } else {
            _ = asked.wait { answer($0) != nil ? true : nil }
        }
        return asked.withLock { asked in
            defer { asked.secrets[number] = nil }
            return answer(asked) ?? nil
        }
    }

    /// Has the host make, open or seal a file of the spool, which this process cannot open itself.
    func spool(_ wish: WorkerQuestion, blob: UInt64, tag: UInt64) -> SpoolAnswer {
        let number = asked.withLock { asked in
            asked.last += 1
            asked.files.updateValue(nil, forKey: asked.last)
            return asked.last
        }
        ask(wish, number, tag) { $0.append(integer: blob) }
        settle(outbox.flush())
        func isAnswered(_ asked: Asked) -> Bool { if case .some(.none) = asked.files[number] { false } else { true } }
        if loop.isCurrent {
            pump { asked.withLock { isAnswered($0) } }
        } else {
            _ = asked.wait { isAnswered($0) ? true : nil }
        }
        return asked.withLock { $0.files.removeValue(forKey: number) ?? nil } ?? .stale
    }

    func hold(_ request: QuotaRequest, tag: UInt64, answer: @escaping @Sendable (QuotaAnswer) -> Void) {
        let number = asked.withLock { asked in
            asked.last += 1
            asked.holds[asked.last] = answer
            return asked.last
        }
        ask(.hold, number, tag) { body in
            body.append(integer: request.amount)
            body.append(text: request.meter)
            body.append(text: request.subject)
            guard let bound = request.bound else { return }
            for amount in [bound.inputTokens, bound.outputTokens, bound.leastOutputTokens] {
                body.append(integer: amount)
            }
            body.append(bound.followsDeclared ? 1 : 0)
        }
        flush()
    }

    func settle(lease: UInt64, used: Int64, tag: UInt64) {
        ask(.settle, lease, 0) { $0.append(integer: used) }
        flush()
    }

    func release(lease: UInt64, tag: UInt64) {
        ask(.release, lease, 0) { _ in }
        flush()
    }

    private func ask(_ question: WorkerQuestion, _ number: UInt64, _ tag: UInt64, _ body: (inout [UInt8]) -> Void) {
        outbox.add(.ask, token: tag) { bytes in
            bytes.append(question.rawValue)
            bytes.append(integer: number)
            body(&bytes)
        }
    }

    /// Takes an answer.
    func answered(_ frame: Frame) throws(FrameFault) {
        let number = frame.token
        if let hold = asked.withLock({ $0.holds.removeValue(forKey: number) }) {
            let answer: QuotaAnswer = try frame.read { cursor in
                guard let lease = cursor.integer(UInt64.self), let retryAfter = cursor.integer(Int64.self),
                    let output = cursor.integer(Int64.self)
                else { return nil }
                return lease == 0 ? .refused(retryAfter: retryAfter) : .granted(lease: lease, output: output)
            }
            return hold(answer)
        }
        if asked.withLock({ $0.files[number] != nil }) {
            let answer: SpoolAnswer = try frame.read { cursor in
                guard let code = cursor.integer(UInt8.self) else { return nil }
                let reason = unsafe cursor.rest()
                return SpoolAnswer(code: code, reason: unsafe String(decoding: reason, as: UTF8.self))
            }
            return asked.signal(all: true) { $0.files[number] = .some(answer) }
        }
        let value: SecretAnswer = try frame.read { cursor in
            guard let isThere = cursor.integer(UInt8.self) else { return nil }
            let bytes = unsafe [UInt8](cursor.rest())
            return .given(isThere == 0 ? nil : bytes)
        }
        let isAwaited = asked.signal(all: true) { asked in
            guard case .open = asked.secrets[number] else { return false }
            asked.secrets[number] = value
            return true
        }
        guard isAwaited else { throw FrameFault("an answer came to a question that was not asked") }
    }
}

extension WorkerServer {
    /// Takes an answer that brings a file of the spool.
    func answered(_ frame: Frame, file: consuming Descriptor) throws(FrameFault) {
        let descriptor = file.release()
        let isAwaited = asked.signal(all: true) { asked in
            guard asked.files[frame.token] != nil else { return false }
            asked.files[frame.token] = .some(.file(descriptor))
            return true
        }
        guard isAwaited else { throw FrameFault("a file came to a question that was not asked") }
    }
}

/// What a worker asks on behalf of a call.
enum WorkerQuestion: UInt8, Sendable {
    /// A name; the answer is whether it is there, and the value.
    case secret = 1
    /// Amount, meter and subject, and the rest of a request's bound if it is one; the answer is a lease or 0, how long
    /// to wait, and the tokens that may come out.
    case hold = 2
    /// A lease and what was used; no answer.
    case settle = 3
    /// A lease; no answer.
    case release = 4
    /// The number of a blob; the answer brings a new file for it that can be written.
    case makeFile = 5
    /// The number of a blob; the answer brings its file, to be read from the first byte.
    case openFile = 6
    /// The number of a blob, which can be an output from then on; the answer brings its file, to be read.
    case sealFile = 7
}
