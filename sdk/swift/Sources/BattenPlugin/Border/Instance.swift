internal import CBattenABI

/// One configured executor as the C functions see it.
class Instance: @unchecked Sendable {
    // SAFETY: subclasses call an executor only where its protocol says: a blocking one is Sendable, a loop one is
    // touched on its loop's thread alone, and both are opened and closed while nothing else runs.
    let host: Host
    let registry = Registry()

    init(host: Host) {
        self.host = host
    }

    func run(_ call: UnsafePointer<batten_call>) {}
    func begin(_ call: UnsafePointer<batten_call>) -> batten_rc { .BATTEN_RC_UNSUPPORTED }
    func cancel(_ token: UInt64, _ reason: StopReason) {}
    func close() {}

    /// Reads a call's input.
    static func input<Input: Decodable>(
        _ call: UnsafePointer<batten_call>, _ host: Host, as type: Input.Type
    ) throws -> Input {
        if let bytes = try unsafe blob(call, host) { return try input(bytes, as: type) }
        let bytes = unsafe call.pointee.input.bytes
        return try unsafe read(UnsafeBufferPointer(start: bytes.ptr, count: Int(clamping: bytes.len)), as: type)
    }

    /// The input of a call that has a blob instead of bytes; nil for one that has bytes.
    ///
    /// - Throws: ``Failure`` of class retry when the blob cannot be read.
    static func blob(_ call: UnsafePointer<batten_call>, _ host: Host) throws(Failure) -> [UInt8]? {
        let number = unsafe call.pointee.input.blob
        guard number != 0 else { return nil }
        guard let bytes = unsafe host.readBlob(token: call.pointee.token, number) else {
            throw Failure(.retry, code: "blob.unreadable", "the input is a blob that cannot be read", effect: .none)
        }
        return bytes
    }

    /// Reads a call's input from a copy.
    static func input<Input: Decodable>(_ bytes: [UInt8], as type: Input.Type) throws -> Input {
        try unsafe bytes.withUnsafeBufferPointer { try unsafe read($0, as: type) }
    }

    private static func read<Input: Decodable>(
        _ source: UnsafeBufferPointer<UInt8>, as type: Input.Type
    ) throws -> Input {
        do {
            guard !source.isEmpty else { return try JSON.null.decode(type) }
            return try unsafe JSON.read(source).get().decode(type)
        } catch let error as JSONError {
            throw Failure.badInput(field: "", "the input is not JSON: \(error)")
        } catch {
            throw Failure.fromDecoding(error)
        }
    }
}

/// A blocking executor.
final class BlockingInstance<E: BlockingExecutor>: Instance, @unchecked Sendable {
    // SAFETY: see Instance; the executor is Sendable.
    private let executor: E

    init(executor: E, host: Host) {
        self.executor = executor
        super.init(host: host)
    }

    override func run(_ call: UnsafePointer<batten_call>) {
        let context = unsafe Context(call, host: host, loop: nil)
        registry.add(context)
        let outcome: Outcome
        do {
            let input = try unsafe Self.input(call, host, as: E.Input.self)
            outcome = try .done(encoding: try executor.run(input, context: context))
        } catch {
            outcome = .failed(.from(error))
        }
        registry.remove(context.token)
        context.dropHandlers()
        host.complete(context.token, outcome)
    }

    override func cancel(_ token: UInt64, _ reason: StopReason) {
        registry.find(token)?.context.cancel(reason)
    }

    override func close() {
        executor.close()
    }
}

/// A loop executor.
final class LoopInstance<E: LoopExecutor>: Instance, @unchecked Sendable {
    // SAFETY: see Instance; begin, cancel and callbacks come on the instance's loop thread.
    private let executor: E
    private var loop: Loop?

    init(executor: E, host: Host) {
        self.executor = executor
        super.init(host: host)
    }

    override func begin(_ call: UnsafePointer<batten_call>) -> batten_rc {
        if loop == nil { loop = Loop(host: host) }
        let state = unsafe CallState(context: Context(call, host: host, loop: loop), registry: registry)
        registry.add(state.context, state: state)
        do {
            try executor.begin(try unsafe Self.input(call, host, as: E.Input.self), call: Call(state))
        } catch {
            state.end(.failed(.from(error)))
        }
        return .BATTEN_RC_OK
    }

    override func cancel(_ token: UInt64, _ reason: StopReason) {
        guard let (context, state) = registry.find(token) else { return }
        context.cancel(reason)
        if let state, !state.isOver { executor.cancel(Call(state), reason: reason) }
    }

    override func close() {
        executor.close()
    }
}
