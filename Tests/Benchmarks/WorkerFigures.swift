import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization

/// What a call costs in a worker process, each figure held against what the kernel gives at best in the same run.
enum WorkerFigures {
    static func measure(scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/worker-")
        defer { try? FileSystem.removeTree(folder) }
        let inProcess = try BenchHost.make(folder: folder + "/plugins", build: build)
        defer { inProcess.shutdown(within: .seconds(2)) }
        var settings = inProcess.settings
        settings.isolation["noop"] = .worker
        settings.recycling["noop"] = WorkerRecycling(calls: nil, growth: nil, idle: nil)
        settings.workerPath = "\(build)/batten-worker"
        let worker = PluginHost(settings)
        defer { worker.shutdown(within: .seconds(2)) }
        for host in [inProcess, worker] { _ = pipelined(host, "noop.begin", calls: 2_000, inFlight: 64) }

        let near = EngineFigures.best { alone(inProcess, "noop.begin", calls: 20_000) }
        Table.show(.plain("no-op call in process, alone", "\(Figure.short(near)) µs"))
        try measureAlone(worker)
        let waiting = EngineFigures.best { pipelined(worker, "noop.begin", calls: 20_000, inFlight: 1) }
        Table.show(.plain("and until a thread that waits for it goes on", "\(Figure.short(waiting)) µs"))

        let pipeline = Limits.socketPipelined()
        let many = 1e6 / EngineFigures.best { pipelined(worker, "noop.begin", calls: 200_000, inFlight: 64) }
        Table.show(
            .atLeast(
                1, many / min(100_000, pipeline / 2), name: "no-op calls in a worker, 64 in flight",
                value: "\(Figure.short(many)) /s",
                limit: "100,000 /s or half of \(Figure.short(pipeline)) /s"))
        let blocking = 1e6 / EngineFigures.best { pipelined(worker, "noop.run", calls: 50_000, inFlight: 64) }
        Table.show(.plain("blocking no-op calls in a worker, 64 in flight", "\(Figure.short(blocking)) /s"))

        let text = JSONValue.object(["text": .string(String(repeating: "x", count: 1 << 20))])
        for (name, host) in [("in process", inProcess), ("in a worker", worker)] {
            let payload = EngineFigures.best { pipelined(host, "noop.echo", calls: 100, inFlight: 1, input: text) }
            Table.show(.plain("1 MiB there and back, \(name)", "\(Figure.short(payload)) µs"))
        }
        try measureStart(settings, build: build)
        measureFlight(settings)
    }

    /// A call from its start to its outcome, beside bytes that go there and back between two processes.
    private static func measureAlone(_ worker: PluginHost) throws {
        let (call, limit) = try pair {
            let limit = try Limits.socketRoundTrip(count: 2_000)
            return (alone(worker, "noop.begin", calls: 5_000), limit)
        }
        Table.show(
            .atMost(
                3, call / limit, name: "no-op call in a worker, alone", value: "\(Figure.short(call)) µs",
                limit: "\(Figure.short(limit)) µs two processes"))
    }

    /// A figure and its limit, measured in turn: of some pairs the one whose ratio is the median.
    ///
    /// What both depend on changes from moment to moment, such as how long processors take to wake and what else they
    /// have to do.
    private static func pair(
        of measure: () throws -> (figure: Double, limit: Double)
    ) rethrows -> (figure: Double, limit: Double) {
        let pairs = try (0..<9).map { _ in try measure() }.sorted { $0.figure / $0.limit < $1.figure / $1.limit }
        return pairs[pairs.count / 2]
    }

    /// Microseconds from a call's start to the delivery of its outcome, one call at a time.
    private static func alone(_ host: PluginHost, _ type: String, calls: Int) -> Double {
        let sink = BenchSink()
        let isOwn = host.settings.isolation["noop"] == .workerPerCall
        var sum: Int64 = 0
        for number in 1...calls {
            let begun = MonotonicClock.now()
            start(host, type, UInt64(number), 1, .object([:]), sink)
            sink.wait(for: number)
            sum += sink.lastFinished - begun
            // The end of a call's own worker is not the next one's start.
            if isOwn { while !host.workerProcesses.isEmpty { Pause.sleep(microseconds: 500) } }
        }
        return Double(sum) / 1e3 / Double(calls)
    }

    /// A worker from nothing to its first outcome, beside a program that is linked alike and does nothing.
    private static func measureStart(_ settings: HostSettings, build: String) throws {
        var perCall = settings
        perCall.isolation["noop"] = .workerPerCall
        let host = PluginHost(perCall)
        defer { host.shutdown(within: .seconds(2)) }
        _ = pipelined(host, "noop.run", calls: 2, inFlight: 1)
        let (start, spawn) = pair {
            let spawn = spawnAndWait("\(build)/batten-worker", times: 10)
            return (alone(host, "noop.run", calls: 10), spawn)
        }
        Table.show(
            .atMost(
                2, start / spawn, name: "worker from its start to its first outcome",
                value: "\(Figure.short(start / 1e3)) ms", limit: "\(Figure.short(spawn / 1e3)) ms posix_spawn"))
    }

    /// Microseconds to start a program and wait for its end.
    private static func spawnAndWait(_ program: String, times: Int) -> Double {
        let process = ShortProcess(program, [], environment: [:])
        let begun = MonotonicClock.now()
        for _ in 0..<times { _ = try? process.run(within: .seconds(10)) }
        return Double(MonotonicClock.now() - begun) / 1e3 / Double(times)
    }

    /// Ten thousand calls at the same time: threads and memory of this process and the worker, before and meanwhile.
    private static func measureFlight(_ settings: HostSettings) {
        let host = PluginHost(settings)
        defer { host.shutdown(within: .seconds(2)) }
        _ = pipelined(host, "noop.begin", calls: 2_000, inFlight: 64)
        let processes = [ProcessTable.current] + host.workerProcesses
        func threads() -> [Int] { processes.map(ProcessTable.threads) }
        func memory() -> [Int64] { processes.map { ProcessTable.residentBytes(of: $0) ?? 0 } }
        func text<Number: BinaryInteger>(_ numbers: [Number]) -> String {
            numbers.map { "\($0)" }.joined(separator: " + ")
        }
        let (sink, count) = (BenchSink(), 10_000)
        let (threadsBefore, memoryBefore) = (threads(), memory())
        for tag in 0..<UInt64(count) { start(host, "noop.hold", tag, 1, .object([:]), sink) }
        // Its answer says that the worker has seen all that came before.
        _ = pipelined(host, "noop.begin", calls: 1, inFlight: 1)
        let (threadsThen, memoryThen) = (threads(), memory())
        start(host, "noop.hold", UInt64(count), 2, .object([:]), sink)
        sink.wait(for: count + 1)
        Table.show(
            .atMost(
                1, Double(threadsThen.reduce(0, +)) / Double(threadsBefore.reduce(0, +)),
                name: "threads with 10,000 calls in flight", value: text(threadsThen),
                limit: "\(text(threadsBefore)) before"))
        let bytes = zip(memoryThen, memoryBefore).map { max(0, $0 - $1) / Int64(count) }
        Table.show(.plain("bytes of memory for each of them", text(bytes)))
    }

    private static func start(
        _ host: PluginHost, _ type: String, _ tag: UInt64, _ attempt: Int, _ input: JSONValue, _ sink: BenchSink
    ) {
        _ = host.start(
            ExecutorCall(
                tag: tag, executor: type, run: "bench", stage: "noop", attempt: attempt, idempotencyKey: "key",
                input: input), sink: sink)
    }

    /// Keeps a number of calls in flight; microseconds for each.
    private static func pipelined(
        _ host: PluginHost, _ type: String, calls: Int, inFlight: Int, input: JSONValue = .object([:])
    ) -> Double {
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
                start(host, type, UInt64(started), 1, input, sink)
            }
        }
        sink.wait(for: calls)
        return Double(MonotonicClock.now() - begun) / 1e3 / Double(calls)
    }
}
