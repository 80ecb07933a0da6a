internal import CBattenABI
internal import Synchronization

/// What surrounds one call: whose it is, how long it may take, and what it can tell the host.
///
/// Everything here may be used from any thread. After the call is over nothing of it has any effect.
public final class Context: Sendable {
    /// Names the call; 0 never occurs.
    public let token: UInt64
    /// The run.
    public let runID: String
    /// The stage.
    public let stageID: String
    /// Counts the attempts of this stage from 1.
    public let attempt: Int
    /// The same for all attempts of this stage in this run; for the other side to recognise a repetition.
    public let idempotencyKey: String
    /// W3C trace context, or empty.
    public let traceparent: String
    /// When the host will ask the call to end.
    public let deadline: MonotonicTime
    /// How long after asking the host still waits for the call's end.
    public let grace: Duration
    /// Absolute path of the folder that relative paths start from; empty if the host says none.
    public let workingDirectory: String
    /// What an earlier attempt kept last; empty if nothing.
    public let checkpoint: [UInt8]
    /// The host's event loop; nil for a ``BlockingExecutor``, and if the host has none.
    ///
    /// An ``AsyncExecutor`` may only post to it.
    public let loop: Loop?

    let host: Host
    private let environmentBytes: [UInt8]
    private let cancellation = Mutex(Cancellation())

    private struct Cancellation {
        var reason: StopReason?
        var last: UInt64 = 0
        var handlers: [(id: UInt64, call: @Sendable (StopReason) -> Void)] = []
    }

    init(_ call: UnsafePointer<batten_call>, host: Host, loop: Loop?) {
        let call = unsafe call.pointee
        token = unsafe call.token
        runID = unsafe call.run_id.text
        stageID = unsafe call.stage_id.text
        attempt = unsafe Int(call.attempt)
        idempotencyKey = unsafe call.idempotency_key.text
        traceparent = unsafe call.traceparent.text
        deadline = unsafe MonotonicTime(nanoseconds: call.deadline_ns)
        grace = unsafe .nanoseconds(call.grace_ns)
        workingDirectory = unsafe call.working_directory.text
        checkpoint = unsafe call.checkpoint.copy
        environmentBytes = unsafe call.env_json.copy
        self.host = host
        self.loop = loop
    }

    /// The stage's environment, in order; never the host's own.
    public var environment: [(name: String, value: String)] {
        guard !environmentBytes.isEmpty, let members = try? JSON(parsing: environmentBytes).object else { return [] }
        return members.compactMap { member in member.value.string.map { (member.name, $0) } }
    }

    /// Why the call shall end; nil means: go on.
    ///
    /// Cheap enough for an inner loop.
    public var stopReason: StopReason? { host.stopReason(token: token) }

    /// Whether the call shall end.
    public var shouldStop: Bool { stopReason != nil }

    /// Ends the call if it shall end.
    ///
    /// - Parameter effect: whether the world outside may have changed by now.
    /// - Throws: ``Failure`` of class cancelled or deadline.
    public func checkStop(effect: Failure.Effect = .unknown) throws(Failure) {
        if let reason = stopReason { throw .stopped(reason, effect: effect) }
    }

    /// Has a function called when the host asks the call to end, on whatever thread; at once if it has asked already.
    ///
    /// It must not block. It is dropped when the call is over.
    public func onCancel(_ handler: @escaping @Sendable (StopReason) -> Void) {
        _ = addHandler(handler)
    }

    /// Does what ``onCancel(_:)`` does; the number is for ``removeHandler(_:)``.
    func addHandler(_ handler: @escaping @Sendable (StopReason) -> Void) -> UInt64 {
        let (reason, id) = cancellation.withLock { state -> (StopReason?, UInt64) in
            state.last += 1
            if state.reason == nil { state.handlers.append((state.last, handler)) }
            return (state.reason, state.last)
        }
        if let reason { handler(reason) }
        return id
    }

    func removeHandler(_ id: UInt64) {
        cancellation.withLock { $0.handlers.removeAll { $0.id == id } }
    }

    /// Why the host asked the call to end; also known after it is over.
    var reasonToStop: StopReason? { cancellation.withLock { $0.reason } ?? stopReason }

    func cancel(_ reason: StopReason) {
        let handlers = cancellation.withLock { state in
            state.reason = reason
            defer { state.handlers = [] }
            return state.handlers
        }
        for handler in handlers { handler.call(reason) }
    }

    func dropHandlers() {
        cancellation.withLock { $0.handlers = [] }
    }

    /// Writes a log line.
    ///
    /// - Parameter fields: further facts; `stream` names where the line came from, for example `stdout`.
    public func log(_ level: LogLevel = .info, _ text: String, fields: JSONObject = [:]) {
        host.write(token: token, level, text, fields)
    }

    /// Writes a log line that is at hand as UTF-8, with fields that are at hand as the bytes of a JSON object or empty.
    public func log(_ level: LogLevel, utf8 text: [UInt8], fieldBytes: [UInt8]) {
        host.write(token: token, level, text, fieldBytes)
    }

    /// Says that the call lives and how far it is.
    ///
    /// - Parameters:
    ///   - fraction: from 0 to 1; nil if not known.
    ///   - note: for people, or empty.
    public func progress(_ fraction: Double?, _ note: String = "") {
        let known = fraction.flatMap { $0.isNaN ? nil : min(max($0, 0), 1) }
        host.progress(token: token, known ?? -1, note)
    }

    /// Keeps state for a later attempt, in place of what was kept before.
    ///
    /// - Parameter state: at most 1 MiB.
    /// - Returns: false if the host did not take it.
    @discardableResult
    public func keep(checkpoint state: [UInt8]) -> Bool {
        host.checkpoint(token: token, state)
    }

    /// Shows the next piece of output while the call still works; true if the host cannot show it at all.
    ///
    /// - Parameters:
    ///   - text: the piece.
    ///   - channel: `text`, `stdout`, `stderr`, or a name of the executor's own.
    /// - Returns: false if nothing was taken, because the reader is behind; offer the same piece again after
    ///   ``waitForStream(until:)`` or ``whenStreamReady(_:)``.
    public func stream(_ text: String, channel: String = "text") -> Bool {
        stream(Array(text.utf8), channel: channel)
    }

    /// Shows the next bytes of output while the call still works; see ``stream(_:channel:)``.
    public func stream(_ bytes: [UInt8], channel: String) -> Bool {
        host.stream(token: token, channel, bytes)
    }

    /// Blocks until a piece of output is worth offering again; for blocking executors.
    ///
    /// - Returns: false if there is still no room at that time.
    public func waitForStream(until deadline: MonotonicTime) -> Bool {
        host.waitForStream(token: token, until: deadline)
    }

    /// Has a function called once on the loop's thread when a piece of output is worth offering again; for loop
    /// executors.
    ///
    /// - Returns: false if the host will not call it: it has no streams, or an earlier function still waits.
    public func whenStreamReady(_ ready: @escaping () -> Void) -> Bool {
        host.whenStreamReady(token: token, Once(ready))
    }

    /// Says what the call consumed; amounts add up.
    ///
    /// - Parameters:
    ///   - meter: for example `llm.tokens.output`.
    ///   - subject: for example the model's name.
    ///   - amount: not negative.
    public func usage(_ meter: String, of subject: String, _ amount: Int64) {
        host.use(token: token, meter, subject, amount)
    }

    /// Reads a secret that the executor's capabilities name.
    ///
    /// - Throws: ``Failure`` of class auth if it is not declared, not granted, or the host has no secrets.
    public func secret(_ name: String) throws(Failure) -> [UInt8] {
        try host.secret(token: token, name)
    }
}
