import BattenSystem
import CBattenABI

/// `batten.loop/1`.
enum LoopService {
    typealias Task = @convention(c) (UnsafeMutableRawPointer?) -> Void
    typealias Watch = @convention(c) (UnsafeMutableRawPointer?, Int32, UInt32) -> Void
    typealias User = UnsafeMutableRawPointer

    static var table: batten_loop {
        let current: @convention(c) (HostTable.Host?, UnsafeMutablePointer<UInt64>?) -> batten_rc = unsafe loopCurrent
        let watch: @convention(c) (HostTable.Host?, Int32, UInt32, Watch?, User?) -> batten_rc = unsafe loopWatch
        let unwatch: @convention(c) (HostTable.Host?, Int32) -> batten_rc = unsafe loopUnwatch
        let timer: @convention(c) (HostTable.Host?, Int64, Task?, User?, UnsafeMutablePointer<UInt64>?) -> batten_rc =
            unsafe loopTimer
        let untimer: @convention(c) (HostTable.Host?, UInt64) -> batten_rc = unsafe loopUntimer
        let post: @convention(c) (HostTable.Host?, UInt64, Task?, User?) -> batten_rc = unsafe loopPost
        return unsafe batten_loop(
            struct_size: tableSize(batten_loop.self),
            current: unsafe recast(current),
            watch: unsafe recast(watch),
            unwatch: unsafe recast(unwatch),
            timer: unsafe recast(timer),
            untimer: unsafe recast(untimer),
            post: unsafe recast(post))
    }

    /// The loop of the calling thread, if it is one of this host's.
    fileprivate static func loop(_ host: HostTable.Host?) -> (index: Int, loop: EventLoop)? {
        guard let plugin = unsafe HostTable.plugin(host), let loop = EventLoop.current,
            let index = plugin.host.loops.index(of: loop)
        else { return nil }
        return (index, loop)
    }
}

/// A function of a plugin with the pointer it wants back.
@safe struct PluginCallback: @unchecked Sendable {
    // SAFETY: code of a shared object that is never unloaded, and a pointer that only the plugin looks into.
    let function: LoopService.Task
    let user: UnsafeMutableRawPointer?

    func call() {
        unsafe function(user)
    }
}

private func loopCurrent(_ host: HostTable.Host?, _ result: UnsafeMutablePointer<UInt64>?) -> batten_rc {
    guard let result = unsafe result else { return .BATTEN_RC_BAD_ARGUMENT }
    guard let (index, _) = unsafe LoopService.loop(host) else { return .BATTEN_RC_REFUSED }
    unsafe result.pointee = UInt64(index + 1)
    return .BATTEN_RC_OK
}

private func loopWatch(
    _ host: HostTable.Host?, _ descriptor: Int32, _ events: UInt32, _ function: LoopService.Watch?,
    _ user: LoopService.User?
) -> batten_rc {
    let wanted = LoopEvents(rawValue: events)
    guard let function = unsafe function, descriptor >= 0, wanted.isSubset(of: [.read, .write]) else {
        return .BATTEN_RC_BAD_ARGUMENT
    }
    guard let (_, loop) = unsafe LoopService.loop(host) else { return .BATTEN_RC_REFUSED }
    do throws(SystemError) {
        try loop.watch(descriptor, for: wanted) { descriptor, events in
            unsafe function(user, descriptor, events.rawValue)
        }
        return .BATTEN_RC_OK
    } catch {
        return .BATTEN_RC_BAD_ARGUMENT
    }
}

private func loopUnwatch(_ host: HostTable.Host?, _ descriptor: Int32) -> batten_rc {
    guard let (_, loop) = unsafe LoopService.loop(host) else { return .BATTEN_RC_REFUSED }
    return loop.unwatch(descriptor) ? .BATTEN_RC_OK : .BATTEN_RC_REFUSED
}

private func loopTimer(
    _ host: HostTable.Host?, _ instant: Int64, _ function: LoopService.Task?, _ user: LoopService.User?,
    _ id: UnsafeMutablePointer<UInt64>?
) -> batten_rc {
    guard let function = unsafe function, let id = unsafe id else { return .BATTEN_RC_BAD_ARGUMENT }
    guard let (_, loop) = unsafe LoopService.loop(host) else { return .BATTEN_RC_REFUSED }
    let callback = unsafe PluginCallback(function: function, user: user)
    unsafe id.pointee = loop.setTimer(at: instant) { callback.call() }
    return .BATTEN_RC_OK
}

private func loopUntimer(_ host: HostTable.Host?, _ id: UInt64) -> batten_rc {
    guard let (_, loop) = unsafe LoopService.loop(host) else { return .BATTEN_RC_REFUSED }
    return loop.cancelTimer(id) ? .BATTEN_RC_OK : .BATTEN_RC_STALE
}

private func loopPost(
    _ host: HostTable.Host?, _ name: UInt64, _ function: LoopService.Task?, _ user: LoopService.User?
) -> batten_rc {
    guard let function = unsafe function, let plugin = unsafe HostTable.plugin(host),
        let loop = plugin.host.loops.loop(named: name)
    else {
        return .BATTEN_RC_BAD_ARGUMENT
    }
    let callback = unsafe PluginCallback(function: function, user: user)
    return loop.post { callback.call() } ? .BATTEN_RC_OK : .BATTEN_RC_REFUSED
}
