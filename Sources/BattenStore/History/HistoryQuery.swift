/// The queries of the upkeep, each served by an index: a test reads their plans.
enum HistoryQuery {
    /// States of runs that have ended.
    static let ended = "('completed', 'failed', 'cancelled', 'timed_out')"
    /// State of a run that is being removed in several steps; its id is no one's any more.
    static let removed = "removed"

    /// A candidate: key, id, when accepted, about how many rows go with it, whether it may go.
    ///
    /// Parameter 1: runs with an idempotency key that were accepted at this instant or later stay. So do children of a
    /// run that has not ended.
    private static let candidate = """
        SELECT r.key, r.id, r.accepted_at,
            coalesce((SELECT max(key) & \(EventKey.limit) FROM events WHERE \(EventKey.isOf("r.key"))), 0)
                + 8 * coalesce((SELECT max(chunk) FROM logs WHERE run_key = r.key), 0)
                + coalesce((SELECT max(idx) FROM stage_runs WHERE run_key = r.key), 0)
                + (SELECT count(*) FROM run_blobs WHERE run_key = r.key),
            r.status IN \(ended) AND (r.idempotency_key IS NULL OR r.accepted_at < ?1)
                AND NOT EXISTS (SELECT 1 FROM runs p WHERE p.key = r.parent_key AND p.ended_at IS NULL)
        FROM runs r
        """

    /// Parameters: 2 status, 3 the instant before which runs ended, 4 and 5 the place behind which to start, 6 rows.
    static let aged = """
        \(candidate) INDEXED BY runs_by_status
        WHERE r.status = ?2 AND r.accepted_at < ?3 AND (r.accepted_at, r.key) > (?4, ?5) AND r.ended_at < ?3
        ORDER BY r.accepted_at, r.key LIMIT ?6
        """
    /// Parameters: 2 workflow, 3 and 7 the newest place that goes, 4 and 5 the place behind which to start, 6 rows.
    static let crowded = """
        \(candidate) INDEXED BY runs_by_workflow
        WHERE r.workflow = ?2 AND (r.accepted_at, r.key) <= (?3, ?7) AND (r.accepted_at, r.key) > (?4, ?5)
        ORDER BY r.accepted_at, r.key LIMIT ?6
        """
    static let nextWorkflow = "SELECT min(workflow) FROM runs WHERE workflow > ?1"
    /// Parameters: 1 workflow, 2 how many runs it keeps.
    static let boundary = """
        SELECT accepted_at, key FROM runs INDEXED BY runs_by_workflow WHERE workflow = ?1
        ORDER BY accepted_at DESC, key DESC LIMIT 1 OFFSET ?2
        """
    static let unfinished = "SELECT key FROM runs INDEXED BY runs_by_status WHERE status = '\(removed)' LIMIT 1"
    static let blobsOfRun = "SELECT hash FROM run_blobs WHERE run_key = ?1"
    static let isReferred = """
        SELECT EXISTS (SELECT 1 FROM run_blobs WHERE hash = ?1)
            OR EXISTS (SELECT 1 FROM workflow_versions INDEXED BY workflow_versions_long
                WHERE typeof(snapshot) = 'blob' AND snapshot = ?1)
            OR EXISTS (SELECT 1 FROM workflows INDEXED BY workflows_long
                WHERE typeof(source) = 'blob' AND source = ?1)
        """
    static let looseBlobs = "SELECT hash, bytes FROM loose_blobs ORDER BY hash LIMIT ?1"
    static let blobsAfter = "SELECT hash FROM blobs WHERE hash > ?1 ORDER BY hash LIMIT ?2"
    static let isKept = "SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = ?1)"
    static let engines = """
        SELECT id, started_at, stopped_at FROM engines
        WHERE started_at < ?1 AND (started_at, id) > (?2, ?3) ORDER BY started_at, id LIMIT ?4
        """
    static let owners = """
        SELECT owner FROM runs INDEXED BY runs_by_status WHERE status IN ('pending', 'running', 'paused', 'waiting')
        """
    static let oldUsage = """
        SELECT key, at, workflow, plugin, metric, subject, amount, cost_usd FROM usage INDEXED BY usage_without_run
        WHERE run_key IS NULL AND at < ?1 ORDER BY at LIMIT ?2
        """
    static let expiredResults = """
        SELECT key FROM cached_results INDEXED BY cached_results_by_expiry WHERE expires_at <= ?1 LIMIT ?2
        """
    static let oldFires = """
        SELECT schedule_key, at FROM schedule_fires INDEXED BY schedule_fires_by_time
        WHERE decided_at < ?1 AND outcome <> 'queued' LIMIT ?2
        """
    /// Events of triggers; those of files tell which files were seen, and stay as long as their trigger.
    static let oldEvents = """
        SELECT e.key FROM trigger_events e INDEXED BY trigger_events_by_time
        WHERE e.at < ?1 AND e.outcome <> 'queued'
            AND (SELECT t.kind FROM triggers t WHERE t.key = e.trigger_key) <> 'file'
        LIMIT ?2
        """
    static let unusedDefinition = """
        SELECT v.key FROM workflow_versions v WHERE v.key > ?1
            AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.version_key = v.key)
            AND NOT EXISTS (SELECT 1 FROM workflows w WHERE w.version_key = v.key)
        ORDER BY v.key LIMIT ?2
        """

    /// Every query whose cost must not grow with the store.
    static let all = [
        aged, crowded, nextWorkflow, boundary, unfinished, blobsOfRun, isReferred, looseBlobs, blobsAfter, isKept,
        engines, owners, oldUsage, expiredResults, oldFires, unusedDefinition,
    ]
}
