import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// What happens on the threads of plugins: beginning, running, completing.
extension PluginHost {
    /// Begins a call on its loop.
    func begin(_ call: ActiveCall, on loop: EventLoop) {
        let executor = call.instance.executor
        guard let begin = unsafe executor.descriptor.functions.begin, let opened = call.instance.opened else {
            if table.withdraw(call) { call.deliver(HostOutcome.shutDown) }
            return leave(call.instance)
        }
        guard table.enter(call, beginning: true) else { return leave(call.instance) }
        let type = executor.descriptor.type
        let rc = leavingProcess("begin of \(type)", of: executor.plugin, in: call) {
            quickly("begin of \(type)", of: executor.plugin, in: call) {
                unsafe begin(opened.pointer, call.pointer)
            }
        }
        if rc != .BATTEN_RC_OK { call.takeBack() }
        switch table.beginReturned(call, accepted: rc == .BATTEN_RC_OK) {
        case .goesOn: return
        case .wasAbandoned: call.instance.executor.plugin.outstanding.subtract(1, ordering: .relaxed)
        case .deliver(let end, let isLast):
            if rc != .BATTEN_RC_OK {
                breaks(.begin, "\(type): begin completed a call that it refused", by: executor.plugin, in: call)
            }
            // No plugin is kept waiting for its loop: none has a call, a timer or a descriptor.
            call.deliver(end, keeping: isLast && loop.isFree ? loop : nil)
            leave(call.instance)
        case .refused:
            call.deliver(HostOutcome.notBegun(type, rc))
            leave(call.instance)
        }
    }

    /// Runs a call on a thread of the pool.
    func run(_ call: ActiveCall) {
        let executor = call.instance.executor
        guard let run = unsafe executor.descriptor.functions.run, let opened = call.instance.opened else {
            if table.withdraw(call) { call.deliver(HostOutcome.shutDown) }
            return leave(call.instance)
        }
        guard table.enter(call, beginning: false) else { return leave(call.instance) }
        leavingProcess("run of \(executor.descriptor.type)", of: executor.plugin, in: call) {
            unsafe run(opened.pointer, call.pointer)
        }
        switch table.runReturned(call) {
        case .completed: return
        case .incomplete:
            let type = executor.descriptor.type
            breaks(.run, "\(type): run returned without completing its call", by: executor.plugin)
            call.deliver(HostOutcome.bug(type, code: "no_completion", "run returned without completing the call"))
            leave(call.instance)
        case .wasAbandoned:
            executor.plugin.outstanding.subtract(1, ordering: .relaxed)
            pool.unmarkStuck()
        }
    }

    /// Ends a call by the plugin's word; any thread of the plugin.
    func complete(_ token: UInt64, _ pointer: UnsafePointer<batten_outcome>?, from plugin: LoadedPlugin) -> batten_rc {
        guard let call = table.find(token) else { return completeEnded(token, from: plugin) }
        guard call.instance.executor.plugin === plugin else {
            breaks(.complete, "it completed a call of another plugin", by: plugin)
            return .BATTEN_RC_STALE
        }
        if rules != nil, let pointer = unsafe pointer {
            for broken in unsafe OutcomeRules.broken(pointer) { breaks(broken.rule, broken.what, by: plugin, in: call) }
        }
        let read = unsafe pointer.flatMap { unsafe self.spoken(of: call, $0) }
        let end =
            read
            ?? .outcome(
                HostOutcome.bug(
                    call.instance.executor.descriptor.type, code: "bad_outcome",
                    "its batten_outcome cannot be read"))
        if read == nil, rules != nil {
            breaks(.complete, "complete: the outcome is shorter than it says, or points nowhere", by: plugin, in: call)
        }
        switch table.complete(token, with: end) {
        case .deliver:
            call.takeBack()
            call.deliver(end)
            leave(call.instance)
        case .kept: call.takeBack()
        case .stale, .wasAbandoned: return ended(token, plugin)
        }
        return read == nil ? .BATTEN_RC_BAD_ARGUMENT : .BATTEN_RC_OK
    }

    /// What a plugin says about the end of a call; nil when it cannot be read.
    private func spoken(of call: ActiveCall, _ pointer: UnsafePointer<batten_outcome>) -> CallEnd? {
        if isWorker {
            return unsafe OutcomeImage(pointer) { number in call.blobs.withLock { $0.take(number) } }.map { .image($0) }
        }
        // Under the lock nobody closes what is read.
        return call.blobs.withLock { blobs in
            unsafe OutcomeReader.read(pointer, of: call.instance.executor.descriptor) { blobs.sealed($0) }
        }.map { .outcome($0) }
    }

    private func completeEnded(_ token: UInt64, from plugin: LoadedPlugin) -> batten_rc {
        switch table.complete(token, with: .outcome(StageOutcome(.permanent))) {
        case .wasAbandoned(let call):
            call.takeBack()
            if call.instance.loop != nil { call.instance.executor.plugin.outstanding.subtract(1, ordering: .relaxed) }
            return .BATTEN_RC_STALE
        case .stale, .deliver, .kept:
            return ended(token, plugin)
        }
    }

    private func ended(_ token: UInt64, _ plugin: LoadedPlugin) -> batten_rc {
        breaks(.complete, "it completed a call that was over: a call is completed exactly once", by: plugin)
        return .BATTEN_RC_STALE
    }
}
