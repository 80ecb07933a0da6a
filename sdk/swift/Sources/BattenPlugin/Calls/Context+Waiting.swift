extension Context {
    /// Lets the task wait without a thread, on the host's event loop; for async executors.
    ///
    /// - Throws: ``Failure``: cancelled or deadline as soon as the call is asked to end, failed if the host has no loop.
    public func sleep(for duration: Duration) async throws(Failure) {
        try await sleep(until: .now + duration)
    }

    /// Lets the task wait until some time; see ``sleep(for:)``.
    public func sleep(until time: MonotonicTime) async throws(Failure) {
        guard let loop else {
            throw Failure(.failed, code: "host.loop", "this host has no event loop to wait on", effect: .none)
        }
        let sleep = Sleep()
        guard loop.post({ sleep.begin(loop, time) }) else {
            throw Failure(.failed, code: "host.loop", "the host's event loop has ended", effect: .none)
        }
        switch await sleep.promise.value(unlessCancelled: .stopped) {
        case .over: return
        case .refused(let failure): throw failure
        case .stopped:
            loop.post { sleep.end() }
            throw .stopped(reasonToStop ?? .cancelled, effect: .none)
        }
    }

    /// Shows the next piece of output, and waits for the reader without a thread; for async executors.
    ///
    /// - Parameters:
    ///   - text: the piece.
    ///   - channel: `text`, `stdout`, `stderr`, or a name of the executor's own.
    /// - Throws: ``Failure``: cancelled or deadline if the call is asked to end meanwhile.
    public func send(_ text: String, channel: String = "text") async throws(Failure) {
        let bytes = Array(text.utf8)
        while !stream(bytes, channel: channel) {
            let ready = Promise<Bool>()
            guard whenStreamReady({ ready.fulfil(true) }) else {
                // Another task of the call waits already.
                try await sleep(for: .milliseconds(5))
                continue
            }
            guard await ready.value(unlessCancelled: false) else { throw .stopped(reasonToStop ?? .cancelled) }
            try checkStop()
        }
    }
}

/// A timer that a task waits for.
private final class Sleep: @unchecked Sendable {
    // SAFETY: begin and end come on the loop's thread, and nothing else touches the timer.
    enum End: Sendable {
        case over
        case stopped
        case refused(Failure)
    }

    let promise = Promise<End>()
    private var timer: LoopTimer?

    func begin(_ loop: Loop, _ time: MonotonicTime) {
        do throws(Failure) {
            timer = try loop.timer(at: time) { [promise] in promise.fulfil(.over) }
        } catch {
            promise.fulfil(.refused(error))
        }
    }

    func end() {
        timer?.cancel()
    }
}
