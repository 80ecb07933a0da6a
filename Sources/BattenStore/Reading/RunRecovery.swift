internal import BattenCore

/// Reads a run back with its whole journal.
struct RunRecovery {
    let connection: Connection
    let unspill: Unspill

    /// Reads a run; nil when there is none with this id.
    func read(_ id: String) throws(StoreError) -> RecoveredRun? {
        let find = try connection.statement(
            """
            SELECT \(RunColumns.list), r.owner, r.epoch, r.key, v.snapshot
            FROM runs r JOIN workflow_versions v ON v.key = r.version_key
            WHERE r.id = ?1
            """)
        find.bind(1, id)
        defer { find.reset() }
        guard try find.step() else { return nil }
        let row = try RunColumns.read(find, unspill)
        let key = find.int(RunColumns.count + 2)
        return RecoveredRun(
            row: row, snapshot: try unspill.bytes(find, RunColumns.count + 3) ?? [],
            owner: find.text(RunColumns.count), epoch: find.int(RunColumns.count + 1), journal: try journal(key),
            checkpoints: try checkpoints(key))
    }

    private func journal(_ key: Int64) throws(StoreError) -> [JournalRecord] {
        let find = try connection.statement(
            "SELECT \(EventColumns.list) FROM events WHERE \(EventKey.isOf("?1")) ORDER BY key")
        find.bind(1, key)
        defer { find.reset() }
        var records: [JournalRecord] = []
        while try find.step() { records.append(try EventColumns.read(find, unspill)) }
        return records
    }

    /// The last state that each undecided stage's attempts saved.
    private func checkpoints(_ key: Int64) throws(StoreError) -> [Int: [UInt8]] {
        let find = try connection.statement(
            """
            SELECT c.idx, c.is_spilled, c.state FROM attempt_states c
            JOIN stage_runs s ON s.run_key = c.run_key AND s.idx = c.idx
            WHERE c.run_key = ?1 AND s.status IN ('pending', 'running', 'waiting', 'retrying')
            ORDER BY c.idx
            """)
        find.bind(1, key)
        defer { find.reset() }
        var states: [Int: [UInt8]] = [:]
        while try find.step() {
            let bytes = find.bytes(2)
            states[Int(find.int(0))] = find.int(1) == 0 ? bytes : try unspill.folder.read(bytes)
        }
        return states
    }
}

/// The columns of a run's row, of a query that names the table `r` and its definition `v`.
enum RunColumns {
    static let list = """
        r.id, r.workflow, r.version, v.hash, r.status, r.waiting_on, r.waiting_detail, r.waiting_since,
            r.waiting_until, r.trigger, r.parameters, r.host_environment, r.seed, r.workdir, r.idempotency_key,
            r.accepted_at, r.started_at, r.ended_at, r.outputs, r.error, r.failed_stages, r.directory,
            r.concurrency_group, r.origin_run, r.origin_seq, r.origin_kind, r.parent_run, r.parent_stage,
            r.parent_item, r.parent_attempt
        """
    static let count: Int32 = 30

    static func read(_ row: Statement, _ unspill: Unspill) throws(StoreError) -> RunRow {
        guard let status = RunStatus(rawValue: row.text(4)) else {
            throw StoreError(
                .corrupt, "run \(row.text(0)) has the unknown status \(row.text(4))",
                help: "run `batten db check` and restore a backup")
        }
        var run = RunRow(
            id: row.text(0), workflow: row.text(1), version: row.text(2), definitionHash: row.text(3),
            trigger: row.text(9), parameters: try unspill.value(row, 10) ?? .null,
            hostEnvironment: try unspill.value(row, 11) ?? .null, seed: UInt64(bitPattern: row.int(12)),
            workdir: row.text(13), directory: row.text(21), idempotencyKey: row.optionalText(14),
            acceptedAt: row.timestamp(15) ?? Timestamp(nanoseconds: 0))
        run.status = status
        run.waiting = row.waiting(5)
        run.startedAt = row.timestamp(16)
        run.endedAt = row.timestamp(17)
        run.outputs = try unspill.value(row, 18)
        run.error = try unspill.value(row, 19).flatMap { StageError(json: $0) }
        run.failedStages = Int(row.int(20))
        run.group = row.optionalText(22)
        if let origin = row.optionalText(23), let kind = ForkOrigin.Kind(rawValue: row.text(25)) {
            run.origin = ForkOrigin(run: origin, seq: row.int(24), kind: kind)
        }
        if let parent = row.optionalText(26) {
            run.parent = ParentStage(
                run: parent, stage: row.text(27), item: row.optionalInt(28).map { Int($0) }, attempt: Int(row.int(29)))
        }
        return run
    }
}

/// The columns of a journal record.
enum EventColumns {
    static let list = "seq, at, stage, attempt, type, data, spilled, item"

    static func read(_ row: Statement, _ unspill: Unspill) throws(StoreError) -> JournalRecord {
        JournalRecord(
            seq: row.int(0), at: Timestamp(nanoseconds: row.int(1)), stage: row.optionalText(2),
            item: row.optionalInt(7).map { Int($0) }, attempt: row.optionalInt(3).map { Int($0) }, type: row.text(4),
            data: try unspill.data(row, text: 5, spilled: 6))
    }
}

extension Statement {
    /// Reads the four columns of a reason to wait; nil when there is none.
    func waiting(_ first: Int32) -> WaitReason? {
        guard let on = optionalText(first) else { return nil }
        return WaitReason(
            on: on, detail: text(first + 1), since: timestamp(first + 2) ?? Timestamp(nanoseconds: 0),
            until: timestamp(first + 3))
    }
}
