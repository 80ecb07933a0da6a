import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

@Suite struct SQLTests {
    private static func rig() throws -> ServersRig {
        let rig = try ServersRig()
        let made = try rig.run(
            "sql.query",
            #"""
            {"database":"d/app.db","mode":"create","statements":[
              {"sql":"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data); CREATE TABLE empty (x)"},
              {"sql":"INSERT INTO t (id, name, data) VALUES (?, ?, ?)","each":[[1,"ä",null],[2,"b'c",2.5],
                [9007199254740993,"","x"]]},
              {"sql":"INSERT INTO t (name, data) VALUES (:name, :data)",
                "parameters":{"name":"blob","data":{"base64":"AP8="}}}]}
            """#
        ).outcome
        try #require(made.outcomeClass == .ok, "\(made)")
        #expect(made.effect == .made && made.output["changes"]?.intValue == 4)
        #expect(made.output["last_insert_rowid"]?.intValue == 9_007_199_254_740_994)
        return rig
    }

    @Test func rowsAreGiven() throws {
        let rig = try Self.rig()
        func query(_ sql: String, _ more: String = "") -> String {
            #"{"database":"d/app.db","sql":\#(JSONWriter.string(.string(sql)))\#(more.isEmpty ? "" : ",\(more)")}"#
        }
        let table = [
            CallRow(
                "objects", query("SELECT id, name, data FROM t ORDER BY id"),
                says: [
                    #""columns":["id","name","data"]"#, #"{"id":1,"name":"ä","data":null}"#,
                    #"{"id":2,"name":"b'c","data":2.5}"#, #"{"id":9007199254740993,"name":"","data":"x"}"#,
                    #""name":"blob","data":"AP8="}"#, #""row_count":4,"changes":0"#,
                ]),
            CallRow("arrays", query("SELECT 1, 1", #""rows":"arrays""#), says: [#""rows":[[1,1]]"#]),
            CallRow("no rows", query("SELECT x FROM empty"), says: [#""columns":["x"],"rows":[],"row_count":0"#]),
            CallRow(
                "by place", query("SELECT ?2 AS b, ?1 AS a", #""parameters":[1,"x"]"#), says: [#"[{"b":"x","a":1}]"#]),
            CallRow(
                "by name", query("SELECT :a AS a, @b AS b, $c AS c", #""parameters":{"a":true,"b":null,"c":1e300}"#),
                says: [#"[{"a":1,"b":null,"c":"#]),
            CallRow(
                "a value is never SQL", query("SELECT :v AS v", #""parameters":{"v":"'; DROP TABLE t; --"}"#),
                says: [#"'; DROP TABLE t; --"#]),
            CallRow(
                "lists as JSON", query("SELECT sum(value) AS s FROM json_each(?)", #""parameters":[[1,2,3]]"#),
                says: [#"[{"s":6}]"#]),
            CallRow("a pragma that tells", query("PRAGMA table_info(empty)"), says: [#""name":"x""#]),
            CallRow(
                "largest and least", query("SELECT 9223372036854775807 AS a, -9223372036854775808 AS b"),
                says: [#"{"a":9223372036854775807,"b":-9223372036854775808}"#]),
            CallRow("infinite", query("SELECT 9e999 AS a"), says: [#"[{"a":null}]"#]),
            CallRow(
                "several", query("SELECT 1 AS a; -- then\n SELECT 2 AS b;"),
                says: [#""rows":[{"b":2}]"#, #"[{"a":1}]"#]),
            CallRow(
                "memory", #"{"database":":memory:","mode":"create","sql":"CREATE TABLE a (b); SELECT 5 AS n"}"#,
                says: [#"[{"n":5}]"#]),
            CallRow("syntax", query("SELEC 1"), .permanent, Effect.none, code: "sql.error", says: ["sql: near"]),
            CallRow("no table", query("SELECT * FROM nosuch"), .permanent, code: "sql.error", says: ["no such table"]),
            CallRow("two columns", query("SELECT 1 AS a, 2 AS a"), .permanent, code: "input.invalid", says: ["AS"]),
            CallRow("no statement", query(" -- nothing"), .permanent, code: "input.invalid", says: ["no statement"]),
            CallRow(
                "a value is missing", query("SELECT :a, :b", #""parameters":{"a":1}"#), .permanent, Effect.none,
                code: "input.invalid", says: [":b"]),
            CallRow(
                "a value too many", query("SELECT :a", #""parameters":{"a":1,"zz":2}"#), .permanent,
                code: "input.invalid", says: ["zz"]),
            CallRow("a place too many", query("SELECT ?", #""parameters":[1,2]"#), .permanent, code: "input.invalid"),
            CallRow("values for none", query("SELECT 1", #""parameters":[1]"#), .permanent, code: "input.invalid"),
            CallRow("a place too few", query("SELECT ?, ?", #""parameters":[1]"#), .permanent, code: "input.invalid"),
            CallRow(
                "too many rows", query("SELECT * FROM t", #""max_rows":3"#), .failed, code: "sql.limit", says: ["LIMIT"]
            ),
            CallRow(
                "too large", query("SELECT zeroblob(1000) AS z", #""max_bytes":999"#), .failed, code: "sql.limit",
                says: ["max_bytes"]),
            CallRow(
                "read only", query("INSERT INTO t (name) VALUES ('n')"), .permanent, Effect.none, code: "sql.read_only",
                says: ["mode"]),
            CallRow(
                "no file", #"{"database":"no.db","sql":"SELECT 1"}"#, .failed, code: "file.missing", says: ["create"]),
            CallRow(
                "no file to write", #"{"database":"no.db","mode":"read_write","sql":"SELECT 1"}"#, .failed,
                code: "file.missing"),
            CallRow("ATTACH", query("ATTACH 'x.db' AS x"), .permanent, code: "sql.refused", says: ["attach"]),
            CallRow("load_extension", query("SELECT load_extension('x')"), .permanent, code: "sql.refused"),
            CallRow("pragma", query("PRAGMA temp_store_directory = '/x'"), .permanent, code: "sql.refused"),
            CallRow("COMMIT", query("COMMIT"), .permanent, code: "sql.refused", says: ["one transaction"]),
            CallRow("outside", #"{"database":"/etc/x.db","sql":"SELECT 1"}"#, .permanent, code: "file.outside"),
            CallRow("a folder", #"{"database":"d","sql":"SELECT 1"}"#, .failed, code: "file.kind"),
            CallRow("patience", query("SELECT 1", #""busy_timeout":"soon""#), .permanent, code: "input.invalid"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("sql.query", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }

    @Test func allHappensOrNothing() throws {
        let rig = try Self.rig()
        let names = #"{"database":"d/app.db","sql":"SELECT count(*) AS n FROM t"}"#
        let table = [
            CallRow(
                "constraint",
                #"{"database":"d/app.db","mode":"read_write","statements":[{"sql":"DELETE FROM t WHERE id = 1"},{"sql":"INSERT INTO t (name) VALUES ('blob')"}]}"#,
                .failed, Effect.none, code: "sql.constraint", says: ["UNIQUE", "statements[1].sql"]),
            CallRow(
                "late fault", #"{"database":"d/app.db","mode":"read_write","sql":"DELETE FROM t; SELECT * FROM gone"}"#,
                .permanent, Effect.none, code: "sql.error"),
            CallRow(
                "VACUUM", #"{"database":"d/app.db","mode":"read_write","sql":"VACUUM INTO '/tmp/out.db'"}"#, .permanent,
                Effect.none, code: "sql.error"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("sql.query", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
            #expect(
                JSONWriter.string(try rig.run("sql.query", names).outcome.output).contains(#"[{"n":4}]"#), "\(row.name)"
            )
        }
        let joined = try rig.run(
            "sql.query",
            #"{"database":"new/o.db","mode":"create","attach":{"app":"d/app.db"},"sql":"CREATE TABLE c AS SELECT name FROM app.t; SELECT count(*) AS n FROM c"}"#
        ).outcome
        #expect(joined.outcomeClass == .ok && JSONWriter.string(joined.output).contains(#"[{"n":4}]"#), "\(joined)")
    }

    @Test func linksLeadNowhere() throws {
        let rig = try Self.rig()
        let other = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-sql-other-")
        defer { try? FileSystem.removeTree(other) }
        #expect(try Command.run(["ln", "-s", "\(other)/x.db", "\(rig.folder)/x.db"]).status == 0)
        #expect(try Command.run(["ln", "-s", "d/app.db", "\(rig.folder)/inner.db"]).status == 0)
        let out = try rig.run("sql.query", #"{"database":"x.db","mode":"create","sql":"SELECT 1"}"#).outcome
        #expect(out.code == "file.outside" && !FileSystem.exists("\(other)/x.db"), "\(out)")
        let inner = try rig.run("sql.query", #"{"database":"inner.db","sql":"SELECT count(*) AS n FROM t"}"#).outcome
        #expect(inner.outcomeClass == .ok, "\(inner)")
    }

    /// Somebody else's transaction is waited for, then the call fails in a way that is tried again.
    @Test func locksAreWaitedFor() throws {
        let rig = try Self.rig()
        let long = #"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) AS n FROM c"#
        let (holder, handle) = try rig.start(
            "sql.query",
            #"{"database":"d/app.db","mode":"read_write","statements":[{"sql":"DELETE FROM t"},{"sql":"\#(long)"}]}"#)
        // The holder has the lock as soon as a write without patience fails.
        let write = #"{"database":"d/app.db","mode":"read_write","busy_timeout":"0s","sql":"DELETE FROM empty"}"#
        var busy = try rig.run("sql.query", write).outcome
        for _ in 0..<10_000 where busy.outcomeClass == .ok { busy = try rig.run("sql.query", write).outcome }
        #expect(busy.outcomeClass == .transient && busy.code == "sql.busy" && busy.effect == .none, "\(busy)")
        let (patient, _) = try rig.start(
            "sql.query",
            #"{"database":"d/app.db","mode":"read_write","busy_timeout":"60s","sql":"SELECT count(*) AS n FROM t"}"#)
        rig.host.cancel(handle, why: .cancelled)
        let cancelled = try holder.wait { $0.outcome }
        #expect(cancelled.outcomeClass == .cancelled && cancelled.effect == .none, "\(cancelled)")
        let outcome = try patient.wait { $0.outcome }
        #expect(JSONWriter.string(outcome.output).contains(#"[{"n":4}]"#), "\(outcome)")
    }

    @Test func manyCallsAtOnceLoseNothing() throws {
        let rig = try Self.rig()
        let all = try (0..<40).map { number in
            try rig.start(
                "sql.query",
                #"{"database":"d/app.db","mode":"read_write","busy_timeout":"60s","sql":"INSERT INTO t (name) VALUES (?)","parameters":["n\#(number)"]}"#
            )
        }
        for (running, _) in all { #expect(try running.wait { $0.outcome }.outcomeClass == .ok) }
        let outcome = try rig.run("sql.query", #"{"database":"d/app.db","sql":"SELECT count(*) AS n FROM t"}"#).outcome
        #expect(JSONWriter.string(outcome.output).contains(#"[{"n":44}]"#), "\(outcome)")
    }
}
