public import BattenCore
internal import BattenSystem

/// Something wrong that a check found.
public struct StoreProblem: Sendable, Hashable {
    /// Kinds of problems.
    public enum Kind: String, Sendable, Hashable {
        /// The file itself is damaged.
        case structure
        /// A row refers to nothing.
        case reference
        /// A file of a long value is missing or not what was written.
        case value
        /// Rows contradict each other.
        case state
    }
    /// What kind it is.
    public var kind: Kind
    /// What was found and where.
    public var message: String
}

/// What a check found.
public struct StoreCheck: Sendable {
    /// What is wrong; empty when all is well.
    public var problems: [StoreProblem] = []
    /// Long values that were held against their hashes.
    public var valuesChecked = 0
    /// Files under `blobs/` that no row names; they do no harm.
    public var unusedFiles: [String] = []
}

extension StoreAdministration {
    /// Reads everything and reports what is wrong; nothing is changed.
    ///
    /// - Throws: when the file cannot be read at all; damage that still lets parts be read is a result.
    public func check() throws(StoreError) -> StoreCheck {
        let connection = try open(.read)
        var check = StoreCheck()
        let state = try Migrator(connection: connection).state()
        part(&check, "integrity") { () throws(StoreError) in
            var problems: [StoreProblem] = []
            let integrity = try connection.prepare("PRAGMA integrity_check(100)")
            while try integrity.step() {
                let finding = integrity.text(0)
                if finding != "ok" { problems.append(StoreProblem(kind: .structure, message: finding)) }
            }
            return problems
        }
        part(&check, "references") { () throws(StoreError) in
            var problems: [StoreProblem] = []
            let references = try connection.prepare("PRAGMA foreign_key_check")
            while problems.count < 100, try references.step() {
                problems.append(
                    StoreProblem(
                        kind: .reference,
                        message:
                            "a row of \(references.text(0)) refers to a row of \(references.text(2)) that is not there")
                )
            }
            return problems
        }
        guard case .store(let version) = state, version >= 1 else { return check }
        if version >= Migration.quotas.version {
            part(&check, "quotas") { () throws(StoreError) in try QuotaCheck(connection: connection).problems() }
        }
        for rule in StoreRule.all {
            part(&check, rule.name) { () throws(StoreError) in
                var problems: [StoreProblem] = []
                let broken = try connection.prepare(rule.sql)
                while problems.count < 100, try broken.step() {
                    problems.append(StoreProblem(kind: .state, message: "\(broken.text(0)): \(rule.name)"))
                }
                return problems
            }
        }
        checkValues(connection, &check)
        return check
    }

    /// Adds what a part of the check found, or that it could not be done.
    private func part(
        _ check: inout StoreCheck, _ name: String, _ body: () throws(StoreError) -> [StoreProblem]
    ) {
        do throws(StoreError) {
            check.problems += try body()
        } catch {
            check.problems.append(
                StoreProblem(kind: .structure, message: "the check of \(name) stopped: \(error.message)"))
        }
    }

    private func checkValues(_ connection: Connection, _ check: inout StoreCheck) {
        let blobs = BlobFolder(path: folder.blobs)
        var known: Set<String> = []
        var count = 0
        part(&check, "long values") { () throws(StoreError) in
            var problems: [StoreProblem] = []
            let rows = try connection.prepare("SELECT hash FROM blobs ORDER BY hash")
            while try rows.step() {
                let hash = rows.bytes(0)
                known.insert(blobs.file(hash))
                count += 1
                do throws(StoreError) {
                    _ = try blobs.read(hash)
                } catch {
                    problems.append(StoreProblem(kind: .value, message: error.message))
                }
            }
            return problems
        }
        check.valuesChecked = count
        for part in (try? FileSystem.list(blobs.path)) ?? [] {
            for name in (try? FileSystem.list("\(blobs.path)/\(part)")) ?? [] {
                let file = "\(blobs.path)/\(part)/\(name)"
                if !known.contains(file) { check.unusedFiles.append(file) }
            }
        }
    }
}

/// A rule that rows must keep, as a query for those that break it; its first column names the culprit.
struct StoreRule {
    let name: String
    let sql: String

    private static let terminalRun = "('completed', 'failed', 'cancelled', 'timed_out')"
    /// Rows of a table that belong to attempts, where the attempt has ended.
    private static func heldAfterTheEnd(in table: String) -> String {
        """
        SELECT 'run ' || r.id || ', stage ' || s.idx || ', attempt ' || s.number
        FROM \(table) s JOIN runs r ON r.key = s.run_key
        LEFT JOIN attempts a ON a.run_key = s.run_key AND a.idx = s.idx AND a.number = s.number
        WHERE r.status IN \(terminalRun)
            OR (a.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM trailing t WHERE t.run_key = s.run_key))
        """
    }
    private static let terminalStage = "('completed', 'failed', 'cancelled', 'skipped', 'timed_out')"

    static let all = [
        StoreRule(
            name: "the run has ended, but one of its stages has not",
            sql: """
                SELECT 'run ' || r.id || ', stage ' || s.id FROM runs r JOIN stage_runs s ON s.run_key = r.key
                WHERE r.status IN \(terminalRun) AND s.status NOT IN \(terminalStage)
                """),
        StoreRule(
            name: "the stage has ended, but one of its attempts has not",
            sql: """
                SELECT 'run ' || r.id || ', stage ' || s.id || ', attempt ' || a.number
                FROM attempts a JOIN stage_runs s ON s.run_key = a.run_key AND s.idx = a.idx
                JOIN runs r ON r.key = a.run_key
                WHERE a.ended_at IS NULL AND s.status IN \(terminalStage)
                """),
        StoreRule(
            name: "the time of its end does not go with its status",
            sql: """
                SELECT 'run ' || id FROM runs
                WHERE (status IN \(terminalRun) OR status = '\(HistoryQuery.removed)') <> (ended_at IS NOT NULL)
                UNION ALL
                SELECT 'run ' || r.id || ', stage ' || s.id FROM stage_runs s JOIN runs r ON r.key = s.run_key
                WHERE (s.status IN \(terminalStage)) <> (s.ended_at IS NOT NULL)
                """),
        StoreRule(
            name: "its journal has a gap, or does not begin at 1",
            sql: """
                SELECT 'run ' || r.id FROM runs r
                WHERE r.status <> '\(HistoryQuery.removed)' AND (SELECT count(*) <> coalesce(max(seq), 0) OR coalesce(min(seq), 0) <> 1 FROM events
                    WHERE \(EventKey.isOf("r.key")))
                """),
        StoreRule(
            name: "its journal has been left without it",
            sql: """
                SELECT DISTINCT 'run number ' || run_key FROM events
                WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.key = events.run_key)
                """),
        StoreRule(
            name: "the run has ended, but a timer of it is armed",
            sql: """
                SELECT 'run ' || r.id || ', timer ' || t.key FROM timers t JOIN runs r ON r.key = t.run_key
                WHERE r.status IN \(terminalRun)
                """),
        StoreRule(
            name: "the run has ended, but it is still in its concurrency group",
            sql: """
                SELECT 'run ' || r.id || ', group ' || g.name FROM group_runs g JOIN runs r ON r.key = g.run_key
                WHERE r.status IN \(terminalRun)
                """),
        StoreRule(
            name: "the slot belongs to an attempt that has ended",
            sql: heldAfterTheEnd(in: "slots")),
        StoreRule(
            name: "what is reserved of it is not the sum of its reservations",
            sql: """
                SELECT 'quota ' || q.name FROM quotas q
                WHERE q.reserved <> (SELECT coalesce(sum(amount), 0) FROM reservations WHERE quota_key = q.key)
                """),
        StoreRule(
            name: "the reservation belongs to an attempt that has ended",
            sql: heldAfterTheEnd(in: "reservations")),
        StoreRule(
            name: "its rows are behind its journal without need",
            sql: """
                SELECT 'run ' || r.id FROM trailing t JOIN runs r ON r.key = t.run_key
                WHERE r.status IN \(terminalRun) OR NOT EXISTS (
                    SELECT 1 FROM events WHERE \(EventKey.isOf("t.run_key", after: "t.seq")))
                """),
        StoreRule(
            name: "its status is not known",
            sql: """
                SELECT 'run ' || id FROM runs
                WHERE status NOT IN \(terminalRun) AND status NOT IN
                    ('pending', 'running', 'paused', 'waiting', '\(HistoryQuery.removed)')
                UNION ALL
                SELECT 'run ' || r.id || ', stage ' || s.id FROM stage_runs s JOIN runs r ON r.key = s.run_key
                WHERE s.status NOT IN \(terminalStage)
                    AND s.status NOT IN ('pending', 'running', 'waiting', 'retrying')
                """),
        StoreRule(
            name: "its long value is not registered",
            sql: """
                SELECT 'definition ' || hash FROM workflow_versions v
                WHERE typeof(snapshot) = 'blob' AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.hash = v.snapshot)
                UNION ALL
                SELECT 'run ' || r.id || ', stage ' || s.id FROM stage_runs s JOIN runs r ON r.key = s.run_key
                WHERE typeof(s.outputs) = 'blob' AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.hash = s.outputs)
                """),
    ]
}
