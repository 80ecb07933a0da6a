import BattenCore

/// A plugin host whose calls do nothing until the simulation decides how they go on.
final class SimulatedHost: ExecutorHost, @unchecked Sendable {
    // SAFETY: a simulation has one thread.

    /// A call in flight.
    struct Call {
        let call: ExecutorCall
        let sink: any CallSink
        var isAskedToStop = false
        /// What is left of the bound that it declares, and of each lease that it has, with how much it holds.
        var left = SimulatedHost.bound
        var leases: [UInt64] = []
    }

    /// The most tokens that a call says come out of it, and how many it holds at a time.
    static let bound: Int64 = 6
    static let held: Int64 = 4

    private(set) var calls: [Call] = []
    /// Calls that were given up when their time was up and whose results may come all the same.
    private(set) var late: [Call] = []
    private let oracle: Oracle
    /// Whether `test.run` says what it uses.
    private let isMetered: Bool

    init(oracle: Oracle, isMetered: Bool) {
        self.oracle = oracle
        self.isMetered = isMetered
    }

    func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle {
        oracle.called(call)
        calls.append(Call(call: call, sink: sink))
        return CallHandle(token: call.tag)
    }

    func cancel(_ handle: CallHandle, why: CancelReason) {
        for index in calls.indices where calls[index].call.tag == handle.token { calls[index].isAskedToStop = true }
    }

    func shutdown(within limit: Duration) {}

    /// Has a call use some of what it has declared.
    func use(_ index: Int, _ wanted: Int64) {
        let call = calls[index]
        let amount = min(wanted, call.left)
        guard amount > 0, call.call.executor == "test.run" else { return }
        calls[index].left -= amount
        call.sink.usage(tag: call.call.tag, metric: "output_tokens", subject: "model", amount: amount)
    }

    /// Has a call hold something, or settle what it holds.
    func hold(_ index: Int, settling used: Int64) {
        let call = calls[index].call
        let sink = calls[index].sink
        if let lease = calls[index].leases.popLast() { return sink.settle(lease: lease, used: used, tag: call.tag) }
        let request = QuotaRequest(meter: "output_tokens", subject: "held", amount: Self.held)
        sink.hold(request, tag: call.tag) { [self] answer in
            guard case .granted(let lease, _) = answer else { return }
            guard let place = calls.firstIndex(where: { $0.call.tag == call.tag }) else {
                return sink.release(lease: lease, tag: call.tag)
            }
            calls[place].leases.append(lease)
        }
    }

    /// Ends a call.
    func finish(_ index: Int, _ outcome: StageOutcome) {
        let call = calls.remove(at: index)
        for lease in call.leases { call.sink.release(lease: lease, tag: call.call.tag) }
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
                inputSchema: isMetered && type == "test.run" ? Self.metered : .object([:]), outputSchema: .object([:]),
                isIdempotent: type == "test.run", isPure: false,
                isCancellable: true, isAsynchronous: type == "test.run", capabilities: .object([:])))
    }

    /// The bound stands below the input's members, so that the host puts none into it.
    private static let metered: JSONValue = [
        "x-batten-usage": ["output_tokens": ["input": ["most.tokens"], "default": .int(bound)]]
    ]

    func knownTypes() -> [String] { ["test.run", "test.once"] }
}
