import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization

/// Many HTTP requests in flight at once against a server on loopback that holds all of them until the last has come.
enum HTTPFigures {
    static func measure(scratch: String, build: String) throws {
        let count = 10_000
        let limit = ProcessEnvironment.raiseDescriptorLimit(to: 65_536)
        guard limit >= 12_000 else {
            Table.show(.plain("10,000 HTTP requests in flight", "needs 12,000 descriptors, has \(limit)"))
            return
        }
        let folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/http-")
        defer { try? FileSystem.removeTree(folder) }
        let server = try holdingServer(hold: count)
        let host = try BenchHost.make(folder: folder + "/plugins", build: build)
        defer { host.shutdown(within: .seconds(5)) }
        guard case .found = host.executor("http.request") else { throw BenchError("the http plugin was not found") }
        let before = memory()
        let threadsBefore = threads()
        let sink = OutcomeSink()
        let begun = MonotonicClock.now()
        for number in 1...count {
            _ = host.start(
                ExecutorCall(
                    tag: UInt64(number), executor: "http.request", run: "bench", stage: "s\(number)",
                    idempotencyKey: "k\(number)",
                    input: .object([
                        "url": .string("http://127.0.0.1:\(server.port)/"),
                        "timeouts": ["connect": "60s", "total": "120s"],
                    ])), sink: sink)
        }
        let arrived = Monitor(false)
        try Thread.detach(name: "arrivals") {
            _ = server.line()
            arrived.signal { $0 = true }
        }
        // A request that fails early would leave the server waiting for ever.
        var isComplete = false
        for _ in 0..<900 where !isComplete && sink.failures == 0 {
            isComplete = arrived.wait(until: MonotonicClock.now() + 100_000_000) { $0 ? true : nil } ?? false
        }
        guard isComplete else {
            throw BenchError("not all requests reached the server: \(sink.failures) failed: \(sink.firstFailure)")
        }
        let peak = memory() - before
        let most = threads() - threadsBefore
        server.release()
        sink.wait(for: count)
        let seconds = Double(MonotonicClock.now() - begun) / 1e9
        if sink.failures > 0 {
            Table.show(.plain("10,000 HTTP requests: failures", "\(sink.failures): \(sink.firstFailure)"))
        }
        Table.show(
            .atMost(
                400, Double(peak) / 1024, name: "10,000 HTTP requests in flight, memory",
                value: "\(Figure.short(Double(peak) / 1024)) MiB"))
        Table.show(
            .atMost(
                64, Double(most), name: "10,000 HTTP requests in flight, threads", value: "\(most) more",
                limit: "a thread each: 10,000"))
        Table.show(.plain("10,000 HTTP requests, first start to last end", "\(Figure.short(seconds)) s"))
    }

    /// Resident memory of this process in KiB.
    private static func memory() -> Int { statusField("VmRSS:") }

    private static func threads() -> Int { statusField("Threads:") }

    private static func statusField(_ name: String) -> Int {
        guard let bytes = try? FileSystem.read("/proc/self/status") else { return 0 }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
            return Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) ?? 0
        }
        return 0
    }
}

/// An HTTP server that accepts connections, holds them until a number of requests has come, and answers all when it is
/// told to.
private func holdingServer(hold: Int) throws -> BenchServer {
    try BenchServer(
        """
        import asyncio, resource, sys
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        async def main():
            go = asyncio.Event(); seen = 0
            async def serve(reader, writer):
                nonlocal seen
                await reader.readuntil(b"\\r\\n\\r\\n")
                seen += 1
                if seen == \(hold): print("all", flush=True)
                await go.wait()
                writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
                await writer.drain(); writer.close()
            server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=16384)
            print(server.sockets[0].getsockname()[1], flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            go.set()
            await asyncio.sleep(60)
        asyncio.run(main())
        """)
}

/// Counts outcomes and keeps the first failure.
private final class OutcomeSink: CallSink {
    private let state = Monitor((finished: 0, failures: 0, first: ""))

    var failures: Int { state.withLock { $0.failures } }
    var firstFailure: String { state.withLock { $0.first } }

    func wait(for number: Int) {
        let _: Bool? = state.wait { $0.finished >= number ? true : nil }
    }

    func finished(tag: UInt64, outcome: StageOutcome) {
        state.signal { state in
            state.finished += 1
            guard outcome.outcomeClass != .ok else { return }
            state.failures += 1
            if state.first.isEmpty { state.first = outcome.message }
        }
    }

    func log(tag: UInt64, stream: String, text: String) {}
    func progress(tag: UInt64, fraction: Double?, note: String) {}
    func stream(tag: UInt64, text: String) -> Bool { true }
    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {}
    func checkpoint(tag: UInt64, state: [UInt8]) {}
}
