import BattenCore
import BattenSystem
import Synchronization

/// One worker process from the host's side.
///
/// Frames are read on one of the host's loops and written by whoever has something to say, without waiting. Nothing that
/// the process does is believed: what is no frame ends it.
@safe final class WorkerConnection: LoopJob, @unchecked Sendable {
    // SAFETY: everything but the constants and `shared` belongs to the loop's thread.

    /// Calls that one worker may have at once; more wait in the host.
    static let mostCalls = 16_384
    /// Files of the spool that one worker's calls may have at once.
    static let mostSpooled = 4_096
    /// How long a worker may take until it is ready.
    static let startLimit: Int64 = 30_000_000_000
    /// How long it may take to end after it was asked to, before it is killed.
    static let endLimit: Int64 = 1_000_000_000
    /// How often a worker that works is looked at.
    static let tick: Int64 = 500_000_000

    struct Instance {
        let type: String
        let config: JSONValue
        let number: UInt64
    }

    struct Shared {
        var calls: [UInt64: IsolatedCall] = [:]
        var instances: [Instance] = []
        var isTaking = false
        var isTicking = false
        var served = 0
    }

    let group: WorkerGroup
    let loop: EventLoop
    /// The one call it is for; nil when calls share it.
    let onlyCall: IsolatedCall?
    let pid: Int32
    let outbox: FrameOutbox
    let socket: Int32
    let process: ChildProcess
    /// What holds it and all that it starts together; nil where there is none.
    let controlGroup: ControlGroup?
    let reader = FrameReader(isFromHost: false)
    let shared = Mutex(Shared())
    /// Files of the spool that its calls have now.
    let spooled = Atomic<Int>(0)
    private let isFlushPosted = Atomic<Bool>(false)
    var pipes: [(descriptor: Int32, level: String, log: WorkerLog)]
    var isReady = false
    var reason: WorkerEndReason?
    var hasExited = false
    var reportDebt = 0
    var readyBytes: Int64 = 0
    var lastServed = 0
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

    private init(
        group: WorkerGroup, loop: EventLoop, onlyCall: IsolatedCall?, socket: Int32, output: Int32, error: Int32,
        process: ChildProcess, controlGroup: ControlGroup?
    ) {
        self.group = group
        self.loop = loop
        self.onlyCall = onlyCall
        self.socket = socket
        self.process = process
        self.controlGroup = controlGroup
        pid = process.pid
        outbox = FrameOutbox(socket: socket)
        pipes = [(output, "stdout", WorkerLog()), (error, "stderr", WorkerLog())]
    }

    deinit {
        unsafe room.deallocate()
        _ = Descriptor(owning: socket)
        for pipe in pipes where pipe.descriptor >= 0 { _ = Descriptor(owning: pipe.descriptor) }
    }

    /// Starts a process and has the loop talk to it; on the spawner's thread.
    static func launch(
        group: WorkerGroup, loop: EventLoop, onlyCall: IsolatedCall?, program: String
    ) throws(SystemError) -> WorkerConnection {
        let controlGroup = try group.plugin.makeControlGroup(for: group)
        var opened: [Int32] = []
        do throws(SystemError) {
            let ends = try LocalSocket.pair()
            opened.append(ends.near)
            let far = Descriptor(owning: ends.far)
            let output = try OutputPipe.make()
            opened.append(output.reading)
            let outputEnd = Descriptor(owning: output.writing)
            let error = try OutputPipe.make()
            opened.append(error.reading)
            let errorEnd = Descriptor(owning: error.writing)
            let process = try ChildProcess.spawn(
                program, arguments: ["serve"], environment: group.plugin.environment(for: group),
                output: outputEnd.rawValue,
                error: errorEnd.rawValue, socket: far.rawValue)
            return WorkerConnection(
                group: group, loop: loop, onlyCall: onlyCall, socket: ends.near, output: output.reading,
                error: error.reading, process: process, controlGroup: controlGroup)
        } catch {
            controlGroup?.end()
            for descriptor in opened { _ = Descriptor(owning: descriptor) }
            throw error
        }
    }

    // MARK: From any thread

    /// How many calls it has; nil when it takes none.
    var load: Int? { shared.withLock { $0.isTaking ? $0.calls.count : nil } }

    /// Gives it a call.
    ///
    /// - Returns: false when it takes none any more; the call is then still the caller's.
    func send(_ call: IsolatedCall) -> Bool {
        enum Result {
            case refused
            case gone
            case sent(isBusy: Bool, startsTicking: Bool)
        }
        let result = shared.withLock { shared -> Result in
            guard shared.isTaking, !outbox.hasEnded else { return .refused }
            guard call.enter(self) else { return .gone }
            let number = instance(for: call, &shared)
            shared.calls[call.token] = call
            let isAdded = outbox.add(.call, token: call.token) { body in
                body.append(integer: number)
                body.append(contentsOf: call.image)
            }
            // What becomes of the calls of a worker that is gone is told when its end is known.
            guard isAdded || outbox.hasEnded else {
                shared.calls[call.token] = nil
                return .gone
            }
            shared.served += 1
            let startsTicking = !shared.isTicking
            shared.isTicking = true
            return .sent(isBusy: shared.calls.count > 8, startsTicking: startsTicking)
        }
        switch result {
        case .refused: return false
        case .gone:
            group.host.endIsolated(
                call, HostOutcome.noResources("the input is too large for a message and for a memory file"))
        case .sent(let isBusy, let startsTicking):
            flush(gathered: isBusy)
            if startsTicking { loop.post { [self] in scheduleTick() } }
        }
        return true
    }

    /// The number of the instance for a call, made when it is the first of its configuration.
    private func instance(for call: IsolatedCall, _ shared: inout Shared) -> UInt64 {
        let type = call.executor.type
        if let found = shared.instances.first(where: { $0.type == type && $0.config == call.config }) {
            return found.number
        }
        let number = UInt64(shared.instances.count + 1)
        shared.instances.append(Instance(type: type, config: call.config, number: number))
        outbox.add(.open, token: number) { body in
            body.append(text: type)
            JSONWriter.append(call.config, to: &body)
        }
        return number
    }

    /// Asks a call to stop.
    func stop(_ call: IsolatedCall, why: UInt32) {
        outbox.add(.stop, token: call.token) { $0.append(integer: why) }
        flush(gathered: false)
    }

    /// Takes a call back whose outcome is somebody else's now.
    func forget(_ call: IsolatedCall) {
        shared.withLock { $0.calls[call.token] = nil }
    }

    /// Has it take no more calls and end when it has none.
    func retire() {
        shared.withLock { $0.isTaking = false }
        loop.post { [self] in leaveIfEmpty() }
    }

    /// Has it end, soon when other calls are inside, at once when none is.
    func condemn(_ reason: WorkerEndReason, patience: Int64) {
        shared.withLock { $0.isTaking = false }
        loop.post { [self] in
            guard !hasExited else { return }
            if self.reason == nil { self.reason = reason }
            guard shared.withLock({ !$0.calls.isEmpty }) else { return terminate() }
            _ = loop.setTimer(at: MonotonicClock.now() + patience) { [self] in terminate() }
        }
    }

    /// Ends it at once, whatever it does; any thread.
    func kill() {
        process.kill()
    }

    /// Sends what was added: at once, or gathered with what others are about to add.
    func flush(gathered: Bool) {
        guard gathered || loop.isCurrent else { return settle(outbox.flush()) }
        guard !isFlushPosted.exchange(true, ordering: .acquiring) else { return }
        loop.post(self)
    }

    /// Sends what has gathered since it was posted.
    func run(on loop: EventLoop) {
        isFlushPosted.store(false, ordering: .releasing)
        settle(outbox.flush())
    }

    func settle(_ result: FrameOutbox.Flush) {
        // A peer that is gone is noticed by its end.
        guard result == .blocked else { return }
        loop.post { [self] in watch([.read, .write]) }
    }
}

// MARK: On the loop

extension WorkerConnection {
    /// Begins to talk.
    func begin() {
        watch(.read)
        do throws(SystemError) {
            try loop.watch(process.pidfd.rawValue, for: .read) { [self] _, _ in exited() }
            for index in pipes.indices {
                try loop.watch(pipes[index].descriptor, for: .read) { [self] _, _ in readPipe(index) }
            }
        } catch {
            return end(.fault("the host cannot watch it: \(error.description)"))
        }
        let hello = group.plugin.hello(for: group, in: controlGroup)
        guard let copy = group.plugin.copy else {
            return end(.fault("this process has no descriptor left for the plugin's bytes"))
        }
        outbox.add(.hello, token: 0, blob: copy) { JSONWriter.append(hello.json, to: &$0) }
        settle(outbox.flush())
        _ = loop.setTimer(at: MonotonicClock.now() + Self.startLimit) { [self] in
            if !isReady { end(.notReady) }
        }
    }

    private func watch(_ events: LoopEvents) {
        guard !hasExited else { return }
        do throws(SystemError) {
            try loop.watch(socket, for: events) { [self] _, events in work(events) }
        } catch {
            end(.fault("the host cannot watch its socket: \(error.description)"))
        }
    }

    private func work(_ events: LoopEvents) {
        if events.contains(.write) {
            watch(.read)
            settle(outbox.unblock())
        }
        guard !events.isDisjoint(with: [.read, .hangup, .error]) else { return }
        // What its only call has printed is the call's, and comes before its end.
        if onlyCall != nil { for index in pipes.indices { readPipe(index) } }
        for _ in 0..<4 where !receive() || reader.isDrained { break }
        returnCredit()
    }

    /// Reads once; false when there is nothing more.
    func receive() -> Bool {
        do throws(FrameFault) {
            switch try reader.receive(from: socket) {
            case .moved:
                while let frame = try reader.next() { try take(frame) }
                return true
            case .wouldBlock: return false
            case .ended, .failed:
                loop.unwatch(socket)
                // Mostly its end, which comes in a moment and says more.
                _ = loop.setTimer(at: MonotonicClock.now() + Self.endLimit) { [self] in
                    end(.fault("it closed its socket"))
                }
                return false
            }
        } catch {
            loop.unwatch(socket)
            end(.fault(error.rule))
            return false
        }
    }

    private func take(_ frame: Frame) throws(FrameFault) {
        guard frame.isInMemory else {
            return try take(frame, blob: frame.hasBlob ? try reader.takeDescriptor().release() : -1)
        }
        let file = try reader.takeDescriptor()
        let blob = frame.hasBlob ? try reader.takeDescriptor().release() : -1
        guard MemoryFile.isSealed(file.rawValue) else { throw FrameFault("the body of a frame is not sealed") }
        let result: Result<Void, FrameFault>
        do throws(SystemError) {
            guard try MemoryFile.size(file.rawValue) <= FrameLimits.memoryBody else {
                throw SystemError("read a body", message: "it is larger than 4 GiB")
            }
            result = unsafe try MemoryFile.withBytes(of: file.rawValue) { bytes in
                Result { () throws(FrameFault) in
                    unsafe try take(Frame(kind: frame.kind, flags: 0, token: frame.token, body: bytes), blob: blob)
                }
            }
        } catch {
            throw FrameFault("the body of a \(frame.kind) frame cannot be read: \(error.description)")
        }
        try result.get()
    }

    /// Acts on a frame; the blob that came with it, -1 when none did, is closed afterwards.
    private func take(_ frame: Frame, blob: Int32) throws(FrameFault) {
        defer { if blob >= 0 { _ = Descriptor(owning: blob) } }
        switch frame.kind {
        case .ready: try becomeReady(frame)
        case .refused: try refused(frame)
        case .ended:
            guard let call = remove(frame.token) else { return }
            let outcome: StageOutcome?? = unsafe OutcomeImage.withOutcome(frame.body) { pointer in
                call.blobs.withLock { blobs in
                    unsafe OutcomeReader.read(pointer, of: call.executor) { number in
                        blob >= 0 ? .memory(blob) : blobs.sealed(number)
                    }
                }
            }
            guard let outcome, let outcome else {
                group.lost(call, rule: "an outcome has the wrong shape")
                throw FrameFault("an outcome has the wrong shape")
            }
            group.finished(call, outcome, on: self)
        case .stopped:
            guard let call = remove(frame.token) else { return }
            guard let outcome = StageOutcome(frameDocument: unsafe try FrameDocument.read(frame.body, of: .stopped))
            else {
                group.lost(call, rule: "an outcome has the wrong shape")
                throw FrameFault("an outcome has the wrong shape")
            }
            group.finished(call, outcome, on: self)
        case .finished: return
        case .ask: try ask(frame)
        case .log, .progress, .stream, .usage, .checkpoint, .report:
            reportDebt += unsafe FrameLimits.head + frame.body.count
            try report(frame)
        default: throw FrameFault("a \(frame.kind) frame came from a worker")
        }
    }

    private func becomeReady(_ frame: Frame) throws(FrameFault) {
        guard !isReady else { throw FrameFault("it says twice that it is ready") }
        let document = unsafe try FrameDocument.read(frame.body, of: .ready)
        let expected = DescriptorDocument.encode(group.plugin.descriptor)
        guard document == expected else {
            throw FrameFault("the plugin says something else of itself than when it was described")
        }
        isReady = true
        readyBytes = process.residentBytes ?? 0
        shared.withLock { $0.isTaking = true }
        group.ready(self)
    }

    private func refused(_ frame: Frame) throws(FrameFault) {
        let document = unsafe try FrameDocument.read(frame.body, of: .refused)
        guard let error = PluginError(json: document), !isReady else {
            throw FrameFault("a refusal has the wrong shape, or comes too late")
        }
        reason = .retired
        group.refused(self, error)
    }

    /// Takes a call out; nil when it has ended already.
    private func remove(_ token: UInt64) -> IsolatedCall? {
        shared.withLock { $0.calls.removeValue(forKey: token) }
    }
}
