import BattenCore
import BattenStore
import BattenSystem
import CSQLite
import Glibc

/// Lists and details of a store with a long history, and what its upkeep costs.
enum HistoryFigures {
    private static let runs = 1_000_000
    private static let workflows = 100

    /// Makes the store, reads it as `runs` and `status` do, and removes some of it.
    static func measure(scratch: String, build: String) throws {
        let folder = StateFolder(try FileSystem.makeTemporaryFolder(prefix: scratch + "/history-"))
        defer { try? FileSystem.removeTree(folder.path) }
        try fill(folder)
        guard let reader = try StoreReader(folder) else { throw BenchError("the store was not made") }
        let count = "\(Figure.short(Double(runs) / 1e6)) M runs"
        var cursor: String?
        try show("runs, pages of 50 through \(count)") { _ in
            let page = try reader.runs(after: cursor)
            cursor = page.nextCursor
            return page.items.count == 50
        }
        try show("runs --since") { number in
            let since = Timestamp(nanoseconds: Int64(number * 7_919 % 900_000) * 1_000_000_000)
            return try reader.runs(RunFilter(since: since)).items.count == 50
        }
        try show("runs --workflow") { number in
            try reader.runs(RunFilter(workflow: "w\(number % workflows)")).items.count == 50
        }
        try show("runs --status") { number in
            try reader.runs(RunFilter(statuses: number % 2 == 0 ? [.failed] : [.failed, .cancelled])).items.count == 50
        }
        try show("status RUN") { number in
            let id = "r\(number * 7_919 % runs)"
            guard case .found = try reader.run(id) else { return false }
            return try reader.stages(run: id).count == 1 && reader.attempts(run: id).count == 1
        }
        for words in [["runs"], ["status", "r77777"]] {
            let begun = [String](["\(build)/batten"] + words + ["--home", folder.path])
            var times: [Double] = []
            for _ in 0..<40 { times.append(try ProcessFigures.spawn(begun).seconds) }
            times.sort()
            let p95 = times[times.count * 95 / 100] * 1e3
            Table.show(.plain("the process 'batten \(words[0])', p95", "\(Figure.short(p95)) ms"))
        }
        try upkeep(folder)
    }

    private static func upkeep(_ folder: StateFolder) throws {
        let now = Timestamp(nanoseconds: 2_000_000 * 1_000_000_000)
        let policy = RetentionPolicy(age: nil, runsPerWorkflow: 9_000)
        let keeper = try HistoryKeeper(
            folder, policy: policy, options: StoreOptions(durability: .normal), now: { now })
        var steps: [Double] = []
        let begun = MonotonicClock.now()
        var more = true
        while more {
            let start = MonotonicClock.now()
            more = try keeper.step()
            steps.append(Double(MonotonicClock.now() - start) / 1e6)
        }
        let seconds = Double(MonotonicClock.now() - begun) / 1e9
        steps.sort()
        Table.show(.plain("upkeep, runs removed", "\(Figure.short(Double(keeper.removed.runs) / seconds)) /s"))
        Table.show(.plain("upkeep, a step, p95", "\(Figure.short(steps[steps.count * 95 / 100])) ms"))
        Table.show(.plain("upkeep, a step, longest", "\(Figure.short(steps.last ?? 0)) ms"))
    }

    /// Times something 400 times and shows its 95th percentile.
    private static func show(_ name: String, _ body: (Int) throws -> Bool) throws {
        var times: [Double] = []
        for number in 0..<400 {
            let start = MonotonicClock.now()
            guard try body(number) else { throw BenchError("\(name): not what was put in") }
            times.append(Double(MonotonicClock.now() - start) / 1e6)
        }
        times.sort()
        let p95 = times[times.count * 95 / 100]
        Table.show(.atMost(10, p95, name: name + ", p95", value: "\(Figure.short(p95)) ms"))
    }

    /// Fills a store that the program made with SQL: a run a second.
    private static func fill(_ folder: StateFolder) throws {
        do { _ = try SQLiteStore(folder, options: StoreOptions(durability: .off)) }
        var connection: OpaquePointer?
        sqlite3_open_v2(folder.database, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        defer { sqlite3_close_v2(connection) }
        let sql = """
            PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
            BEGIN;
            INSERT INTO workflow_versions (key, hash, workflow, version, snapshot, created_at)
            VALUES (1, 'h', 'w', '1.0', '{}', 0);
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < \(runs - 1))
                SELECT i FROM n;
            INSERT INTO runs (key, id, workflow, version, version_key, status, trigger, owner, epoch, accepted_at,
                started_at, ended_at, seed, workdir, directory, parameters, host_environment, outputs)
            SELECT i + 1, 'r' || i, 'w' || (i % \(workflows)), '1.0', 1,
                CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 70 = 0 THEN 'cancelled' ELSE 'completed' END, 'cli', 'engine',
                1, i * 1000000000, i * 1000000000, i * 1000000000 + 5000000, i, '/tmp', '/tmp', '{"city":"Oslo"}', '{}',
                '{"ok":true}'
            FROM n;
            INSERT INTO stage_runs (run_key, idx, id, uses, is_finally, status, attempts, started_at, ended_at, outputs)
            SELECT i + 1, 0, 's0', 'shell.run', 0, 'completed', 1, i * 1000000000, i * 1000000000 + 5000000, '{"n":1}'
            FROM n;
            INSERT INTO attempts (run_key, idx, number, reason, idempotency_key, started_at, ended_at, outcome, effect,
                code, message)
            SELECT i + 1, 0, 1, 'first', 'k', i * 1000000000, i * 1000000000 + 5000000, 'ok', 'none', '', '' FROM n;
            INSERT INTO events (key, at, type, stage, attempt, data)
            SELECT (i + 1) << 32 | seq, i * 1000000000, 'stage_started', 's0', 1, '{"reason":"first"}'
            FROM n JOIN (SELECT 1 AS seq UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) ORDER BY i, seq;
            COMMIT;
            PRAGMA wal_checkpoint(TRUNCATE);
            """
        guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw BenchError("the history was not made: \(String(cString: sqlite3_errmsg(connection)))")
        }
    }
}
