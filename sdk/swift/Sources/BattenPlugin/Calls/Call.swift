internal import Synchronization

/// One call that was begun: completes it, from any thread, exactly once.
///
/// Completing again has no effect. A call that nobody holds any more and nobody completed ends as a defect.
public struct Call<Output: Encodable>: Sendable {
    /// What surrounds the call.
    public let context: Context
    let state: CallState

    init(_ state: CallState) {
        self.state = state
        context = state.context
    }

    /// Names the call among those of its executor.
    public var token: UInt64 { context.token }

    /// Whether it was completed.
    public var isOver: Bool { state.isOver }

    /// Ends the call with its result.
    public func complete(_ output: Output) {
        do {
            state.end(try .done(encoding: output))
        } catch {
            state.end(.failed(.from(error)))
        }
    }

    /// Ends the call with a failure.
    public func fail(_ failure: Failure) {
        state.end(.failed(failure))
    }

    /// Ends the call with whatever a function returns or throws.
    public func complete(with body: () throws -> Output) {
        do {
            complete(try body())
        } catch {
            fail(.from(error))
        }
    }
}

/// Sees to it that one call ends exactly once.
final class CallState: Sendable {
    let context: Context
    private let registry: Registry
    private let over = Atomic(false)

    init(context: Context, registry: Registry) {
        self.context = context
        self.registry = registry
    }

    var isOver: Bool { over.load(ordering: .acquiring) }

    func end(_ outcome: Outcome) {
        guard !over.exchange(true, ordering: .acquiringAndReleasing) else { return }
        registry.remove(context.token)
        context.dropHandlers()
        context.host.complete(context.token, outcome)
    }

    deinit {
        end(.failed(Failure(.bug, code: "plugin.forgotten", "the executor dropped the call without completing it")))
    }
}

/// The calls of one instance that are in flight, by token, for `cancel`.
final class Registry: Sendable {
    struct Entry {
        let context: Context
        weak var state: CallState?
    }

    private let entries = Mutex<[UInt64: Entry]>([:])

    func add(_ context: Context, state: CallState? = nil) {
        entries.withLock { $0[context.token] = Entry(context: context, state: state) }
    }

    func remove(_ token: UInt64) {
        entries.withLock { entries in _ = entries.removeValue(forKey: token) }
    }

    func find(_ token: UInt64) -> (context: Context, state: CallState?)? {
        entries.withLock { entries in entries[token].map { ($0.context, $0.state) } }
    }
}
