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

    /// Holds part of a quota before it is used, and goes on at once; for loop executors.
    ///
    /// See the functions of the same name for the other executors.
    ///
    /// - Parameter then: called once, later, on the loop's thread: with what is held, or with ``Failure`` as the other
    ///   functions throw it. A lease that comes after the call has ended is given back by the host.
    public func hold(
        _ meter: String, of subject: String, _ amount: Int64, then: @escaping (Result<Lease, Failure>) -> Void
    ) {
        answer(ask(meter, subject, amount)) { [self] answer in
            then(Result { () throws(Failure) in try lease(answer, meter) })
        }
    }

    /// Holds all that a further request of the call uses at most before it goes out, and goes on at once; for loop
    /// executors.
    ///
    /// The usage that is reported meanwhile of the subject's requests and tokens is part of what is held. Settle the
    /// lease with the requests that were made. A host that does not offer it grants everything.
    ///
    /// - Parameter then: as for ``hold(_:of:_:then:)``, with the tokens that may come out.
    public func hold(
        _ bound: RequestBound, then: @escaping (Result<(lease: Lease, outputTokens: Int64), Failure>) -> Void
    ) {
        let promise = Promise<QuotaAnswer>()
        host.hold(token: token, bound, QuotaRequest(host: host, promise: promise))
        answer(promise) { [self] answer in
            var outputTokens = bound.outputTokens
            if case .granted(_, let output?) = answer { outputTokens = output }
            then(
                Result { () throws(Failure) in
                    (try lease(answer, "requests and tokens of \(bound.subject)"), outputTokens)
                })
        }
    }

    /// Has the loop hear of an answer once it is there.
    private func answer(_ promise: Promise<QuotaAnswer>, _ then: @escaping (QuotaAnswer) -> Void) {
        guard let loop else {
            let why = Failure(.failed, code: "host.loop", "this host has no event loop to answer on", effect: .none)
            return then(promise.fulfil(.failed(why)) ? .failed(why) : .stopped)
        }
        let receiver = LoopReceiver(then)
        promise.whenThere { answer in loop.post { receiver.take(answer) } }
    }

    private func ask(_ meter: String, _ subject: String, _ amount: Int64) -> Promise<QuotaAnswer> {
        let promise = Promise<QuotaAnswer>()
        host.hold(token: token, meter, subject, amount, QuotaRequest(host: host, promise: promise))
        return promise
    }

    private func lease(_ answer: QuotaAnswer, _ meter: String) throws(Failure) -> Lease {
        switch answer {
        case .granted(let id, _): return Lease(host: host, id: id)
        case .refused(let retryAfter):
            throw Failure(
                .quota, code: "quota.refused", "the quota of \(meter) is used up", effect: .none,
                retryAfter: retryAfter)
        case .impossible(let code):
            throw Failure(
                .bug, code: "quota.hold", "the host took no request for the quota of \(meter) (code \(code))",
                effect: .none)
        case .failed(let failure): throw failure
        case .stopped: throw .stopped(reasonToStop ?? .cancelled, effect: .none)
        }
    }
}

/// What a further request of a call uses at most.
public struct RequestBound: Sendable, Hashable {
    /// What is used, for example the model's name.
    public var subject: String
    /// Requests, not negative.
    public var requests: Int64 = 1
    /// Tokens that go in, not negative.
    public var inputTokens: Int64
    /// Tokens that come out, not negative.
    public var outputTokens: Int64
    /// What these may be cut down to where a budget has less left; nil if they cannot be.
    public var leastOutputTokens: Int64?
    /// Whether what the executor's `x-batten-usage` declares, and the call has not used, is given back first.
    ///
    /// It is for the request that was declared; once that is over, and all that it has used is reported, the next one
    /// needs no room beside it.
    public var followsDeclared = false

    /// Creates a bound of one request.
    public init(subject: String, inputTokens: Int64, outputTokens: Int64) {
        self.subject = subject
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}

/// A function that only the loop's thread calls.
private final class LoopReceiver: @unchecked Sendable {
    // SAFETY: only the loop's thread, to which the answer is posted, calls the function.
    let take: (QuotaAnswer) -> Void

    init(_ take: @escaping (QuotaAnswer) -> Void) {
        self.take = take
    }
}

/// What came of a request for a quota.
enum QuotaAnswer: Sendable {
    case granted(UInt64, output: Int64?)
    case failed(Failure)
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

    func answer(_ code: batten_rc, lease: UInt64, output: Int64? = nil, retryAfter: Int64) {
        switch code {
        case .BATTEN_RC_OK:
            // Nobody waits any more: the whole of it goes back.
            if !promise.fulfil(.granted(lease, output: output)), lease != 0 { host.settle(lease: lease, used: 0) }
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

    func hold(token: UInt64, _ bound: RequestBound, _ request: QuotaRequest) {
        guard let service = unsafe self.bound else { return request.answer(.BATTEN_RC_OK, lease: 0, retryAfter: -1) }
        let user = unsafe Unmanaged.passRetained(request).toOpaque()
        let code = unsafe withSpan(bound.subject) { subject in
            var asked = unsafe batten_request_bound(
                struct_size: UInt64(MemoryLayout<batten_request_bound>.size), subject: subject,
                requests: bound.requests, input_tokens: bound.inputTokens, output_tokens: bound.outputTokens,
                least_output_tokens: bound.leastOutputTokens ?? bound.outputTokens,
                flags: bound.followsDeclared ? UInt64(BATTEN_BOUND_NEXT) : 0)
            return unsafe service.pointee.hold(
                table, token, &asked,
                { user, _, lease, code, output, retryAfter in
                    guard let user = unsafe user else { return }
                    let request = unsafe Unmanaged<QuotaRequest>.fromOpaque(user).takeRetainedValue()
                    request.answer(code, lease: lease, output: output, retryAfter: retryAfter)
                }, user)
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
