import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization

/// What a call costs from the scheduler to its completion, without engine and store.
enum DispatchFigures {
    static func measure(roundTrip: Double, scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/dispatch-")
        defer { try? FileSystem.removeTree(folder) }
        let host = try BenchHost.make(folder: folder + "/plugins", build: build)
        defer { host.shutdown(within: .seconds(2)) }
        _ = host.executor("noop.begin")
        let many = EngineFigures.best { pipelined(host, calls: 200_000, inFlight: 1_000) }
        Table.show(
            .atMost(5, many, name: "dispatch of a no-op, 1,000 in flight", value: "\(Figure.short(many)) µs each"))
        let alone = EngineFigures.best { pipelined(host, calls: 20_000, inFlight: 1) }
        Table.show(
            .atMost(
                1.5, alone / roundTrip, name: "dispatch of a no-op, alone", value: "\(Figure.short(alone)) µs each",
                limit: "\(Figure.short(roundTrip)) µs there and back"))
    }

    /// Keeps a number of calls in flight; microseconds for each.
    private static func pipelined(_ host: PluginHost, calls: Int, inFlight: Int) -> Double {
        let sink = BenchSink()
        let begun = MonotonicClock.now()
        var started = 0
        while started < calls {
            let room = inFlight - (started - sink.finishedCalls)
            if room <= 0 {
                sink.wait(for: started - inFlight + max(1, inFlight / 2))
                continue
            }
            for _ in 0..<min(room, calls - started) {
                started += 1
                _ = host.start(
                    ExecutorCall(
                        tag: UInt64(started), executor: "noop.begin", run: "bench", stage: "noop",
                        idempotencyKey: "key", input: .object([:])), sink: sink)
            }
        }
        sink.wait(for: calls)
        return Double(MonotonicClock.now() - begun) / 1e3 / Double(calls)
    }
}
