internal import Synchronization

/// A value that comes later, from any thread: the first one counts, and one receiver gets it.
final class Promise<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var receiver: (@Sendable (Value) -> Void)?
    }

    private let state = Mutex(State())

    /// Gives the value; false if there was one already.
    @discardableResult
    func fulfil(_ value: Value) -> Bool {
        let (isFirst, receiver) = state.withLock { state -> (Bool, (@Sendable (Value) -> Void)?) in
            guard state.value == nil else { return (false, nil) }
            state.value = value
            defer { state.receiver = nil }
            return (true, state.receiver)
        }
        receiver?(value)
        return isFirst
    }

    /// Has a function called with the value, at once if it is there.
    func whenThere(_ receiver: @escaping @Sendable (Value) -> Void) {
        let value = state.withLock { state -> Value? in
            if state.value == nil { state.receiver = receiver }
            return state.value
        }
        if let value { receiver(value) }
    }

    /// The value, for which a task waits without a thread.
    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                whenThere { continuation.resume(returning: $0) }
            }
        }
    }

    /// The value, for which the task waits until it is cancelled, which gives another.
    func value(unlessCancelled other: Value) async -> Value {
        await withTaskCancellationHandler {
            await value
        } onCancel: {
            fulfil(other)
        }
    }

    /// The value, for which the thread waits.
    func wait() -> Value {
        let monitor = Monitor()
        whenThere { _ in monitor.locked { monitor.wakeOne() } }
        return monitor.locked {
            while true {
                if let value = state.withLock({ $0.value }) { return value }
                monitor.wait()
            }
        }
    }
}
