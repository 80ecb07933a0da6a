import BattenCore
import BattenEngine
import BattenPluginHost
import BattenSpec
import BattenStore
import BattenSystem
import Glibc

/// Engines as processes of their own: how soon they take up what another one left, how soon they do what is asked of
/// them, and what they use when there is nothing to do.
final class ServiceFigures {
    private let folder: String
    private let home: StateFolder
    private let host: PluginHost
    private let batten: String

    /// Creates a folder of its own with a home and the bundled plugins.
    init(_ name: String, scratch: String, build: String) throws {
        folder = try FileSystem.makeTemporaryFolder(prefix: "\(scratch)/\(name)-")
        home = StateFolder(folder + "/home")
        host = try BenchHost.make(folder: folder + "/plugins", build: build)
        batten = "\(build)/batten"
    }

    deinit {
        host.shutdown(within: .seconds(2))
        try? FileSystem.removeTree(folder)
    }

    private func serve() throws -> BenchProcess { try BenchProcess([batten, "serve", "--home", home.path]) }

    private func reader() throws -> StoreReader {
        guard let reader = try StoreReader(home) else { throw BenchError("the store was not made") }
        return reader
    }

    /// Puts runs on disk for an engine that serves.
    ///
    /// - Returns: their ids.
    private func detach(_ definition: WorkflowDefinition, times: Int, _ store: SQLiteStore) throws -> [String] {
        let plan = try Planner.plan(definition, catalog: host, snapshot: WorkflowWriter.canonical(definition))
        let acceptor = DetachedRun(store: store, clock: SystemEngineClock())
        let submission = RunSubmission(plan: plan, directory: folder, workdir: folder + "/work/{run}")
        return try (0..<times).map { _ in try acceptor.accept(submission, owner: EngineFolder.nobody).run }
    }

    private func wakeServing() throws {
        for engine in try reader().living(role: "serve") { _ = try EngineFolder.wake(engine, in: home) }
    }

    // MARK: Recovery

    /// Many unfinished runs whose engine is killed: until the next one calls an executor, and until it has them all.
    static func recovery(scratch: String, build: String) throws {
        let figures = try ServiceFigures("recovery", scratch: scratch, build: build)
        let count = 10_000
        let mark = figures.folder + "/begun"
        let stages = [
            StageDefinition(id: "first", uses: "set", with: ["n": 1]),
            StageDefinition(
                id: "long", uses: "shell.run", with: ["script": .string("touch '\(mark)'; exec sleep 600")],
                dependsOn: ["first"]),
        ]
        do {
            let store = try SQLiteStore(figures.home, options: StoreOptions(durability: .off))
            _ = try figures.detach(WorkflowDefinition(name: "long", stages: stages), times: count, store)
        }
        let dead = try figures.takeUpAll(mark)
        dead.process.end(SIGKILL)
        _ = try FileSystem.remove(mark)
        let next = try figures.takeUpAll(mark, from: dead.engine)
        next.process.end(SIGKILL)
        let text = "\(count / 1_000),000 unfinished runs after kill -9"
        Table.show(
            .atMost(3, next.first, name: "\(text), first call", value: "\(Figure.short(next.first)) s"))
        Table.show(
            .atMost(10, next.all, name: "\(text), all taken up", value: "\(Figure.short(next.all)) s"))
    }

    /// Starts an engine that serves and waits until it has called an executor and owns all runs.
    ///
    /// - Parameter owner: who has the runs before.
    /// - Returns: seconds from its start until either.
    private func takeUpAll(
        _ mark: String, from owner: String = EngineFolder.nobody
    ) throws -> (process: BenchProcess, engine: String, first: Double, all: Double) {
        let begun = MonotonicClock.now()
        let process = try serve()
        let reader = try reader()
        try awaitIt("the first call") { FileSystem.exists(mark) }
        let first = Double(MonotonicClock.now() - begun) / 1e9
        try awaitIt("the last run", every: 10_000_000) { try reader.unfinishedOwners().contains(owner) == false }
        let all = Double(MonotonicClock.now() - begun) / 1e9
        guard let engine = try reader.unfinishedOwners().first else { throw BenchError("the runs have ended") }
        return (process, engine, first, all)
    }

    // MARK: Controls

    /// Commands of other processes: from the start of the command until what it asked for is on disk.
    static func controls(scratch: String, build: String) throws {
        let figures = try ServiceFigures("controls", scratch: scratch, build: build)
        let store = try SQLiteStore(figures.home)
        let process = try figures.serve()
        defer { process.end(SIGKILL) }
        let reader = try figures.reader()
        try awaitIt("an engine that serves") { try !reader.living(role: "serve").isEmpty }
        let start = try EngineFigures.best(of: 20) { try ProcessFigures.spawn([figures.batten, "version"]).seconds }
        Table.show(.plain("limit: the process 'batten version'", "\(Figure.short(start * 1e3)) ms"))
        let nap = StageDefinition(id: "nap", uses: "sleep", with: ["for": "1h"])
        let gate = StageDefinition(id: "ask", uses: "gate", with: ["prompt": "Go on?"])
        let signal = StageDefinition(id: "hear", uses: "signal", with: ["name": "go"])
        for (words, stage, record) in [
            (["pause"], nap, "run_paused"), (["resume", "--detach"], nap, "run_resumed"),
            (["cancel"], nap, "run_cancel_requested"), (["approve"], gate, "gate_decided"),
            (["signal"], signal, "signal_received"),
        ] {
            let times = try (0..<100).map { _ in try figures.control(words, stage, record, store, reader) }.sorted()
            Table.show(
                .atMost(
                    100, times[times.count * 99 / 100], name: "\(words[0]) from another process, p99",
                    value: "\(Figure.short(times[times.count * 99 / 100])) ms",
                    limit: "p50: \(Figure.short(times[times.count / 2])) ms"))
        }
    }

    /// Milliseconds from the start of a command until the run's journal has what follows from it.
    private func control(
        _ words: [String], _ stage: StageDefinition, _ record: String, _ store: SQLiteStore, _ reader: StoreReader
    ) throws -> Double {
        let runs = try detach(WorkflowDefinition(name: "asked", stages: [stage]), times: 1, store)
        guard let run = runs.first else { throw BenchError("there is no run") }
        try wakeServing()
        func has(_ type: String) throws -> Bool { try reader.events(run: run).contains { $0.type == type } }
        try awaitIt("a stage that waits") { try has("stage_waiting") }
        if words[0] == "resume" {
            _ = try ProcessFigures.spawn([batten, "pause", run, "--home", home.path])
            try awaitIt("a pause") { try has("run_paused") }
        }
        var command = [batten, words[0], run] + words.dropFirst()
        if words[0] == "approve" { command.append("ask") }
        if words[0] == "signal" { command.append("go") }
        let begun = MonotonicClock.now()
        let asking = try BenchProcess(command + ["--home", home.path])
        defer { asking.end(0) }
        try awaitIt(record, every: 100_000) { try has(record) }
        return Double(MonotonicClock.now() - begun) / 1e6
    }

    // MARK: Idleness

    /// Processes that wait for people or for work: processor time over some seconds.
    static func idle(scratch: String, build: String) throws {
        let figures = try ServiceFigures("idle", scratch: scratch, build: build)
        let file = figures.folder + "/gate.yaml"
        try FileSystem.writeAtomically(
            Array("name: gate\nstages:\n  - {id: ask, uses: gate, with: {prompt: 'Go on?'}}\n".utf8), to: file)
        let seconds: Int64 = 5
        let options = ["--home", figures.home.path]
        let waiting = try BenchProcess([figures.batten, "run", "--wait-gates", file] + options)
        try awaitIt("a gate") {
            try FileSystem.exists(figures.home.database) && (figures.reader().openGates().items.count == 1)
        }
        let serving = try figures.serve()
        try awaitIt("an engine that serves") { try !figures.reader().living(role: "serve").isEmpty }
        // What they do at first is not what they do for hours.
        MonotonicClock.sleep(until: MonotonicClock.now() + 1_500_000_000)
        for (name, process) in [("batten run --wait-gates", waiting), ("batten serve", serving)] {
            let before = try process.processorMilliseconds()
            MonotonicClock.sleep(until: MonotonicClock.now() + seconds * 1_000_000_000)
            let used = try process.processorMilliseconds() - before
            Table.show(
                .atMost(
                    0.1, used / Double(seconds) / 10, name: "idle '\(name)', processor",
                    value: "\(Figure.short(used)) ms in \(seconds) s", limit: "% of one processor"))
        }
        waiting.end(SIGKILL)
        serving.end(SIGKILL)
    }
}
