import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// A call that has not ended, or was given up while the plugin still works on it.
@safe final class ActiveCall: LoopJob, PoolJob, @unchecked Sendable {
    // SAFETY: `token`, `phase` and `early` are guarded by the call table's lock; `call` is written before the call is
    // handed to a second thread and read-only from then on; everything else is constant or guards itself.

    /// How far a call has come.
    enum Phase {
        /// The plugin has not seen it.
        case waiting
        /// `begin` was entered and has not returned.
        case beginning
        /// The plugin works on it.
        case working
        /// It was completed before `begin` returned; the outcome waits in `early`.
        case completedEarly
        /// Its outcome was handed out.
        case ended
        /// Its outcome was handed out, but the plugin may still use its memory.
        case abandoned
    }

    let tag: UInt64
    let instance: ExecutorInstance
    let deadline: Int64?
    let grace: Int64
    /// Secrets that it may ask for, as far as its executor declares them.
    let secrets: [String: String]
    /// Why it shall stop, a `batten_stop`; 0 while it shall not.
    let stop = Atomic<UInt32>(0)
    /// What the plugin streams, on its way to the sink.
    let output = Mutex(OutputState())
    /// What it has made with the blob service.
    let blobs = Mutex(CallBlobs())
    /// The rules that were broken in it, as far as they were looked after.
    private let broken = Mutex<[BrokenRule]>([])
    private let sink: any CallSink
    private let imageSink: (any ImageSink)?

    var token: UInt64 = 0
    var phase = Phase.waiting
    var early: CallEnd?

    private let memory: CallMemory

    init(_ request: ExecutorCall, instance: ExecutorInstance, sink: any CallSink) {
        tag = request.tag
        self.instance = instance
        self.sink = sink
        imageSink = nil
        deadline = request.deadline
        grace = max(0, request.grace.nanosecondsSaturated)
        secrets = request.secrets
        let plugin = instance.executor.plugin
        memory = unsafe CallMemory(request, host: plugin.table, isLent: plugin.host.rules != nil)
    }

    /// A call whose deadline and grace time somebody else watches.
    ///
    /// - Parameter image: a ``CallImage``; nil is returned when it is none.
    init?(image: UnsafeRawBufferPointer, tag: UInt64, instance: ExecutorInstance, sink: any ImageSink) {
        let plugin = instance.executor.plugin
        let made = unsafe CallMemory(image, host: plugin.table, isLent: plugin.host.rules != nil)
        guard let memory = made else { return nil }
        self.tag = tag
        self.instance = instance
        self.sink = sink
        imageSink = sink
        deadline = nil
        grace = .max
        secrets = [:]
        self.memory = memory
    }

    deinit {
        memory.deallocate()
    }

    /// What the plugin is given.
    var pointer: UnsafePointer<batten_call> { unsafe UnsafePointer(memory.call) }

    /// The host this call belongs to.
    var host: PluginHost { instance.executor.plugin.host }

    /// Names the call; before any other thread knows it.
    func assign(token: UInt64) {
        self.token = token
        unsafe memory.call.pointee.token = token
        memory.lent?.lend("the executor \(instance.executor.descriptor.type) in the call \(token & 0xffff_ffff)")
    }

    /// The plugin has completed it, or did not begin it: what it was lent is the host's again.
    func takeBack() {
        guard let lent = memory.lent else { return }
        lent.takeBack()
        host.rules?.completed(token)
        host.rules?.keep(lent)
    }

    /// Notes a rule that was broken in it.
    func broke(_ rule: BrokenRule) {
        broken.withLock { broken in
            if broken.count < 20, !broken.contains(where: { $0.shape == rule.shape }) { broken.append(rule) }
        }
    }

    /// Hands the end to the sink; the caller has taken the call out of the table and thus does it once.
    ///
    /// - Parameter loop: the loop on whose thread this is, if the sink may keep it; nil when it may not.
    func deliver(_ end: CallEnd, keeping loop: EventLoop? = nil) {
        for line in output.withLock({ $0.finish() }) {
            line.isText
                ? _ = sink.stream(tag: tag, text: line.text) : sink.log(tag: tag, stream: line.channel, text: line.text)
        }
        host.leases.end(token)
        _ = blobs.withLock { $0.removeAll() }
        switch end.judged(instance.executor.descriptor.type, broken.withLock { $0 }) {
        case .outcome(let outcome):
            guard let loop else { return sink.finished(tag: tag, outcome: outcome) }
            loop.lend { sink.finishedOnFreeThread(tag: tag, outcome: outcome) }
        case .image(let image): imageSink?.finished(tag: tag, image: image)
        }
    }

    /// Hands an outcome of the host's own to the sink.
    func deliver(_ outcome: StageOutcome) {
        deliver(.outcome(outcome))
    }

    /// Passes a report on while the call lives.
    var reports: any CallSink { sink }

    func run(on loop: EventLoop) {
        host.begin(self, on: loop)
    }

    func runOnPool() {
        host.run(self)
    }
}

/// Asks a begun call to stop, on the loop it belongs to.
final class CancelJob: LoopJob {
    private let call: ActiveCall
    private let why: UInt32

    init(_ call: ActiveCall, why: UInt32) {
        self.call = call
        self.why = why
    }

    func run(on loop: EventLoop) {
        call.host.askToStop(call, why: why)
    }
}
