import BattenCore
import BattenSystem
import Testing

@testable import BattenStore

@Suite struct AdministrationTests {
    private func filled(_ state: TemporaryState) throws -> SQLiteStore {
        let store = try state.open()
        for number in 0..<5 {
            var script = RunScript("run\(number)")
            let text = JSONValue.string(String(repeating: "v", count: 70_000 + number))
            _ = try store.commit([script.accept(stages: 1, acceptedAt: at(Int64(number)))])
            _ = try store.commit([script.step(done: nil, next: 0)])
            _ = try store.commit([script.step(done: 0, next: nil, outputs: text)])
            _ = try store.commit([script.finish()])
        }
        return store
    }

    @Test func infoCountsWhatIsThere() throws {
        let state = try TemporaryState()
        let error = #expect(throws: StoreError.self) { try StoreAdministration(state.folder).info() }
        #expect(error?.code == .notFound)
        let store = try filled(state)
        let info = try StoreAdministration(state.folder).info()
        #expect(info.journalMode == "wal")
        #expect(info.schemaVersion == info.latestVersion)
        #expect(info.rows.first { $0.table == "runs" }?.count == 5)
        #expect(info.rows.first { $0.table == "events" }?.count == 20)
        #expect(info.blobs == 5 && info.blobBytes == 5 * 70_002 + 10)
        #expect(info.oldestRun == at(0) && info.newestRun == at(4))
        #expect(info.pages > 0 && info.pageSize == 2048 && info.logBytes > 0)
        let status = try #require(try FileSystem.status(state.folder.database))
        #expect(status.mode == 0o600, "for this user alone")
        #expect(try FileSystem.status(state.folder.blobs)?.mode == 0o700)
        _ = store
    }

    @Test func aBackupIsAStoreOfItsOwn() throws {
        let state = try TemporaryState()
        let store = try filled(state)
        let administration = StoreAdministration(state.folder)
        let file = state.folder.path + "/copy.db"
        let backup = try administration.backup(to: file)
        #expect(backup.blobs == 5 && backup.blobFolder == file + ".blobs" && backup.bytes > 0)
        #expect(throws: StoreError.self) { try administration.backup(to: file) }
        var script = RunScript("later")
        _ = try store.commit([script.accept(stages: 1)])
        // Restored: the file and the folder put where a store has them.
        let other = try TemporaryState()
        try FileSystem.rename(file, to: other.folder.database)
        try FileSystem.rename(file + ".blobs", to: other.folder.blobs)
        #expect(try StoreAdministration(other.folder).check().problems == [])
        let restored = try other.open()
        #expect(try restored.recover(run: "run3")?.journal.count == 4)
        #expect(try restored.recover(run: "later") == nil, "the copy shows one moment")
        #expect(try StoreAdministration(other.folder).info().journalMode == "wal", "and becomes a working store")
        let leftovers = try FileSystem.list(state.folder.path).filter { $0.contains("copy") }
        #expect(leftovers == [])
        #expect(throws: StoreError.self) { try administration.backup(to: "/proc/nowhere/copy.db") }
    }

    @Test func backupsWhileOthersWriteAreWhole() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let folder = state.folder
        let done = Monitor(false)
        let writer = try Thread.start(name: "writer") {
            for number in 0..<200 {
                var script = RunScript("run\(number)")
                var batch = [script.accept(stages: 50)]
                _ = try? store.commit(batch)
                batch = [script.step(done: nil, next: 0)]
                _ = try? store.commit(batch)
            }
            done.withLock { $0 = true }
        }
        var copies = 0
        repeat {
            let file = folder.path + "/copy\(copies).db"
            _ = try StoreAdministration(folder).backup(to: file)
            let copy = try Connection(file, .read)
            #expect(try copy.text("PRAGMA integrity_check") == "ok")
            #expect(
                try copy.integer("SELECT count(*) FROM stage_runs")
                    == (try copy.integer("SELECT 50 * count(*) FROM runs")))
            copies += 1
        } while !done.withLock { $0 } && copies < 20
        writer.join()
    }

    @Test func aBackupBesideARemovalMissesNoValue() throws {
        let state = try TemporaryState()
        _ = try filled(state)
        let file = state.folder.path + "/copy.db"
        var kept = 5
        // Whenever the database is copied, the oldest run goes with its value before the values are.
        let backup = try StoreAdministration(state.folder).backup(to: file) {
            guard kept > 2 else { return }
            kept -= 1
            do {
                let keeper = try HistoryKeeper(
                    state.folder, policy: RetentionPolicy(age: nil, runsPerWorkflow: kept),
                    options: StoreOptions(durability: .off), isThorough: true, now: { at(1_000_000_000_000) })
                while try keeper.step(limit: UpkeepLimit(rows: 1_000, time: .seconds(1))) {}
            } catch {
                Issue.record(error)
            }
        }
        // The second copy names one less, and all of that was copied the first time.
        #expect([kept, backup.blobs] == [3, 4])
        let other = try TemporaryState()
        try FileSystem.rename(file, to: other.folder.database)
        try FileSystem.rename(file + ".blobs", to: other.folder.blobs)
        let check = try StoreAdministration(other.folder).check()
        #expect(check.problems == [] && check.valuesChecked == 4 && check.unusedFiles == [])
        // A value that is gone and still named is damage, and no backup hides it.
        try FileSystem.removeTree(state.folder.blobs)
        let error = #expect(throws: StoreError.self) {
            try StoreAdministration(state.folder).backup(to: state.folder.path + "/other.db")
        }
        #expect(error?.code == .corrupt)
    }

    @Test func aSoundStoreHasNoProblemsAndEachDamageIsFound() throws {
        let damages: [(String, StoreProblem.Kind)] = [
            ("UPDATE stage_runs SET status = 'running', ended_at = NULL WHERE run_key = 1", .state),
            ("UPDATE attempts SET ended_at = NULL WHERE run_key = 2", .state),
            ("UPDATE runs SET ended_at = NULL WHERE key = 3", .state),
            ("DELETE FROM events WHERE run_key = 4 AND seq = 2", .state),
            ("UPDATE runs SET status = 'dreaming', ended_at = NULL WHERE key = 5", .state),
            ("INSERT INTO timers VALUES (1, 'retry:1', 5)", .state),
            ("PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE key = 2", .reference),
            ("UPDATE stage_runs SET outputs = x'00' WHERE run_key = 1", .state),
            ("PRAGMA foreign_keys = OFF; UPDATE blobs SET hash = randomblob(32) WHERE bytes = 70002", .value),
        ]
        for (sql, kind) in damages {
            let state = try TemporaryState()
            let store = try filled(state)
            let administration = StoreAdministration(state.folder)
            let sound = try administration.check()
            #expect(sound.problems == [] && sound.valuesChecked == 5 && sound.unusedFiles == [])
            let hand = try Connection(state.folder.database, .write)
            try hand.execute(sql)
            let problems = try administration.check().problems
            #expect(problems.contains { $0.kind == kind }, "\(sql): \(problems)")
            _ = store
        }
        let state = try TemporaryState()
        let store = try filled(state)
        let folder = state.folder.blobs + "/" + (try #require(try FileSystem.list(state.folder.blobs).first))
        let name = try #require(try FileSystem.list(folder).first)
        try FileSystem.rename(folder + "/" + name, to: folder + "/stray")
        let check = try StoreAdministration(state.folder).check()
        #expect(check.problems.map(\.kind) == [.value])
        #expect(check.unusedFiles == [folder + "/stray"])
        _ = store
    }
}
