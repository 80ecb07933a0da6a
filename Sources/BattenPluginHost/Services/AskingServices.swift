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
        let value = call.host.settings.services.secret(name, tag: call.tag)
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

/// A plugin's function that waits for a reservation.
@safe private struct GrantedCallback: @unchecked Sendable {
    // SAFETY: code of a shared object that is never unloaded, and a pointer that only the plugin looks into.
    let function: QuotaService.Granted
    let user: UnsafeMutableRawPointer?
    let token: UInt64

    func call(_ lease: UInt64, _ rc: batten_rc, _ retryAfter: Int64) {
        unsafe function(user, token, lease, rc, retryAfter)
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
    let callback = unsafe GrantedCallback(function: granted, user: user, token: token)
    let request = QuotaRequest(meter: meter, subject: subject, amount: amount)
    let services = call.host.settings.services
    services.hold(request, tag: call.tag) { [unowned services] answer in
        let host = call.host
        let isLive = host.table.find(token) === call
        let finish: @Sendable () -> Void
        switch answer {
        case .granted(let lease) where isLive:
            let name = host.leases.add(lease, token: token)
            finish = { callback.call(name, .BATTEN_RC_OK, -1) }
        case .granted(let lease):
            services.release(lease: lease)
            finish = { callback.call(0, .BATTEN_RC_STALE, -1) }
        case .refused(let retryAfter):
            finish = { callback.call(0, .BATTEN_RC_REFUSED, retryAfter) }
        }
        // Callbacks of a begun call come on its loop; it may be in the middle of `begin` now.
        if let loop = call.instance.loop { loop.post(finish) } else { finish() }
    }
    return .BATTEN_RC_OK
}

private func quotaSettle(_ host: HostTable.Host?, _ lease: UInt64, _ used: Int64) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "quota.settle")
    guard let plugin = use.plugin else { return .BATTEN_RC_BAD_ARGUMENT }
    guard used >= 0 else { return use.bad("has the amount \(used)") }
    if use.isChecked, !plugin.host.leases.hasGiven(lease) {
        use.tell(.services, "names the lease \(lease), which is none")
    }
    return plugin.host.leases.settle(lease, used: used) ? .BATTEN_RC_OK : .BATTEN_RC_STALE
}
