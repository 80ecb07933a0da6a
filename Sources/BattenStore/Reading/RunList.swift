public import BattenCore

/// Which runs to list.
public struct RunFilter: Sendable, Hashable {
    /// Only runs of this workflow.
    public var workflow: String?
    /// Only runs in one of these states; empty means all.
    public var statuses: Set<RunStatus>
    /// Only runs accepted at this instant or later.
    public var since: Timestamp?
    /// Only runs that this started, for example `cli`.
    public var trigger: String?
    /// Whether runs that other runs have started are listed too.
    public var withChildren: Bool
    /// Only the children of this run; nil means all.
    public var parent: String?

    /// Creates a filter; without arguments it lets all runs through.
    public init(
        workflow: String? = nil, statuses: Set<RunStatus> = [], since: Timestamp? = nil, trigger: String? = nil,
        withChildren: Bool = false, parent: String? = nil
    ) {
        self.workflow = workflow
        self.statuses = statuses
        self.since = since
        self.trigger = trigger
        self.withChildren = withChildren
        self.parent = parent
    }
}

/// A run as lists show it.
public struct RunSummary: Sendable, Hashable {
    /// Run id.
    public var id: String
    /// Workflow name.
    public var workflow: String
    /// Workflow version text.
    public var version: String
    /// State.
    public var status: RunStatus
    /// Why it is not moving.
    public var waiting: WaitReason?
    /// What started it.
    public var trigger: String
    /// Engine that owns it, or owned it last.
    public var owner: String
    /// When it was accepted.
    public var acceptedAt: Timestamp
    /// When it started.
    public var startedAt: Timestamp?
    /// When it ended.
    public var endedAt: Timestamp?
    /// Failed stages, those under `on_failure: continue` included.
    public var failedStages: Int
    /// Why it failed; nil also when the record of that cannot be read.
    public var error: StageError?
    /// The stage attempt that started it; nil unless it is a child.
    public var parent: ParentStage?
}

/// The queries of lists, each served by an index: a test reads their plans.
enum ListQuery {
    static let summary = """
        SELECT key, id, workflow, version, status, waiting_on, waiting_detail, waiting_since, waiting_until, trigger,
            owner, accepted_at, started_at, ended_at, failed_stages, error,
            parent_run, parent_stage, parent_item, parent_attempt
        FROM runs
        """

    /// Parameters of all lists of runs: 1 since, 2 and 3 the place behind which to start, 4 trigger or NULL, 5 rows,
    /// 7 whether children are listed.
    private static let rest = """
        accepted_at >= ?1 AND (accepted_at, key) < (?2, ?3) AND (?4 IS NULL OR trigger = ?4)
            AND (?7 OR parent_run IS NULL)
        ORDER BY accepted_at DESC, key DESC LIMIT ?5
        """

    static let runs = "\(summary) INDEXED BY runs_by_time WHERE \(rest)"
    /// Parameter 6: the workflow.
    static let runsOfWorkflow = "\(summary) INDEXED BY runs_by_workflow WHERE workflow = ?6 AND \(rest)"
    /// Parameter 6: the status.
    static let runsInStatus = "\(summary) INDEXED BY runs_by_status WHERE status = ?6 AND \(rest)"

    /// Parameter 1: the owner.
    ///
    /// Children go with their parents, unless those have ended.
    static let unfinishedRuns = """
        SELECT r.id, r.epoch, v.hash
        FROM runs r INDEXED BY runs_by_status JOIN workflow_versions v ON v.key = r.version_key
        WHERE r.status IN ('pending', 'running', 'paused', 'waiting') AND r.owner = ?1
            AND NOT EXISTS (
                SELECT 1 FROM runs p WHERE p.id = r.parent_run
                    AND p.status IN ('pending', 'running', 'paused', 'waiting'))
        ORDER BY r.accepted_at, r.key
        """
    static let unfinishedOwners = """
        SELECT DISTINCT owner FROM runs INDEXED BY runs_by_status
        WHERE status IN ('pending', 'running', 'paused', 'waiting')
        """

    /// Parameter 6: the parent.
    static let runsOfParent = "\(summary) INDEXED BY runs_by_parent_run WHERE parent_run = ?6 AND \(rest)"

    static let lastRun = """
        SELECT id FROM runs WHERE accepted_at >= ?1 AND status <> 'removed' AND parent_run IS NULL
        ORDER BY accepted_at DESC, key DESC LIMIT 1
        """
    static let runsByPrefix = "SELECT id FROM runs WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3"
    static let run = """
        SELECT \(RunColumns.list), r.owner, r.epoch
        FROM runs r JOIN workflow_versions v ON v.key = r.version_key
        WHERE r.id = ?1
        """
    static let definition = """
        SELECT v.snapshot FROM runs r JOIN workflow_versions v ON v.key = r.version_key WHERE r.id = ?1
        """
    static let stages = """
        SELECT idx, id, uses, is_finally, status, waiting_on, waiting_detail, waiting_since, waiting_until, reason,
            attempts, started_at, ended_at, outputs, error, item, cached_from
        FROM stage_runs WHERE run_key = (SELECT key FROM runs WHERE id = ?1)
        ORDER BY idx
        """
    static let attempts = """
        SELECT idx, number, reason, idempotency_key, started_at, ended_at, outcome, effect, code, message, item
        FROM attempts WHERE run_key = (SELECT key FROM runs WHERE id = ?1)
        ORDER BY idx, number
        """
    static let events = """
        SELECT \(EventColumns.list) FROM events
        WHERE \(EventKey.isOf("(SELECT key FROM runs WHERE id = ?1)", after: "?2"))
        ORDER BY key LIMIT ?3
        """
    /// Up to where a run's rows tell its journal; no row when they tell all of it.
    static let trailing = "SELECT seq FROM trailing WHERE run_key = (SELECT key FROM runs WHERE id = ?1)"
    static let tail = """
        SELECT \(EventColumns.list) FROM events
        WHERE \(EventKey.isOf("(SELECT key FROM runs WHERE id = ?1)", after: "?2"))
        ORDER BY key
        """
    static let logs = """
        SELECT chunk, stage, attempt, first_at, dropped, text, item FROM logs
        WHERE run_key = (SELECT key FROM runs WHERE id = ?1) AND chunk >= ?2 AND (?3 IS NULL OR stage = ?3)
            AND (?4 IS NULL OR item = ?4)
        ORDER BY chunk
        """
    static let usage = """
        SELECT stage, attempt, plugin, metric, subject, amount, at, item, cost_usd FROM usage
        WHERE run_key = (SELECT key FROM runs WHERE id = ?1)
        ORDER BY key
        """
    static let timers = """
        SELECT key, at FROM timers WHERE run_key = (SELECT key FROM runs WHERE id = ?1) ORDER BY key
        """
    static let controls = """
        SELECT control, source, asked_at, settled, refusal FROM controls
        WHERE run_key = (SELECT key FROM runs WHERE id = ?1)
        ORDER BY key
        """
    static let runningStages = """
        SELECT r.id, r.workflow, r.owner, s.id, s.uses, s.started_at
        FROM runs r INDEXED BY runs_by_status JOIN stage_runs s ON s.run_key = r.key
        WHERE r.status IN ('running', 'paused', 'waiting') AND s.status = 'running' AND s.attempts > 0
            AND s.uses <> 'workflow' LIMIT ?1
        """
    static let control = "SELECT settled, refusal FROM controls WHERE key = ?1"
    static let pendingAnswers = """
        SELECT c.control, p.payload
        FROM controls c JOIN control_payloads p ON p.control_key = c.key
        WHERE c.run_key = (SELECT key FROM runs WHERE id = ?1) AND c.settled = 0
        ORDER BY c.key
        """
    /// Parameters: 1 to 3 the place behind which to start, 4 rows.
    static let openGates = """
        SELECT \(GateColumns.list), r.id, r.workflow, r.status, r.owner, s.id, g.run_key, s.item
        FROM gates g INDEXED BY gates_open JOIN runs r ON r.key = g.run_key
            JOIN stage_runs s ON s.run_key = g.run_key AND s.idx = g.idx
        WHERE g.decision IS NULL AND (g.opened_at, g.run_key, g.idx) > (?1, ?2, ?3)
        ORDER BY g.opened_at, g.run_key, g.idx LIMIT ?4
        """
    static let gates = """
        SELECT \(GateColumns.list) FROM gates g WHERE g.run_key = (SELECT key FROM runs WHERE id = ?1) ORDER BY g.idx
        """
    static let signals = """
        SELECT seq, name, data, sent_by, sent_at, taken_by, taken_at FROM signals
        WHERE run_key = (SELECT key FROM runs WHERE id = ?1) ORDER BY seq
        """
    static let workflows = """
        SELECT w.name, v.version, v.hash, w.path, w.enabled, w.added_at, w.updated_at
        FROM workflows w JOIN workflow_versions v ON v.key = w.version_key
        WHERE w.name > ?1 ORDER BY w.name LIMIT ?2
        """
    static let workflowHead = """
        SELECT w.name, v.version, v.hash, w.path, w.enabled, w.added_at, w.updated_at
        FROM workflows w JOIN workflow_versions v ON v.key = w.version_key
        WHERE w.name = ?1
        """
    static let workflow = """
        SELECT w.name, v.version, v.hash, w.path, w.enabled, w.added_at, w.updated_at, w.source, v.snapshot
        FROM workflows w JOIN workflow_versions v ON v.key = w.version_key
        WHERE w.name = ?1
        """
    static let engines = """
        SELECT id, host, pid, version, role, started_at, stopped_at FROM engines
        WHERE started_at >= ?1 ORDER BY started_at, id
        """

    /// Every query whose number of rows grows with the store.
    static let all = [
        runningStages, runs, runsOfWorkflow, runsInStatus, runsOfParent, lastRun, runsByPrefix, run, definition, stages,
        attempts, events, trailing, tail, logs, usage, timers, controls, control, pendingAnswers, openGates, gates,
        signals, workflows, workflowHead, workflow, engines,
    ]
}

extension StoreReader {
    /// Lists runs, the last accepted first.
    ///
    /// - Parameters:
    ///   - filter: which runs.
    ///   - cursor: the `nextCursor` of the page before; nil for the first.
    ///   - limit: how many at most, 1 to 10,000.
    public func runs(
        _ filter: RunFilter = RunFilter(), after cursor: String? = nil, limit: Int = 50
    ) throws(StoreError) -> Page<RunSummary> {
        let limit = min(max(limit, 1), 10_000)
        let start = if let cursor { try Cursor(cursor, list: "r") } else { Cursor(.max, .max) }
        // A list of one workflow goes by its own index; of some states, by one walk for each, merged.
        var walks: [(sql: String, value: String?)] = [(ListQuery.runs, nil)]
        if let parent = filter.parent {
            walks = [(ListQuery.runsOfParent, parent)]
        } else if let workflow = filter.workflow {
            walks = [(ListQuery.runsOfWorkflow, workflow)]
        } else if !filter.statuses.isEmpty {
            walks = filter.statuses.map { (ListQuery.runsInStatus, $0.rawValue) }
        }
        return try withConnection { connection throws(StoreError) in
            var found: [(key: Int64, run: RunSummary)] = []
            for walk in walks {
                found += try self.walk(connection, walk, filter, from: start, limit: limit + 1)
            }
            found.sort { ($0.run.acceptedAt, $0.key) > ($1.run.acceptedAt, $1.key) }
            let items = found.prefix(limit)
            let more = found.count > limit ? items.last : nil
            return Page(
                items: items.map(\.run),
                nextCursor: more.map { Cursor($0.run.acceptedAt.nanoseconds, $0.key).text(list: "r") })
        }
    }

    private func walk(
        _ connection: Connection, _ walk: (sql: String, value: String?), _ filter: RunFilter, from start: Cursor,
        limit: Int
    ) throws(StoreError) -> [(key: Int64, run: RunSummary)] {
        let filtersHere =
            (filter.workflow != nil && !filter.statuses.isEmpty)
            || (filter.parent != nil && (filter.workflow != nil || !filter.statuses.isEmpty))
        let statement = try connection.statement(walk.sql)
        statement.bind(1, filter.since?.nanoseconds ?? .min)
        statement.bind(2, start.first)
        statement.bind(3, start.second)
        statement.bind(4, filter.trigger)
        statement.bind(5, filtersHere ? Int64(-1) : Int64(limit))
        if let value = walk.value { statement.bind(6, value) }
        statement.bind(7, filter.withChildren || filter.parent != nil ? 1 : 0)
        defer { statement.reset() }
        var found: [(key: Int64, run: RunSummary)] = []
        while found.count < limit, try statement.step() {
            // A state of a later Batten does not hide the other runs.
            guard let run = summary(statement) else { continue }
            if !filter.statuses.isEmpty, filtersHere, !filter.statuses.contains(run.status) { continue }
            if let workflow = filter.workflow, run.workflow != workflow { continue }
            found.append((statement.int(0), run))
        }
        return found
    }

    private func summary(_ row: Statement) -> RunSummary? {
        guard let status = RunStatus(rawValue: row.text(4)) else { return nil }
        let error = try? unspill.value(row, 15)
        var parent: ParentStage?
        if let run = row.optionalText(16) {
            parent = ParentStage(
                run: run, stage: row.text(17), item: row.optionalInt(18).map { Int($0) }, attempt: Int(row.int(19)))
        }
        return RunSummary(
            id: row.text(1), workflow: row.text(2), version: row.text(3), status: status, waiting: row.waiting(5),
            trigger: row.text(9), owner: row.text(10), acceptedAt: Timestamp(nanoseconds: row.int(11)),
            startedAt: row.timestamp(12), endedAt: row.timestamp(13), failedStages: Int(row.int(14)),
            error: error.flatMap { StageError(json: $0) }, parent: parent)
    }
}
