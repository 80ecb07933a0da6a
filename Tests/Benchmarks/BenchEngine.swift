import BattenCore
import BattenEngine
import BattenPluginHost
import BattenSpec
import BattenStore
import BattenSystem
import TestSupport

/// An engine with the real store and the real plugin host in a folder of its own.
final class BenchEngine {
    let engine: Engine
    let host: PluginHost
    private let counting: CountingStore?
    let folder: String

    /// Transactions so far, where they are counted.
    var commits: Int { counting?.counts.commits ?? 0 }

    /// Creates an engine whose plugins are the bundled ones and the no-op fixture.
    ///
    /// - Parameters:
    ///   - durability: what a commit survives.
    ///   - scratch: a folder on the disk to measure.
    ///   - build: the folder with the built products.
    ///   - quotas: what is limited.
    ///   - counts: whether transactions are counted.
    init(
        _ durability: StoreOptions.Durability, scratch: String, build: String, quotas: [QuotaRule] = [],
        counts: Bool = false
    ) throws {
        folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/engine-")
        host = try BenchHost.make(folder: folder + "/plugins", build: build)
        let store = try SQLiteStore(StateFolder(folder + "/home"), options: StoreOptions(durability: durability))
        for quota in quotas { _ = try store.set(quota, at: SystemEngineClock().now(), zones: { _ in .utc }) }
        counting = counts ? CountingStore(store) : nil
        engine = Engine(
            store: counting ?? store, host: host, clock: SystemEngineClock(),
            settings: EngineSettings(engineID: "bench", processors: ProcessEnvironment.processors), observer: nil)
        try engine.start()
    }

    /// Runs the same workflow some times at once and waits for all of them.
    ///
    /// - Returns: seconds from the first request to the last end.
    func run(_ definition: WorkflowDefinition, times: Int = 1) throws -> Double {
        let plan = try Planner.plan(
            definition, catalog: host, snapshot: WorkflowWriter.canonical(definition))
        let engine = engine
        let folder = folder
        let begun = MonotonicClock.now()
        let left = Monitor(times)
        // A hundred threads ask for runs, as a hundred clients would: one alone would wait for each acceptance.
        let clients = min(times, 100)
        for client in 0..<clients {
            try Thread.detach(name: "client-\(client)") {
                for _ in stride(from: client, to: times, by: clients) {
                    let submission = RunSubmission(plan: plan, directory: folder, workdir: folder + "/work/{run}")
                    if let run = try? engine.submit(submission) {
                        let ending = try? engine.wait(run: run)
                        if ending != .ended(.completed) { print("run \(run) ended as \(String(describing: ending))") }
                    }
                    left.signal { $0 -= 1 }
                }
            }
        }
        let _: Bool? = left.wait { $0 == 0 ? true : nil }
        return Double(MonotonicClock.now() - begun) / 1e9
    }

    func close() {
        engine.stop()
        host.shutdown(within: .seconds(2))
        try? FileSystem.removeTree(folder)
    }
}

/// Makes plugin hosts for measuring.
enum BenchHost {
    /// A host whose bundled folder holds links to the built plugins and the no-op fixture.
    static func make(folder: String, build: String) throws -> PluginHost {
        try FileSystem.makeFolder(folder, mode: 0o700)
        for (file, name) in [
            ("libfixture-noop.so", "noop"), ("libfixture-meter.so", "meter"), ("libbatten-plugin-shell.so", "shell"),
            ("libbatten-plugin-http.so", "http"),
        ] {
            let bytes = try FileSystem.read("\(build)/\(file)")
            try FileSystem.writeAtomically(bytes, to: "\(folder)/libbatten-plugin-\(name).so", mode: 0o700)
        }
        for file in ["batten-guardian", "libBattenPlugin.so", "libBattenTransfer.so"] {
            let bytes = try FileSystem.read("\(build)/\(file)")
            try FileSystem.writeAtomically(bytes, to: "\(folder)/\(file)", mode: 0o700)
        }
        return PluginHost(HostSettings(bundledFolder: folder))
    }
}

/// Workflows to measure with.
enum BenchWorkflows {
    /// One stage after another.
    static func chain(_ count: Int, uses: String, with: JSONObject = [:]) -> WorkflowDefinition {
        let stages = (0..<count).map { place in
            StageDefinition(id: "s\(place)", uses: uses, with: with, dependsOn: place == 0 ? [] : ["s\(place - 1)"])
        }
        return WorkflowDefinition(name: "chain", stages: stages)
    }

    /// One stage, then many side by side, then one.
    static func fanOut(_ count: Int, uses: String, with: JSONObject = [:]) -> WorkflowDefinition {
        let first = StageDefinition(id: "first", uses: uses, with: with)
        let many = (0..<count).map { StageDefinition(id: "s\($0)", uses: uses, with: with, dependsOn: ["first"]) }
        let last = StageDefinition(id: "last", uses: uses, with: with, dependsOn: many.map(\.id))
        return WorkflowDefinition(name: "fan-out", stages: [first] + many + [last])
    }
}
