import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import Testing

/// The bundled plugins in the real plugin host, as the tests of shell and transform use them.
final class ShellRig: Sendable {
    let host: PluginHost
    /// The state folder of the shell plugin.
    let state: String
    let reports = Monitor<[HostReport]>([])

    /// The folder where the build puts the plugins: that of the running test program.
    static let buildFolder = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."

    init(state: String? = nil, maxProcesses: Int? = nil, guardian: String? = nil) throws {
        let state = try state ?? FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-shell-test-")
        self.state = state
        var config: JSONObject = ["state_dir": .string(state)]
        if let maxProcesses { config["max_processes"] = .int(Int64(maxProcesses)) }
        if let guardian { config["guardian"] = .string(guardian) }
        let reports = reports
        host = PluginHost(
            HostSettings(
                bundledFolder: Self.buildFolder, configurations: ["shell": .object(config)],
                report: { report in reports.signal(all: true) { $0.append(report) } }))
    }

    deinit {
        host.shutdown(within: .seconds(5))
        try? FileSystem.removeTree(state)
    }

    /// What a call reported, and its end.
    final class Running: CallSink {
        struct Seen {
            var lines: [String] = []
            var outcome: StageOutcome?
        }

        let seen = Monitor(Seen())
        let handle = Mutex(CallHandle(token: 0))

        func log(tag: UInt64, stream: String, text: String) {
            seen.signal(all: true) { $0.lines.append("\(stream): \(text)") }
        }

        func progress(tag: UInt64, fraction: Double?, note: String) {}
        func stream(tag: UInt64, text: String) -> Bool { true }
        func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {}
        func checkpoint(tag: UInt64, state: [UInt8]) {}

        func finished(tag: UInt64, outcome: StageOutcome) {
            seen.signal(all: true) { $0.outcome = outcome }
        }

        /// Waits for the end, at most a minute.
        func outcome() throws -> StageOutcome {
            try #require(seen.wait(until: MonotonicClock.now() + 60_000_000_000) { $0.outcome }, "the call never ended")
        }

        /// Waits for a log line.
        func waitForLine(_ line: String) -> Bool {
            seen.wait(until: MonotonicClock.now() + 60_000_000_000) { $0.lines.contains(line) ? true : nil } ?? false
        }

        var lines: [String] { seen.withLock { $0.lines } }
    }

    func start(
        _ executor: String, _ input: String, env: [(name: String, value: String)] = [], folder: String? = nil,
        deadline: Int64? = nil, grace: Duration = .seconds(5)
    ) throws -> Running {
        let running = Running()
        let call = ExecutorCall(
            tag: 1, executor: executor, run: "run-1", stage: "stage-1", idempotencyKey: "key", deadline: deadline,
            grace: grace, input: try JSONReader.parse(input), environment: env, workingDirectory: folder)
        let handle = host.start(call, sink: running)
        running.handle.withLock { $0 = handle }
        return running
    }

    func run(
        _ executor: String, _ input: String, env: [(name: String, value: String)] = [], folder: String? = nil
    ) throws -> (outcome: StageOutcome, lines: [String]) {
        let running = try start(executor, input, env: env, folder: folder)
        let outcome = try running.outcome()
        return (outcome, running.lines)
    }

    func cancel(_ running: Running, why: CancelReason = .cancelled) {
        host.cancel(running.handle.withLock { $0 }, why: why)
    }
}
