import BattenCore
import BattenStore
import BattenSystem
import Testing

@Suite struct QueryTests {
    private func store() throws -> (TemporaryState, SQLiteStore, StoreReader) {
        let state = try TemporaryState()
        let store = try state.open()
        var script = RunScript("one")
        _ = try store.commit([script.accept(stages: 2)])
        var step = script.step(done: nil, next: 0)
        step.stages[0].status = .waiting
        step.stages[0].waiting = WaitReason(on: "sleep", detail: "a while", since: at(0), until: nil)
        _ = try store.commit([step])
        return (state, store, try #require(try StoreReader(state.folder)))
    }

    @Test func viewsAnswerWhatPeopleAsk() throws {
        let (_, _, reader) = try store()
        let table: [(String, [[JSONValue]])] = [
            (
                "SELECT run, workflow, status, stages, stages_done FROM active_runs",
                [["one", "brief", "pending", 2, 0]]
            ),
            ("SELECT workflow, runs, active, completed FROM workflow_stats", [["brief", 1, 1, 0]]),
            ("SELECT seq, type FROM recent_events", [[2, "stage_started"], [1, "run_accepted"]]),
            ("SELECT stage, waiting_on, waiting_detail FROM blocked", [["s0", "sleep", "a while"]]),
            ("SELECT waiting_since, waiting_until FROM blocked", [["2023-11-14T22:13:20.000Z", nil]]),
            ("SELECT count(*) FROM usage_by_day", [[0]]),
            ("SELECT 1, 2.5, 'x', NULL, x'00ff'; -- as values", [[1, 2.5, "x", nil, "00ff"]]),
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
                [[1], [2], [3]]
            ),
        ]
        for (sql, rows) in table where !sql.contains("-- as") {
            #expect(try reader.query(sql).rows == rows, "\(sql)")
        }
        #expect(try reader.query("SELECT 1 AS a, 2 AS b, 3 AS a;  ").columns == ["a", "b", "a"])
        #expect(try reader.query("SELECT 1, 2.5, 'x', NULL, x'00ff'").rows == table[6].1)
        let cut = try reader.query("SELECT seq FROM events", limit: 1)
        #expect(cut.rows.count == 1 && cut.isCut)
        #expect(try !reader.query("SELECT seq FROM events", limit: 2).isCut)
    }

    @Test(arguments: [
        "DELETE FROM runs", "UPDATE runs SET status = 'completed'",
        "INSERT INTO audit VALUES (1, 1, '', '', '', 1, '')",
        "DROP TABLE runs", "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)", "PRAGMA user_version = 1", "VACUUM",
        "PRAGMA journal_mode = DELETE", "ATTACH '/tmp/x.db' AS x", "BEGIN IMMEDIATE", "ROLLBACK", "ANALYZE", "REINDEX",
        "SELECT ciphertext FROM secrets", "SELECT load_extension('x')", "WITH x AS (SELECT 1) DELETE FROM runs",
        "EXPLAIN DELETE FROM runs", "SELECT 1; DELETE FROM runs", "SELECT 1; SELECT 2", "", "  ", "-- nothing",
        "SELEC 1",
        "SELECT nothing FROM runs", "SELECT \"no such column\"", "SELECT * FROM runs WHERE", "SELECT 'open",
    ])
    func whatIsNotOneReadingStatementIsRefused(sql: String) throws {
        let (state, store, reader) = try store()
        let error = #expect(throws: StoreError.self, "\(sql)") { try reader.query(sql) }
        #expect(error?.code == .misuse)
        #expect(error?.message.isEmpty == false && error?.help.isEmpty == false)
        // The connection goes on, and nothing has changed.
        #expect(try reader.query("SELECT count(*) FROM runs").rows == [[1]])
        #expect(try reader.run("one") != .none)
        #expect(try store.recover(run: "one")?.journal.count == 2)
        #expect(!FileSystem.exists("/tmp/x.db"))
        _ = state
    }

    @Test func aQueryThatTakesTooLongEndsCleanly() throws {
        let (_, _, reader) = try store()
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        let error = #expect(throws: StoreError.self) { try reader.query(endless, time: .milliseconds(30)) }
        #expect(error?.message.contains("too long") == true)
        let stop = QueryStop()
        let thread = try Thread.start(name: "stopper") { stop.ask() }
        let stopped = #expect(throws: StoreError.self) { try reader.query(endless, stop: stop) }
        thread.join()
        #expect(stopped?.message.contains("stopped") == true)
        #expect(try reader.query("SELECT 1").rows == [[1]])
    }
}
