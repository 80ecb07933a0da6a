import CBattenABI
import Synchronization

/// Makes the table of functions that a plugin knows as its host.
///
/// The functions take every pointer as one that may be NULL, because a plugin can pass anything; the header promises
/// plugins more than that, hence the casts.
enum HostTable {
    typealias Host = UnsafePointer<batten_host>

    /// A table that lives for ever; its context is the caller's to set.
    static func make(version: String) -> UnsafeMutablePointer<batten_host> {
        let table = UnsafeMutablePointer<batten_host>.allocate(capacity: 1)
        let query: @convention(c) (Host?, UnsafePointer<CChar>?) -> UnsafeRawPointer? = unsafe hostQuery
        let complete: @convention(c) (Host?, batten_token, UnsafePointer<batten_outcome>?) -> batten_rc =
            unsafe hostComplete
        let shouldStop: @convention(c) (Host?, batten_token) -> batten_stop = unsafe hostShouldStop
        unsafe table.initialize(
            to: batten_host(
                struct_size: UInt32(MemoryLayout<batten_host>.size), abi_major: UInt16(BATTEN_ABI_MAJOR),
                abi_minor: UInt16(BATTEN_ABI_MINOR), context: nil, name: immortal("batten"),
                version: immortal(version), query: unsafe recast(query),
                complete: unsafe recast(complete),
                should_stop: unsafe recast(shouldStop)))
        return unsafe table
    }

    /// The plugin behind a host pointer.
    static func plugin(_ host: Host?) -> LoadedPlugin? {
        guard let context = unsafe host?.pointee.context else { return nil }
        return unsafe Unmanaged<LoadedPlugin>.fromOpaque(context).takeUnretainedValue()
    }

    /// A copy of a text that lives for ever.
    private static func immortal(_ text: String) -> UnsafePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe copy[index] = byte }
        return unsafe UnsafePointer(copy)
    }
}

/// Gives a function that takes optional pointers the type that the header promises to plugins.
func recast<Given, Promised>(_ function: Given) -> Promised {
    unsafe unsafeBitCast(function, to: Promised.self)
}

private func hostQuery(_ host: HostTable.Host?, _ id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
    guard let id = unsafe id else { return nil }
    return unsafe ServiceTables.shared.find(String(cString: id))
}

private func hostComplete(
    _ host: HostTable.Host?, _ token: batten_token, _ outcome: UnsafePointer<batten_outcome>?
) -> batten_rc {
    guard let plugin = unsafe HostTable.plugin(host) else { return .BATTEN_RC_BAD_ARGUMENT }
    return unsafe plugin.host.complete(token, outcome, from: plugin)
}

private func hostShouldStop(_ host: HostTable.Host?, _ token: batten_token) -> batten_stop {
    guard let plugin = unsafe HostTable.plugin(host) else { return .BATTEN_STOP_STALE }
    guard let call = plugin.host.table.find(token), call.instance.executor.plugin === plugin else {
        if plugin.host.rules != nil, !plugin.host.table.hasGiven(token) {
            plugin.host.breaks(.shouldStop, "should_stop is asked about \(token), which no call has had", by: plugin)
        }
        return .BATTEN_STOP_STALE
    }
    return batten_stop(rawValue: call.stop.load(ordering: .relaxed)) ?? .BATTEN_STOP_NONE
}
