internal import CBattenABI
internal import Synchronization

/// A part of a quota that a call holds; what is not settled is given back when the call ends.
public final class Lease: Sendable {
    private let host: Host
    private let id: UInt64
    private let isSettled = Atomic(false)

    init(host: Host, id: UInt64) {
        self.host = host
        self.id = id
    }

    /// Says what was really used and gives the rest back; only the first time counts.
    ///
    /// - Parameter used: not negative.
    public func settle(_ used: Int64) {
        guard !isSettled.exchange(true, ordering: .acquiringAndReleasing) else { return }
        host.settle(lease: id, used: used)
    }
}

extension Context {
    /// Holds part of a quota before it is used, and waits for it without a thread.
    ///
    /// A host without quotas grants everything.
    ///
    /// - Parameters:
    ///   - meter: for example `requests`.
    ///   - subject: for example the model's name.
    ///   - amount: what will be used at most; not negative.
    /// - Throws: ``Failure``: quota if it is refused, with the time to wait where the host knows it; cancelled or
    ///   deadline if the call is asked to end meanwhile.
    public func hold(_ meter: String, of subject: String, _ amount: Int64) async throws(Failure) -> Lease {
        try lease(await ask(meter, subject, amount).value(unlessCancelled: .stopped), meter)
    }

    /// Holds part of a quota before it is used, and blocks until it is there; for blocking executors.
    ///
    /// See the function of the same name for async executors.
    public func hold(_ meter: String, of subject: String, _ amount: Int64) throws(Failure) -> Lease {
        let promise = ask(meter, subject, amount)
        let handler = addHandler { _ in promise.fulfil(.stopped) }
        defer { removeHandler(handler) }
        return try lease(promise.wait(), meter)
    }

    private func ask(_ meter: String, _ subject: String, _ amount: Int64) -> Promise<QuotaAnswer> {
        let promise = Promise<QuotaAnswer>()
        host.hold(token: token, meter, subject, amount, QuotaRequest(host: host, promise: promise))
        return promise
    }

    private func lease(_ answer: QuotaAnswer, _ meter: String) throws(Failure) -> Lease {
        switch answer {
        case .granted(let id): return Lease(host: host, id: id)
        case .refused(let retryAfter):
            throw Failure(
                .quota, code: "quota.refused", "the quota of \(meter) is used up", effect: .none,
                retryAfter: retryAfter)
        case .impossible(let code):
            throw Failure(
                .bug, code: "quota.hold", "the host took no request for the quota of \(meter) (code \(code))",
                effect: .none)
        case .stopped: throw .stopped(reasonToStop ?? .cancelled, effect: .none)
        }
    }
}

/// What came of a request for a quota.
enum QuotaAnswer: Sendable {
    case granted(UInt64)
    case refused(retryAfter: Duration?)
    case impossible(Int32)
    case stopped
}

/// A request that the host holds until it has answered.
final class QuotaRequest: Sendable {
    private let host: Host
    private let promise: Promise<QuotaAnswer>

    init(host: Host, promise: Promise<QuotaAnswer>) {
        self.host = host
        self.promise = promise
    }

    func answer(_ code: batten_rc, lease: UInt64, retryAfter: Int64) {
        switch code {
        case .BATTEN_RC_OK:
            // Nobody waits any more: the whole of it goes back.
            if !promise.fulfil(.granted(lease)), lease != 0 { host.settle(lease: lease, used: 0) }
        case .BATTEN_RC_STALE: promise.fulfil(.stopped)
        case .BATTEN_RC_REFUSED:
            promise.fulfil(.refused(retryAfter: retryAfter < 0 ? nil : .nanoseconds(retryAfter)))
        default: promise.fulfil(.impossible(code.rawValue))
        }
    }
}

extension Host {
    func hold(token: UInt64, _ meter: String, _ subject: String, _ amount: Int64, _ request: QuotaRequest) {
        guard let quota = unsafe quota else { return request.answer(.BATTEN_RC_OK, lease: 0, retryAfter: -1) }
        guard amount >= 0 else { return request.answer(.BATTEN_RC_BAD_ARGUMENT, lease: 0, retryAfter: -1) }
        let user = unsafe Unmanaged.passRetained(request).toOpaque()
        let code = unsafe withSpan(meter) { meter in
            unsafe withSpan(subject) { subject in
                unsafe quota.pointee.hold(
                    table, token, meter, subject, amount,
                    { user, _, lease, code, retryAfter in
                        guard let user = unsafe user else { return }
                        let request = unsafe Unmanaged<QuotaRequest>.fromOpaque(user).takeRetainedValue()
                        request.answer(code, lease: lease, retryAfter: retryAfter)
                    }, user)
            }
        }
        guard code != .BATTEN_RC_OK else { return }
        unsafe Unmanaged<QuotaRequest>.fromOpaque(user).release()
        request.answer(code, lease: 0, retryAfter: -1)
    }

    func settle(lease: UInt64, used: Int64) {
        guard let quota = unsafe quota, lease != 0 else { return }
        _ = unsafe quota.pointee.settle(table, lease, max(0, used))
    }
}
