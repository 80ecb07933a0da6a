import BattenCore
import BattenSystem
import Testing

@testable import BattenStore

@Suite struct MigrationTests {
    /// Everything that the schema of a file consists of.
    private func schema(_ connection: Connection) throws -> [String] {
        let rows = try connection.prepare(
            "SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema ORDER BY 1")
        var schema: [String] = []
        while try rows.step() { schema.append(rows.text(0)) }
        return schema.filter { !$0.contains("sqlite_sequence") }
    }

    @Test func everyStepGoesUpDownAndUpAgain() throws {
        let state = try TemporaryState()
        try state.folder.create()
        let connection = try Connection(state.folder.database, .create)
        let migrator = Migrator(connection: connection)
        #expect(try migrator.state() == .new)
        var seen: [[String]] = [try schema(connection)]
        for version in 1...Migration.latest {
            try migrator.migrate(to: version)
            #expect(try migrator.state() == .store(version))
            seen.append(try schema(connection))
            #expect(seen[version] != seen[version - 1], "version \(version) changes something")
            try migrator.migrate(to: version - 1)
            #expect(try schema(connection) == seen[version - 1], "down from \(version)")
            try migrator.migrate(to: version)
            #expect(try schema(connection) == seen[version], "up to \(version) again")
        }
        for target in [0, Migration.latest, 1, Migration.latest, 0] {
            try migrator.migrate(to: target)
            #expect(try schema(connection) == seen[target])
        }
        #expect(Migration.all.map(\.version) == Array(1...Migration.latest))
        let tables = seen[Migration.latest].filter { $0.hasPrefix("table ") }.map {
            String($0.split(separator: " ")[1])
        }
        #expect(
            Set(tables) == Set(Migration.all.flatMap(\.tables)), "each step names the tables that going down removes")
    }

    @Test func goingDownTellsWhatIsLostAndKeepsTheRest() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var script = RunScript("one")
        _ = try store.commit([script.accept(stages: 3)])
        let administration = StoreAdministration(state.folder)
        #expect(try administration.migrationPlan().steps == [])
        let plan = try administration.migrationPlan(to: 0)
        #expect(plan.steps.map(\.version) == Array((0..<Migration.latest).reversed()))
        #expect(plan.lostRows == 6, "a definition, a run, three stages, an event")
        #expect(try StoreReader(state.folder)?.run("one") != nil, "a plan changes nothing")
        #expect(try administration.migrate(to: 1).target == 1)
        #expect(try administration.info().schemaVersion == 1)
        // Any later use brings it up again; what version 1 has is still there.
        let reader = try #require(try StoreReader(state.folder))
        #expect(try reader.stages(run: "one").count == 3)
        #expect(try administration.info().schemaVersion == Migration.latest)
        for target in [-1, Migration.latest + 1] {
            let error = #expect(throws: StoreError.self) { try administration.migrationPlan(to: target) }
            #expect(error?.code == .misuse)
        }
    }

    @Test func theJournalStaysAsItIsUpAndDown() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var runs = ["one", "two"].map { RunScript($0) }
        for place in runs.indices { _ = try store.commit([runs[place].accept(stages: 3)]) }
        for stage in 0..<3 {
            for place in runs.indices {
                _ = try store.commit([runs[place].step(done: stage == 0 ? nil : stage - 1, next: stage)])
            }
        }
        try store.catchUp()
        func rows(_ connection: Connection) throws -> [[String]] {
            let find = try connection.prepare(
                "SELECT run_key, seq, at, type, stage, attempt, spilled, data FROM events ORDER BY run_key, seq")
            var rows: [[String]] = []
            while try find.step() { rows.append((0..<8).map { find.optionalText($0) ?? "-" }) }
            return rows
        }
        let connection = try Connection(state.folder.database, .write)
        let before = try rows(connection)
        #expect(before.count == 12)
        #expect(before.map { $0[0] + "." + $0[1] } == (1...2).flatMap { run in (1...6).map { "\(run).\($0)" } })
        let reader = try #require(try StoreReader(state.folder))
        let journals = try ["one", "two", "none"].map { try reader.events(run: $0) }
        for target in [Migration.journal.version - 1, Migration.latest] {
            try Migrator(connection: connection).migrate(to: target)
            #expect(try rows(connection) == before, "version \(target)")
        }
        let again = try #require(try StoreReader(state.folder))
        #expect(try ["one", "two", "none"].map { try again.events(run: $0) } == journals)
        #expect(try again.events(run: "one", after: 5).map(\.seq) == [6])
        #expect(try again.events(run: "one", after: -1).count == 6)
        #expect(try again.events(run: "one", after: .max) == [])
        try connection.execute("PRAGMA foreign_keys = ON; DELETE FROM runs WHERE id = 'one'")
        #expect(try rows(connection) == before.filter { $0[0] == "2" }, "a run takes its own journal along, no other")
    }

    @Test(
        arguments: [
            (1, 1, 0x1_0000_0001), (0, 1, 1), (0x7fff_ffff, 0xffff_ffff, Int64.max), (1, 0, nil), (1, -1, nil),
            (1, 0x1_0000_0000, nil), (-1, 1, nil), (0x8000_0000, 1, nil), (Int64.max, Int64.max, nil),
        ] as [(Int64, Int64, Int64?)])
    func anEntrysKeyHoldsItsRunAndItsPlace(_ run: Int64, _ seq: Int64, _ key: Int64?) {
        #expect(EventKey.of(run: run, seq: seq) == key)
    }

    @Test func aNewerOrForeignFileIsRefusedUntouched() throws {
        let state = try TemporaryState()
        let make: [(String, StoreError.Code)] = [
            (
                "PRAGMA application_id = \(Migration.applicationID); PRAGMA user_version = 99; CREATE TABLE t (a)",
                .newerVersion
            ),
            ("CREATE TABLE t (a)", .notADatabase),
            ("PRAGMA application_id = 7", .notADatabase),
            ("PRAGMA user_version = 3", .notADatabase),
        ]
        for (number, (sql, code)) in make.enumerated() {
            let folder = StateFolder(state.folder.path + "/\(number)")
            try FileSystem.makeFolder(folder.path)
            try Connection(folder.database, .create).execute(sql)
            let before = try FileSystem.read(folder.database)
            let attempts: [() throws -> Void] = [
                { _ = try SQLiteStore(folder) }, { _ = try StoreReader(folder) },
                { _ = try StoreAdministration(folder).info() }, { _ = try StoreAdministration(folder).check() },
                { _ = try StoreAdministration(folder).migrate() },
                { _ = try StoreAdministration(folder).backup(to: folder.path + "/copy.db") },
            ]
            for attempt in attempts {
                let error = #expect(throws: StoreError.self) { try attempt() }
                #expect(error?.code == code, "\(sql)")
                #expect(error?.message.contains(folder.database) == true)
            }
            #expect(try FileSystem.read(folder.database) == before)
            #expect(!FileSystem.exists(folder.path + "/copy.db"))
        }
    }

    @Test func manyProcessesMayMakeTheStoreAtOnce() throws {
        for _ in 0..<5 {
            let state = try TemporaryState()
            let folder = state.folder
            let failures = Monitor<[String]>([])
            let threads = try (0..<8).map { number in
                try Thread.start(name: "opener") {
                    do {
                        let store = try SQLiteStore(folder, options: StoreOptions(durability: .off))
                        var script = RunScript("run\(number)")
                        _ = try store.commit([script.accept(stages: 1)])
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(failures.withLock { $0 } == [])
            let reader = try #require(try StoreReader(folder))
            #expect(try reader.runs().items.count == 8)
            #expect(try reader.query("SELECT count(*) FROM workflow_versions").rows == [[1]])
        }
    }
}
