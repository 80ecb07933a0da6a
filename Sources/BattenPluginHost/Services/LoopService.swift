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

    /// The loop of the calling thread, if it is one of this host's; anything else breaks a rule.
    fileprivate static func loop(_ use: ServiceUse) -> (index: Int, loop: EventLoop, plugin: LoadedPlugin)? {
        guard let plugin = use.plugin else { return nil }
        guard let loop = EventLoop.current, let index = plugin.host.loops.index(of: loop) else {
            use.tell(.loop, "was called on a thread that is no loop's")
            return nil
        }
        return (index, loop, plugin)
    }
}

/// A function of a plugin with the pointer it wants back.
@safe struct PluginCallback: @unchecked Sendable {
    // SAFETY: code of a shared object that is never unloaded, and a pointer that only the plugin looks into.
    let function: LoopService.Task
    let user: UnsafeMutableRawPointer?
    /// Whose it is, and what it was given to.
    let plugin: LoadedPlugin
    let name: StaticString

    func call() {
        plugin.host.quickly("a function given to \(name)", of: plugin) { unsafe function(user) }
    }
}

private func loopCurrent(_ host: HostTable.Host?, _ result: UnsafeMutablePointer<UInt64>?) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "loop.current")
    guard let result = unsafe result else { return use.bad("has no place for the answer") }
    // Asking is how a plugin finds out whether a thread is a loop's.
    guard let plugin = use.plugin, let loop = EventLoop.current, let index = plugin.host.loops.index(of: loop) else {
        return .BATTEN_RC_REFUSED
    }
    unsafe result.pointee = UInt64(index + 1)
    return .BATTEN_RC_OK
}

private func loopWatch(
    _ host: HostTable.Host?, _ descriptor: Int32, _ events: UInt32, _ function: LoopService.Watch?,
    _ user: LoopService.User?
) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "loop.watch")
    let wanted = LoopEvents(rawValue: events)
    guard let function = unsafe function, descriptor >= 0, wanted.isSubset(of: [.read, .write]) else {
        return use.bad("has no function, the descriptor \(descriptor), or the events \(events)")
    }
    guard let (_, loop, plugin) = LoopService.loop(use) else { return .BATTEN_RC_REFUSED }
    do throws(SystemError) {
        try loop.watch(descriptor, for: wanted) { descriptor, events in
            plugin.host.quickly("a function given to loop.watch", of: plugin) {
                unsafe function(user, descriptor, events.rawValue)
            }
        }
        plugin.host.rules?.watches(descriptor, plugin.descriptor.id)
        return .BATTEN_RC_OK
    } catch {
        return use.bad("cannot watch the descriptor \(descriptor): \(error.description)")
    }
}

private func loopUnwatch(_ host: HostTable.Host?, _ descriptor: Int32) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "loop.unwatch")
    guard let (_, loop, plugin) = LoopService.loop(use) else { return .BATTEN_RC_REFUSED }
    plugin.host.rules?.unwatches(descriptor)
    return loop.unwatch(descriptor) ? .BATTEN_RC_OK : .BATTEN_RC_REFUSED
}

private func loopTimer(
    _ host: HostTable.Host?, _ instant: Int64, _ function: LoopService.Task?, _ user: LoopService.User?,
    _ id: UnsafeMutablePointer<UInt64>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "loop.timer")
    guard let function = unsafe function, let id = unsafe id else {
        return use.bad("has no function or no place for the timer's name")
    }
    guard let (index, loop, plugin) = LoopService.loop(use) else { return .BATTEN_RC_REFUSED }
    let callback = unsafe PluginCallback(function: function, user: user, plugin: plugin, name: "loop.timer")
    guard let rules = plugin.host.rules else {
        unsafe id.pointee = loop.setTimer(at: instant) { callback.call() }
        return .BATTEN_RC_OK
    }
    // The timer knows its own name when it fires: that is later than now, on this thread.
    var made: UInt64 = 0
    made = loop.setTimer(at: instant) {
        rules.untimes(RuleKeeper.TimerName(loop: index, id: made))
        callback.call()
    }
    rules.times(RuleKeeper.TimerName(loop: index, id: made), plugin.descriptor.id)
    unsafe id.pointee = made
    return .BATTEN_RC_OK
}

private func loopUntimer(_ host: HostTable.Host?, _ id: UInt64) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "loop.untimer")
    guard let (index, loop, plugin) = LoopService.loop(use) else { return .BATTEN_RC_REFUSED }
    plugin.host.rules?.untimes(RuleKeeper.TimerName(loop: index, id: id))
    return loop.cancelTimer(id) ? .BATTEN_RC_OK : .BATTEN_RC_STALE
}

private func loopPost(
    _ host: HostTable.Host?, _ name: UInt64, _ function: LoopService.Task?, _ user: LoopService.User?
) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "loop.post")
    guard let function = unsafe function, let plugin = use.plugin, let loop = plugin.host.loops.loop(named: name) else {
        return use.bad("has no function, or names \(name), which is no loop")
    }
    let callback = unsafe PluginCallback(function: function, user: user, plugin: plugin, name: "loop.post")
    return loop.post { callback.call() } ? .BATTEN_RC_OK : .BATTEN_RC_REFUSED
}
