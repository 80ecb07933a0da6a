import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// `batten.secret/1`.
enum SecretService {
    static var table: batten_secret {
        let read:
            @convention(c) (HostTable.Host?, batten_token, batten_span, UnsafeMutablePointer<batten_buffer>?) ->
                batten_rc = unsafe secretRead
        return unsafe batten_secret(struct_size: tableSize(batten_secret.self), read: recast(read))
    }
}

private func secretRead(
    _ host: HostTable.Host?, _ token: batten_token, _ name: batten_span, _ buffer: UnsafeMutablePointer<batten_buffer>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "secret.read")
    guard let name = unsafe use.text(name, "name") else { return .BATTEN_RC_BAD_ARGUMENT }
    guard let buffer = unsafe buffer, !name.isEmpty, unsafe buffer.pointee.capacity == 0 || buffer.pointee.ptr != nil
    else { return use.bad("has no name, or a buffer that points nowhere") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    if !call.instance.executor.descriptor.declares(secret: name) {
        use.tell(.services, "asks for the secret '\(name)', which the executor does not declare")
    }
    guard call.instance.executor.descriptor.declares(secret: name),
        let value = call.secrets[name].map({ Array($0.utf8) })
            ?? call.host.settings.services.secret(name, tag: call.tag)
    else { return .BATTEN_RC_DENIED }
    unsafe buffer.pointee.length = UInt64(value.count)
    guard unsafe UInt64(value.count) <= buffer.pointee.capacity else { return .BATTEN_RC_TOO_SMALL }
    for (index, byte) in value.enumerated() { unsafe buffer.pointee.ptr?[index] = byte }
    return .BATTEN_RC_OK
}

extension ExecutorDescriptor {
    /// Whether its capabilities name a secret.
    func declares(secret name: String) -> Bool {
        capabilities["secrets"]?.arrayValue?.contains(.string(name)) ?? false
    }
}

/// `batten.quota/1`.
enum QuotaService {
    typealias Granted = @convention(c) (UnsafeMutableRawPointer?, batten_token, UInt64, batten_rc, Int64) -> Void

    static var table: batten_quota {
        let hold:
            @convention(c) (
                HostTable.Host?, batten_token, batten_span, batten_span, Int64, Granted?, UnsafeMutableRawPointer?
            ) -> batten_rc = unsafe quotaHold
        let settle: @convention(c) (HostTable.Host?, UInt64, Int64) -> batten_rc = unsafe quotaSettle
        return unsafe batten_quota(
            struct_size: tableSize(batten_quota.self), hold: recast(hold), settle: recast(settle))
    }
}

/// `batten.bound/1`.
enum BoundService {
    typealias Granted =
        @convention(c) (UnsafeMutableRawPointer?, batten_token, UInt64, batten_rc, Int64, Int64) -> Void

    static var table: batten_bound {
        let hold:
            @convention(c) (
                HostTable.Host?, batten_token, UnsafePointer<batten_request_bound>?, Granted?, UnsafeMutableRawPointer?
            ) -> batten_rc = unsafe boundHold
        return unsafe batten_bound(struct_size: tableSize(batten_bound.self), hold: recast(hold))
    }
}

/// A plugin's function that waits for a reservation.
@safe private struct GrantedCallback: @unchecked Sendable {
    // SAFETY: code of a shared object that is never unloaded, and a pointer that only the plugin looks into.
    @safe enum Function {
        case lease(QuotaService.Granted)
        case bound(BoundService.Granted)
    }

    let function: Function
    let user: UnsafeMutableRawPointer?
    let token: UInt64

    func call(_ lease: UInt64, _ rc: batten_rc, output: Int64, _ retryAfter: Int64) {
        switch function {
        case .lease(let granted): unsafe granted(user, token, lease, rc, retryAfter)
        case .bound(let granted): unsafe granted(user, token, lease, rc, output, retryAfter)
        }
    }
}

private func quotaHold(
    _ host: HostTable.Host?, _ token: batten_token, _ meter: batten_span, _ subject: batten_span, _ amount: Int64,
    _ granted: QuotaService.Granted?, _ user: UnsafeMutableRawPointer?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "quota.hold")
    guard let meter = unsafe use.text(meter, "meter"), let subject = unsafe use.text(subject, "subject") else {
        return .BATTEN_RC_BAD_ARGUMENT
    }
    guard !meter.isEmpty, amount >= 0, let granted = unsafe granted else {
        return use.bad("has no meter, no function to answer to, or the amount \(amount)")
    }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    let callback = unsafe GrantedCallback(function: .lease(granted), user: user, token: token)
    return ask(call, QuotaRequest(meter: meter, subject: subject, amount: amount), callback)
}

private func boundHold(
    _ host: HostTable.Host?, _ token: batten_token, _ bound: UnsafePointer<batten_request_bound>?,
    _ granted: BoundService.Granted?, _ user: UnsafeMutableRawPointer?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "bound.hold")
    guard let bound = unsafe bound, let granted = unsafe granted,
        unsafe bound.pointee.struct_size >= tableSize(batten_request_bound.self)
    else { return use.bad("has no bound of version 1, or no function to answer to") }
    guard let subject = unsafe use.text(bound.pointee.subject, "subject") else { return .BATTEN_RC_BAD_ARGUMENT }
    let flags = unsafe bound.pointee.flags
    let request = unsafe RequestBound(
        requests: bound.pointee.requests, inputTokens: bound.pointee.input_tokens,
        outputTokens: bound.pointee.output_tokens, leastOutputTokens: bound.pointee.least_output_tokens,
        followsDeclared: flags & UInt64(BATTEN_BOUND_NEXT) != 0)
    guard request.isSound, flags & ~UInt64(BATTEN_BOUND_NEXT) == 0 else {
        return use.bad("has a negative amount, an output that is less than its least, or unknown flags")
    }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    let callback = unsafe GrantedCallback(function: .bound(granted), user: user, token: token)
    return ask(call, QuotaRequest(request, of: subject), callback)
}

/// Has a call hold something, and tells it when it does.
private func ask(_ call: ActiveCall, _ request: QuotaRequest, _ callback: GrantedCallback) -> batten_rc {
    let token = call.token
    let (leases, source) = (call.host.leases, Leases.Source(call))
    // Nobody waits in a call that is to stop, or has ended.
    let question = leases.asks(token) { finish(call, callback, 0, .BATTEN_RC_STALE, -1) }
    call.reports.hold(request, tag: call.tag) { answer in
        let isAwaited = leases.answered(question, token: token)
        switch answer {
        case .granted(let lease, let output):
            guard isAwaited else { return source.sink.release(lease: lease, tag: source.tag) }
            let name = leases.add(lease, request.amount, source)
            finish(call, callback, name, .BATTEN_RC_OK, output: output, -1)
        case .refused(let retryAfter):
            if isAwaited { finish(call, callback, 0, .BATTEN_RC_REFUSED, retryAfter) }
        }
    }
    if call.stop.load(ordering: .relaxed) != 0 { leases.stop(token) }
    if call.host.table.find(token) !== call { leases.end(token) }
    return .BATTEN_RC_OK
}

/// Answers on the loop of a begun call, which may be in the middle of `begin` now, and of any other call on one that has
/// nothing to do with whoever answers.
private func finish(
    _ call: ActiveCall, _ callback: GrantedCallback, _ lease: UInt64, _ rc: batten_rc, output: Int64 = 0,
    _ retryAfter: Int64
) {
    let answer: @Sendable () -> Void = { callback.call(lease, rc, output: output, retryAfter) }
    if let loop = call.instance.loop ?? (try? call.host.loops.next()), loop.post(answer) { return }
    answer()
}

private func quotaSettle(_ host: HostTable.Host?, _ lease: UInt64, _ used: Int64) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "quota.settle")
    guard let plugin = use.plugin else { return .BATTEN_RC_BAD_ARGUMENT }
    guard used >= 0 else { return use.bad("has the amount \(used)") }
    let leases = plugin.host.leases
    if use.isChecked, !leases.hasGiven(lease) { use.tell(.services, "names the lease \(lease), which is none") }
    let source = leases.owner(of: lease)
    let settlement = leases.settle(lease, used: used) { token in
        plugin.host.table.find(token)?.instance.executor.plugin === plugin
    }
    switch settlement {
    case .settled: return .BATTEN_RC_OK
    case .exceeded(let excess):
        let what = "settles a lease with \(excess) more than it holds"
        unsafe ServiceUse(host, source?.token ?? 0, "quota.settle").tell(.services, what)
        source?.warn("the plugin \(what); it is booked")
        return .BATTEN_RC_REFUSED
    case .again:
        let what = "settles a lease that it has settled before"
        unsafe ServiceUse(host, source?.token ?? 0, "quota.settle").tell(.services, what)
        source?.warn("the plugin \(what); nothing is booked for it")
        return .BATTEN_RC_STALE
    case .over: return .BATTEN_RC_STALE
    }
}

extension Leases.Source {
    /// Says in the call's log what is wrong.
    func warn(_ text: String) { sink.log(tag: tag, stream: "warning", text: text) }
}
