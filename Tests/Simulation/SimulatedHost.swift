import BattenCore

/// A plugin host whose calls do nothing until the simulation decides how they go on.
final class SimulatedHost: ExecutorHost, @unchecked Sendable {
    // SAFETY: a simulation has one thread.

    /// A call in flight.
    struct Call {
        let call: ExecutorCall
        let sink: any CallSink
        var isAskedToStop = false
    }

    private(set) var calls: [Call] = []
    /// Calls that were given up when their time was up and whose results may come all the same.
    private(set) var late: [Call] = []
    private let oracle: Oracle

    init(oracle: Oracle) { self.oracle = oracle }

    func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle {
        oracle.called(call)
        calls.append(Call(call: call, sink: sink))
        return CallHandle(token: call.tag)
    }

    func cancel(_ handle: CallHandle, why: CancelReason) {
        for index in calls.indices where calls[index].call.tag == handle.token { calls[index].isAskedToStop = true }
    }

    func shutdown(within limit: Duration) {}

    /// Ends a call.
    func finish(_ index: Int, _ outcome: StageOutcome) {
        let call = calls.remove(at: index)
        oracle.answered(call.call, outcome)
        call.sink.finished(tag: call.call.tag, outcome: outcome)
    }

    /// Ends a call that was given up before.
    func finishLate(_ index: Int, _ outcome: StageOutcome) {
        let call = late.remove(at: index)
        call.sink.finished(tag: call.call.tag, outcome: outcome)
    }

    /// Ends calls whose time is up, as the real host does at deadline and grace.
    func expire(at now: Int64) {
        while let index = calls.firstIndex(where: { $0.call.deadline.map { $0 <= now } ?? false }) {
            late.append(calls[index])
            finish(index, StageOutcome(.timeout, effect: .unknown, code: "batten.timeout", message: "out of time"))
        }
    }

    /// The earliest deadline of a call.
    var nextDeadline: Int64? { calls.compactMap(\.call.deadline).min() }

    /// `test.run` may be repeated without harm, `test.once` may not.
    func executor(_ type: String) -> ExecutorLookup {
        .found(
            ExecutorInfo(
                type: type, pluginVersion: "1.0.0", summary: "", input: .anything, output: .anything,
                inputSchema: .object([:]), outputSchema: .object([:]), isIdempotent: type == "test.run", isPure: false,
                isCancellable: true, isAsynchronous: type == "test.run", capabilities: .object([:])))
    }

    func knownTypes() -> [String] { ["test.run", "test.once"] }
}
