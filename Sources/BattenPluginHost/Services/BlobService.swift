import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// `batten.blob/1`.
///
/// A blob whose maker says that it stays small is a memory file; every other one is a file of the spool, and so is one
/// that has grown beyond ``CallBlobs/memoryLimit`` when it is sealed.
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

    /// Says in a call's log why a blob is refused.
    static func refuse(_ call: ActiveCall, _ what: StaticString, _ reason: String) -> batten_rc {
        call.reports.log(tag: call.tag, stream: "warning", text: "the blob cannot be \(what): \(reason)")
        return .BATTEN_RC_REFUSED
    }

    /// Notes that a plugin has a descriptor of a blob.
    static func lend(_ descriptor: Int32, to call: ActiveCall) {
        call.host.rules?.lends(blob: descriptor, call.instance.executor.plugin.descriptor.id)
    }
}

private func blobOpen(
    _ host: HostTable.Host?, _ token: batten_token, _ number: UInt64, _ result: UnsafeMutablePointer<Int32>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "blob.open")
    guard let result = unsafe result else { return use.bad("has no place for the descriptor") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    // Not under the lock where another process is asked: its answer may need this one's other threads.
    let answer: SpoolAnswer? = call.blobs.withLock { blobs in
        guard let file = blobs.file(number) else { return SpoolAnswer.noSpool }
        guard case .memory(let descriptor) = file else { return nil }
        guard let opened = try? MemoryFile.reopened(descriptor) else {
            return .refused("this process has no descriptor left")
        }
        return .file(opened.release())
    }
    switch answer ?? call.spool(.openFile, number) {
    case .file(let descriptor):
        BlobService.lend(descriptor, to: call)
        unsafe result.pointee = descriptor
        return .BATTEN_RC_OK
    case .noSpool: return use.bad("names \(number), which is no blob")
    case .refused(let reason): return BlobService.refuse(call, "opened", reason)
    case .stale: return .BATTEN_RC_STALE
    }
}

private func blobCreate(
    _ host: HostTable.Host?, _ token: batten_token, _ hint: UInt64, _ result: UnsafeMutablePointer<Int32>?,
    _ number: UnsafeMutablePointer<UInt64>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "blob.create")
    guard let result = unsafe result, let number = unsafe number else { return use.bad("has no place for the answer") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    let name = call.host.lastBlob.add(1, ordering: .relaxed).newValue
    let isSmall = hint > 0 && hint <= CallBlobs.memoryLimit
    let handed: Int32
    switch isSmall ? SpoolAnswer.noSpool : call.spool(.makeFile, name) {
    case .file(let descriptor):
        guard call.noteSpooled(name, writer: descriptor) else {
            _ = Descriptor(owning: descriptor)
            return BlobService.refuse(call, "made", "the call has \(CallBlobs.limit) already")
        }
        handed = descriptor
    case .noSpool:
        guard let file = try? MemoryFile.make("batten-blob"), let second = try? MemoryFile.duplicate(file.rawValue)
        else { return BlobService.refuse(call, "made", "this process has no descriptor left") }
        let kept = file.release()
        guard call.blobs.withLock({ $0.insert(name, .memory(kept)) }) else {
            _ = Descriptor(owning: kept)
            return BlobService.refuse(call, "made", "the call has \(CallBlobs.limit) already")
        }
        handed = second.release()
    case .refused(let reason): return BlobService.refuse(call, "made", reason)
    case .stale: return .BATTEN_RC_STALE
    }
    BlobService.lend(handed, to: call)
    unsafe result.pointee = handed
    unsafe number.pointee = name
    return .BATTEN_RC_OK
}

private func blobSeal(_ host: HostTable.Host?, _ token: batten_token, _ number: UInt64) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "blob.seal")
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    let result: batten_rc? = call.blobs.withLock { blobs in
        guard let file = blobs.file(number) else { return use.bad("names \(number), which is no blob") }
        guard case .memory(let descriptor) = file else { return nil }
        return (try? MemoryFile.seal(descriptor)) == nil ? .BATTEN_RC_REFUSED : nil
    }
    if let result { return result }
    if let reason = call.moveIfLarge(number) {
        // Half of it may be in the spool already.
        call.blobs.withLock { $0.remove(number) }
        return BlobService.refuse(call, "kept", reason)
    }
    let isInMemory = call.blobs.withLock { blobs in
        guard case .memory = blobs.file(number) else { return false }
        blobs.markSealed(number)
        return true
    }
    if isInMemory { return .BATTEN_RC_OK }
    switch call.spool(.sealFile, number) {
    case .file(let descriptor):
        let reader = Descriptor(owning: descriptor)
        let writer = call.blobs.withLock { $0.takeHanded(number) }
        // Whoever has the descriptor of `create` still reads with it.
        guard writer < 0 || (try? SpoolFile.close(writer: writer, to: reader.rawValue)) != nil else {
            return BlobService.refuse(call, "sealed", "its descriptor cannot be taken back")
        }
        return .BATTEN_RC_OK
    case .noSpool: return BlobService.refuse(call, "sealed", "there is no such blob")
    case .refused(let reason): return BlobService.refuse(call, "sealed", reason)
    case .stale: return .BATTEN_RC_STALE
    }
}
