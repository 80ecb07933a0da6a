import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// A worker's side of the frames: it carries calls out with the same machinery as the host does in its own process, and
/// what they report goes out as frames.
@safe final class WorkerServer: ImageSink, CallServices, LoopJob, @unchecked Sendable {
    // SAFETY: `plugin` is written before the loop starts; `reader`, `instances` and `held` belong to the loop's thread;
    // everything else guards itself.
    let socket: Int32
    let outbox: FrameOutbox
    let loop: EventLoop
    private(set) var plugin: LoadedPlugin?
    private let reader: FrameReader
    private var instances: [UInt64: ExecutorInstance] = [:]
    /// Frames that came while an answer was awaited on this thread: copies, to be looked at afterwards.
    private var held: [(kind: FrameKind, flags: UInt16, token: UInt64, body: [UInt8], file: Int32)] = []
    private var isAwaiting = false
    /// Tokens of the live calls in this process, by the host's own.
    let tokens = Mutex<[UInt64: UInt64]>([:])
    /// Bytes of reports that the host will take now.
    let credit = Atomic<Int>(FrameLimits.reportWindow)
    let dropped = Atomic<Int>(0)
    let isFlushPosted = Atomic<Bool>(false)
    let asked = Monitor(Asked())

    init(socket: Int32, reader: FrameReader) throws(SystemError) {
        self.socket = socket
        self.reader = reader
        outbox = FrameOutbox(socket: socket)
        loop = try EventLoop()
    }

    /// Loads the plugin.
    ///
    /// - Throws: ``PluginError`` with the reason for the refusal.
    func load(_ hello: WorkerHello) throws(PluginError) -> PluginDescriptor {
        let file = PluginFile(id: hello.plugin, path: hello.path, isBundled: false)
        let descriptor = try PluginLoader.load(file, from: hello.copy.map { "/proc/self/fd/\($0)" })
        var settings = HostSettings(
            bundledFolder: nil, configurations: [hello.plugin: hello.config], blockingLimit: hello.blockingLimit,
            hostVersion: hello.hostVersion, services: self, report: { [self] report in tell(report) })
        settings.keepsRules = hello.keepsRules
        settings.isBehind = { [self] in isBehind }
        settings.askForSpool = { [self] wish, blob, tag in spool(wish, blob: blob, tag: tag) }
        let host = PluginHost(settings, loops: LoopGroup(only: loop), isWorker: true)
        plugin = LoadedPlugin(file, descriptor, verified: nil, host: host)
        return descriptor
    }

    /// Begins to serve, on the loop's thread.
    func start() throws(SystemError) {
        try loop.start(name: "batten-worker", stackSize: 1 << 20)
        loop.post { [self] in
            // Frames may have come with the hello.
            work(.read)
            watch(.read)
        }
    }

    private func watch(_ events: LoopEvents) {
        do throws(SystemError) {
            try loop.watch(socket, for: events) { [self] _, events in work(events) }
        } catch {
            leave("the socket cannot be watched: \(error.description)")
        }
    }

    /// Has the loop send the rest when the socket has room.
    func watchForRoom() {
        loop.post { [self] in watch([.read, .write]) }
    }

    /// Sends what has gathered since it was posted.
    func run(on loop: EventLoop) {
        isFlushPosted.store(false, ordering: .releasing)
        settle(outbox.flush())
    }

    private func work(_ events: LoopEvents) {
        if events.contains(.write) {
            watch(.read)
            settle(outbox.unblock())
        }
        do throws(FrameFault) {
            try takeAll()
            guard !events.isDisjoint(with: [.read, .hangup, .error]) else { return }
            for _ in 0..<4 {
                switch try reader.receive(from: socket) {
                case .moved:
                    try takeAll()
                    if reader.isDrained { return }
                case .wouldBlock: return
                case .ended: ProcessLife.killOwnSession()
                case .failed(let error): leave(error.description)
                }
            }
        } catch {
            leave(error.rule)
        }
    }

    /// Looks at every whole frame that is there.
    private func takeAll() throws(FrameFault) {
        while let frame = try reader.next() {
            if frame.kind == .answer, frame.hasBlob {
                try answered(frame, file: try reader.takeDescriptor())
            } else if isAwaiting, frame.kind != .answer {
                let file = frame.isInMemory ? try reader.takeDescriptor().release() : -1
                unsafe held.append((frame.kind, frame.flags, frame.token, [UInt8](frame.body), file))
            } else if frame.isInMemory {
                try take(frame, file: try reader.takeDescriptor())
            } else {
                try take(frame)
            }
        }
    }

    private func take(_ frame: Frame, file: consuming Descriptor) throws(FrameFault) {
        let number = file.rawValue
        let result: Result<Void, FrameFault>
        do throws(SystemError) {
            result = unsafe try MemoryFile.withBytes(of: number) { bytes in
                Result { () throws(FrameFault) in
                    unsafe try take(Frame(kind: frame.kind, flags: 0, token: frame.token, body: bytes))
                }
            }
        } catch {
            throw FrameFault("the body of a \(frame.kind) frame cannot be read: \(error.description)")
        }
        try result.get()
    }

    private func take(_ frame: Frame) throws(FrameFault) {
        guard let plugin else { throw FrameFault("a \(frame.kind) frame came before the hello") }
        switch frame.kind {
        case .call: try begin(frame)
        case .stop:
            let why: UInt32 = try frame.read { $0.integer() }
            guard let token = tokens.withLock({ $0[frame.token] }), token != 0 else { return }
            plugin.host.requestStop(token, why: why)
        case .open: try open(frame, plugin)
        case .credit: credit.add(Int(clamping: try frame.read { $0.integer(UInt64.self) }), ordering: .relaxed)
        case .behind:
            guard let token = tokens.withLock({ $0[frame.token] }), let call = plugin.host.table.find(token) else {
                return
            }
            call.output.withLock { $0.pausedUntil = MonotonicClock.now() + StreamService.pause }
        case .answer: try answered(frame)
        case .finish: finish(by: try frame.read { $0.integer() }, plugin)
        default: throw FrameFault("a \(frame.kind) frame came out of turn")
        }
    }

    private func open(_ frame: Frame, _ plugin: LoadedPlugin) throws(FrameFault) {
        let (type, config): (String, JSONValue) = try {
            (frame: Frame) throws(FrameFault) in
            var cursor = unsafe ByteCursor(frame.body)
            guard let type = cursor.text() else { throw FrameFault("an open frame names no executor") }
            return (type, unsafe try FrameDocument.read(cursor.rest(), of: .open))
        }(frame)
        guard let executor = plugin.executors[type], instances[frame.token] == nil else {
            throw FrameFault("an open frame names the executor \(type), which the plugin does not have")
        }
        do throws(SystemError) {
            instances[frame.token] = try executor.instance(for: config) { () throws(SystemError) in loop }
        } catch {
            throw FrameFault(error.description)
        }
    }

    private func begin(_ frame: Frame) throws(FrameFault) {
        var cursor = unsafe ByteCursor(frame.body)
        guard let number = cursor.integer(UInt64.self), let instance = instances[number],
            let call = unsafe ActiveCall(image: cursor.rest(), tag: frame.token, instance: instance, sink: self)
        else { throw FrameFault("a call frame names no instance, or holds no call") }
        guard tokens.withLock({ $0.updateValue(0, forKey: frame.token) }) == nil else {
            throw FrameFault("two call frames have one token")
        }
        let token = call.host.submit(call)
        tokens.withLock { if $0[frame.token] != nil { $0[frame.token] = token } }
    }

    /// Reads frames on this thread until an answer has come.
    func pump(until isAnswered: () -> Bool) {
        let wasAwaiting = isAwaiting
        isAwaiting = true
        defer { isAwaiting = wasAwaiting }
        while !isAnswered() {
            do throws(FrameFault) {
                switch try reader.receive(from: socket, waits: true) {
                case .moved: try takeAll()
                case .wouldBlock: continue
                case .ended: ProcessLife.killOwnSession()
                case .failed(let error): leave(error.description)
                }
            } catch {
                leave(error.rule)
            }
        }
        guard !wasAwaiting, !held.isEmpty else { return }
        loop.post { [self] in takeHeld() }
    }

    private func takeHeld() {
        let frames = held
        held = []
        for frame in frames {
            let result = unsafe frame.body.withUnsafeBytes { bytes in
                Result { () throws(FrameFault) in
                    let copy = unsafe Frame(kind: frame.kind, flags: frame.flags, token: frame.token, body: bytes)
                    if frame.file >= 0 {
                        try take(copy, file: Descriptor(owning: frame.file))
                    } else {
                        try take(copy)
                    }
                }
            }
            if case .failure(let fault) = result { leave(fault.rule) }
        }
    }

    // MARK: Leaving

    /// Ends the plugin in an orderly way, on a thread of its own because it may hang.
    private func finish(by deadline: Int64, _ plugin: LoadedPlugin) {
        do throws(SystemError) {
            try Thread.detach(name: "batten-finish") { [self] in
                let rest = max(0, deadline - MonotonicClock.now())
                plugin.host.shutdown(within: .nanoseconds(rest), plugins: [plugin])
                outbox.add(.finished, token: 0)
                while outbox.flush() == .blocked || outbox.queuedBytes > 0 {
                    guard MonotonicClock.now() < deadline else { break }
                    Pause.sleep(microseconds: 200)
                    _ = outbox.unblock()
                }
                HostMachine.exit(0)
            }
        } catch {
            leave(error.description)
        }
    }

    /// Leaves because the host said something that cannot be understood, or the system refused something needed.
    func leave(_ reason: String) -> Never {
        _ = StandardStream.error.write(Array("batten-worker: \(reason)\n".utf8))
        HostMachine.exit(WorkerProgram.failure)
    }
}
