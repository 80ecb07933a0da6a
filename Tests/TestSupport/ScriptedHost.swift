public import BattenCore
import Synchronization

/// A plugin host of the tests' own: every executor does what a script says.
public final class ScriptedHost: ExecutorHost {
    /// What the script is given: the call, and where it reports.
    public struct Call: Sendable {
        /// The call.
        public let call: ExecutorCall
        /// Where its reports go.
        public let sink: any CallSink

        /// Ends the call well.
        public func succeed(_ output: JSONValue = .object([:])) {
            finish(StageOutcome(.ok, effect: .made, output: output))
        }

        /// Ends the call.
        public func finish(_ outcome: StageOutcome) { sink.finished(tag: call.tag, outcome: outcome) }
    }

    private struct State {
        var calls: [Call] = []
        var cancelled: [UInt64] = []
    }

    private let state = Mutex(State())
    private let script: @Sendable (Call) -> Void
    private let changed: @Sendable () -> Void

    /// Creates a host.
    ///
    /// - Parameters:
    ///   - changed: called after every start and cancel, from the engine's thread.
    ///   - script: what a call does; called on the engine's thread.
    public init(changed: @escaping @Sendable () -> Void = {}, script: @escaping @Sendable (Call) -> Void) {
        self.script = script
        self.changed = changed
    }

    /// All calls so far, in order.
    public var calls: [Call] { state.withLock { $0.calls } }

    /// Tags of the calls that were asked to stop, in order.
    public var cancelled: [UInt64] { state.withLock { $0.cancelled } }

    /// Starts a call: the script decides what it does.
    public func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle {
        let started = Call(call: call, sink: sink)
        state.withLock { $0.calls.append(started) }
        changed()
        script(started)
        changed()
        return CallHandle(token: call.tag)
    }

    /// Remembers that a call was asked to stop.
    public func cancel(_ handle: CallHandle, why: CancelReason) {
        state.withLock { $0.cancelled.append(handle.token) }
        changed()
    }

    /// Does nothing.
    public func shutdown(within limit: Duration) {}

    /// Every executor exists.
    public func executor(_ type: String) -> ExecutorLookup {
        .found(
            ExecutorInfo(
                type: type, pluginVersion: "1.0.0", summary: "", input: .anything, output: .anything,
                inputSchema: .object([:]), outputSchema: .object([:]), isIdempotent: true, isPure: false,
                isCancellable: true, isAsynchronous: true, capabilities: .object([:])))
    }

    /// One name.
    public func knownTypes() -> [String] { ["test.run"] }
}
