import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization
import TestSupport

/// An engine over a real store in a folder of its own, with a scripted host and a recording observer.
final class EngineHarness: Sendable {
    let home: String
    let store: CountingStore
    let host: ScriptedHost
    /// The host in place of the scripted one, where a test has its own.
    let ownHost: (any ExecutorHost)?
    let engine: Engine
    let record: Recorder

    /// Creates and starts an engine.
    ///
    /// - Parameters:
    ///   - home: folder of an earlier harness to go on with; nil makes a new one.
    ///   - engineID: id of the engine.
    ///   - adjust: changes the settings.
    ///   - makeHost: makes a host in place of the scripted one; what it is given has waiting tests look again.
    ///   - script: what calls do.
    init(
        home: String? = nil, engineID: String = "engine-one", adjust: (inout EngineSettings) -> Void = { _ in },
        makeHost: ((_ changed: @escaping @Sendable () -> Void) -> any ExecutorHost)? = nil,
        script: @escaping @Sendable (ScriptedHost.Call) -> Void = { $0.succeed() }
    ) throws {
        self.home = try home ?? FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-engine-")
        store = CountingStore(
            try SQLiteStore(StateFolder(self.home), options: StoreOptions(durability: .off)))
        record = Recorder()
        let record = record
        host = ScriptedHost(changed: { record.poke() }, script: script)
        ownHost = makeHost?({ record.poke() })
        var settings = EngineSettings(engineID: engineID, processors: 2)
        settings.logLag = .milliseconds(5)
        adjust(&settings)
        engine = Engine(
            store: store, host: ownHost ?? host, clock: SystemEngineClock(), settings: settings, observer: record)
        try engine.start()
    }

    /// Plans and submits a workflow.
    func submit(_ stages: [StageDefinition], _ change: (inout WorkflowDefinition) -> Void = { _ in }) throws -> String {
        try engine.submit(submission(stages, change))
    }

    func submission(
        _ stages: [StageDefinition], _ change: (inout WorkflowDefinition) -> Void = { _ in }
    ) throws -> RunSubmission {
        RunSubmission(plan: try plan(stages, change), directory: home, workdir: home + "/work/{run}")
    }

    func plan(_ stages: [StageDefinition], _ change: (inout WorkflowDefinition) -> Void = { _ in }) throws -> Plan {
        var definition = WorkflowDefinition(name: "tested", stages: stages)
        change(&definition)
        return try Planner.plan(definition, catalog: host, snapshot: Array("\(definition)".utf8))
    }

    /// What the store knows of a run.
    func stored(_ run: String) throws -> RecoveredRun {
        guard let found = try store.recover(run: run) else {
            throw StoreError(.notFound, "run \(run) is not in the store", help: "")
        }
        return found
    }

    /// Stops the engine and removes everything.
    func remove() {
        engine.stop()
        try? FileSystem.removeTree(home)
    }
}

/// A stage that calls the scripted host.
func stage(_ id: String, after dependencies: [String] = [], with: JSONObject = [:]) -> StageDefinition {
    StageDefinition(id: id, uses: "test.run", with: with, dependsOn: dependencies)
}

/// Remembers what an engine showed, and lets a test wait for it.
final class Recorder: EngineObserver {
    struct Seen: Sendable {
        var records: [JournalRecord] = []
        var lines: [LogLine] = []
        var streamed = ""
        var changes = 0
    }
    private let seen = Monitor(Seen())

    func committed(run: String, records: [JournalRecord], row: RunRow?, stages: [StageRow]) {
        seen.signal(all: true) { $0.records += records }
    }

    func live(run: String, _ report: LiveReport) {
        seen.signal(all: true) { seen in
            switch report {
            case .log(let line): seen.lines.append(line)
            case .stream(_, _, let text): seen.streamed += text
            case .progress, .usage: break
            }
        }
    }

    /// Has waiting tests look again.
    func poke() { seen.signal(all: true) { $0.changes += 1 } }

    /// Waits until the body answers something, at most two minutes.
    func wait<Result>(_ body: (Seen) -> Result?) -> Result? {
        seen.wait(until: MonotonicClock.now() + 120_000_000_000) { body($0) }
    }

    var types: [String] { seen.withLock { $0.records.map(\.type) } }
}
