import BattenCore
import BattenSystem
import Glibc
import Testing

@testable import BattenStore

/// Upkeep in one process while another one writes, killed at any moment.
@Suite struct HistoryKillTests {
    private static let day: Int64 = 86_400_000_000_000

    private static func value(_ number: Int) -> JSONValue { .string(String(repeating: "\(number % 5)", count: 70_000)) }

    /// Puts runs into the store that ended long ago, some of them large, sharing long values.
    private static func fill(_ store: SQLiteStore, round: Int) throws {
        for number in 0..<60 {
            var script = RunScript("old\(round)x\(number)")
            let stages = number % 20 == 0 ? 200 : 1
            var batch = [script.accept(stages: stages)]
            for stage in 0..<stages {
                batch.append(
                    script.step(
                        done: stage == 0 ? nil : stage - 1, next: stage, outputs: stage == 1 ? value(number) : 1))
            }
            batch.append(script.step(done: stages - 1, next: nil, outputs: value(number)))
            batch.append(script.finish())
            _ = try store.commit(batch)
        }
    }

    @Test func nothingAliveIsLost() async throws {
        let state = try TemporaryState()
        let folder = state.folder
        let path = folder.path
        let store = try state.open()
        let seed =
            ProcessEnvironment.variable("BATTEN_TEST_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<100_000)
        print("kills of the upkeep: seed \(seed)")
        for round in 0..<6 {
            try Self.fill(store, round: round)
            let delay = UInt32((seed &* 2_654_435_761 &+ UInt64(round) &* 7_919) % 60_000) + 500
            // A run goes on meanwhile, and stores the very values whose last references are being removed.
            let failures = Monitor<[String]>([])
            let stages = 120
            let live = try Thread.start(name: "live") {
                do {
                    let own = try SQLiteStore(folder, options: StoreOptions(durability: .off))
                    var script = RunScript("live\(round)")
                    var verdicts = try own.commit([script.accept(stages: stages)])
                    for stage in 0..<stages {
                        let outputs = stage % 6 == 0 ? Self.value(stage) : 1
                        let step = script.step(done: stage == 0 ? nil : stage - 1, next: stage, outputs: outputs)
                        verdicts += try own.commit([step])
                    }
                    guard verdicts.allSatisfy({ $0 == .committed }) else { throw StoreError(.misuse, "", help: "") }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, delay = delay as UInt32] in
                let now = Timestamp(nanoseconds: at(0).nanoseconds + 40 * HistoryKillTests.day)
                let keeper = try HistoryKeeper(
                    StateFolder(path), policy: RetentionPolicy(), options: StoreOptions(durability: .off),
                    isThorough: true, now: { now })
                _ = try Thread.start(name: "killer") {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                while try keeper.step(limit: UpkeepLimit(rows: 40)) {}
                kill(getpid(), SIGKILL)
            }
            live.join()
            #expect(failures.withLock { $0 } == [], "seed \(seed), round \(round)")
            let check = try StoreAdministration(folder).check()
            #expect(check.problems == [], "seed \(seed), round \(round)")
            let recovered = try store.recover(run: "live\(round)")
            #expect(recovered?.journal.count == 2 * stages, "seed \(seed), round \(round)")
        }
        let now = Timestamp(nanoseconds: at(0).nanoseconds + 40 * Self.day)
        let keeper = try HistoryKeeper(
            folder, policy: RetentionPolicy(), options: StoreOptions(durability: .off), isThorough: true, now: { now })
        while try keeper.step() {}
        let reader = try #require(try StoreReader(folder))
        #expect(Set(try reader.runs(limit: 1_000).items.map(\.id)) == Set((0..<6).map { "live\($0)" }))
        let check = try StoreAdministration(folder).check()
        #expect(check.problems == [])
        #expect(try reader.query("SELECT count(*) FROM loose_blobs").rows == [[0]])
        #expect(check.unusedFiles == [])
    }

    @Test func spaceIsGivenBackAndOlderFilesAreConverted() throws {
        let state = try TemporaryState()
        let store = try state.open()
        for round in 0..<10 { try Self.fill(store, round: round) }
        let administration = StoreAdministration(state.folder)
        let before = try administration.info()
        #expect(before.givesBack)
        let now = Timestamp(nanoseconds: at(0).nanoseconds + 40 * Self.day)
        let plan = try administration.removalPlan(RetentionPolicy(age: .seconds(60), runsPerWorkflow: 1), now: now)
        #expect(plan.oldRuns == 600 && plan.surplusRuns == 0 && plan.oldest == at(0))
        let crowded = try administration.removalPlan(RetentionPolicy(age: nil, runsPerWorkflow: 100), now: now)
        #expect(crowded.oldRuns == 0 && crowded.surplusRuns == 500)
        let keeper = try HistoryKeeper(
            state.folder, policy: RetentionPolicy(age: nil, runsPerWorkflow: 100),
            options: StoreOptions(durability: .off), isThorough: true, now: { now })
        while try keeper.step() {}
        #expect(keeper.removed.runs == 500, "as the plan said")
        let after = try administration.info()
        #expect(after.freePages == 0 && after.pages < before.pages / 3, "\(before.pages) -> \(after.pages)")
        #expect(after.lastSweep == now)
        administration.shortenLog()
        #expect(try administration.info().databaseBytes == after.pages * after.pageSize, "the file is as small")
        // A file that was made without the means to give space back.
        let other = try TemporaryState()
        try Connection(state.folder.database, .write).execute("VACUUM INTO '\(other.folder.path)/copy.db'")
        let copy = try Connection(other.folder.path + "/copy.db", .write)
        try copy.execute("PRAGMA auto_vacuum = NONE; VACUUM; PRAGMA journal_mode = WAL")
        #expect(try copy.integer("PRAGMA auto_vacuum") == 0)
        try FileSystem.rename(other.folder.path + "/copy.db", to: other.folder.database)
        try other.folder.create()
        let converted = StoreAdministration(other.folder)
        #expect(try !converted.info().givesBack)
        var seat: EngineSeat? = try EngineSeat(other.folder, id: "busy")
        let error = #expect(throws: StoreError.self) { try converted.vacuum() }
        #expect(error?.code == .busy && error?.message.contains("busy") == true)
        if seat != nil { seat = nil }
        #expect(try converted.vacuum().isRebuilt)
        #expect(try converted.info().givesBack)
        #expect(try !converted.vacuum().isRebuilt)
        let ids = try #require(try StoreReader(other.folder)).runs(limit: 1_000).items.count
        #expect(ids == 100)
    }

    @Test func filesThatNoRowNamesAreRemoved() throws {
        let state = try TemporaryState()
        let store = try state.open()
        try Self.fill(store, round: 0)
        let folder = BlobFolder(path: state.folder.blobs)
        let orphan = try folder.write(Array("nobody refers to this".utf8))
        let temporary = (FileSystem.parent(of: folder.file(orphan)) ?? "") + "/half.new"
        try FileSystem.open(temporary, .create).write(Array("half".utf8))
        let administration = StoreAdministration(state.folder)
        let now = Timestamp(nanoseconds: WallClock.now())
        #expect(try administration.removeUnusedFiles(now: now).files == 1, "one that is being written stays")
        #expect(FileSystem.exists(temporary) && !FileSystem.exists(folder.file(orphan)))
        #expect(try administration.removeUnusedFiles(now: now + .seconds(2 * 86_400)).files == 1)
        let check = try administration.check()
        #expect(check.problems == [] && check.unusedFiles == [] && check.valuesChecked == 5)
    }
}
