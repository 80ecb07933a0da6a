internal import CBattenABI

/// An async executor: a task for each call.
final class AsyncInstance<E: AsyncExecutor>: Instance, @unchecked Sendable {
    // SAFETY: see Instance; the executor is Sendable, and `begin` alone touches the loop.
    private let executor: E
    private var loop: Loop?

    init(executor: E, host: Host) {
        self.executor = executor
        super.init(host: host)
    }

    override func begin(_ call: UnsafePointer<batten_call>) -> batten_rc {
        if loop == nil { loop = Loop(host: host) }
        let context = unsafe Context(call, host: host, loop: loop)
        let state = CallState(context: context, registry: registry)
        registry.add(context, state: state)
        let input: [UInt8]
        do {
            input = try unsafe Self.blob(call, host) ?? call.pointee.input.bytes.copy
        } catch {
            state.end(.failed(error))
            return .BATTEN_RC_OK
        }
        let task = Task(executorPreference: host.tasks) { [executor] in
            do {
                let output = try await executor.run(try Self.input(input, as: E.Input.self), context: context)
                state.end(try .done(encoding: output))
            } catch {
                state.end(.failed(context.failure(error)))
            }
        }
        context.onCancel { _ in task.cancel() }
        return .BATTEN_RC_OK
    }

    override func cancel(_ token: UInt64, _ reason: StopReason) {
        registry.find(token)?.context.cancel(reason)
    }

    override func close() {
        executor.close()
    }
}

extension Context {
    /// Sees what a task threw as a failure: the end of a task that was asked to end is no defect.
    func failure(_ error: any Error) -> Failure {
        if error is CancellationError, let reason = reasonToStop { return .stopped(reason) }
        return .from(error)
    }
}
