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

/// `batten.blob/1`.
enum BlobService {
    static var table: batten_blob {
        let open: @convention(c) (HostTable.Host?, batten_token, UInt64, UnsafeMutablePointer<Int32>?) -> batten_rc =
            unsafe blobOpen
        let create:
            @convention(c) (
                HostTable.Host?, batten_token, UInt64, UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<UInt64>?
            ) -> batten_rc = unsafe blobCreate
        let seal: @convention(c) (HostTable.Host?, batten_token, UInt64) -> batten_rc = unsafe blobSeal
        return unsafe batten_blob(
            struct_size: tableSize(batten_blob.self), open: recast(open), create: recast(create), seal: recast(seal))
    }
}

private func blobOpen(
    _ host: HostTable.Host?, _ token: batten_token, _ number: UInt64, _ result: UnsafeMutablePointer<Int32>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "blob.open")
    guard let result = unsafe result else { return use.bad("has no place for the descriptor") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    return call.blobs.withLock { blobs in
        guard let descriptor = blobs.descriptor(number) else { return use.bad("names \(number), which is no blob") }
        guard let opened = try? MemoryFile.reopened(descriptor) else { return .BATTEN_RC_REFUSED }
        call.host.rules?.lends(blob: opened.rawValue, call.instance.executor.plugin.descriptor.id)
        unsafe result.pointee = opened.release()
        return .BATTEN_RC_OK
    }
}

private func blobCreate(
    _ host: HostTable.Host?, _ token: batten_token, _ hint: UInt64, _ result: UnsafeMutablePointer<Int32>?,
    _ number: UnsafeMutablePointer<UInt64>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "blob.create")
    guard let result = unsafe result, let number = unsafe number else { return use.bad("has no place for the answer") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    guard let file = try? MemoryFile.make("batten-blob"), let handed = try? MemoryFile.duplicate(file.rawValue) else {
        return .BATTEN_RC_REFUSED
    }
    let name = call.host.lastBlob.add(1, ordering: .relaxed).newValue
    guard call.blobs.withLock({ [file = file.release()] in $0.insert(name, Descriptor(owning: file)) }) else {
        return .BATTEN_RC_REFUSED
    }
    call.host.rules?.lends(blob: handed.rawValue, call.instance.executor.plugin.descriptor.id)
    unsafe result.pointee = handed.release()
    unsafe number.pointee = name
    return .BATTEN_RC_OK
}

private func blobSeal(_ host: HostTable.Host?, _ token: batten_token, _ number: UInt64) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "blob.seal")
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    return call.blobs.withLock { blobs in
        guard let descriptor = blobs.descriptor(number) else { return use.bad("names \(number), which is no blob") }
        guard (try? MemoryFile.seal(descriptor)) != nil else { return .BATTEN_RC_REFUSED }
        blobs.markSealed(number)
        return .BATTEN_RC_OK
    }
}
