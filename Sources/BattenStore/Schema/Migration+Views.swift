extension Migration {
    /// Views for people: `batten query` reads them, times in them are RFC 3339.
    static let views = Migration(
        version: 3, title: "views for people",
        up: """
            \(activeRuns(stages: "s.run_key = r.key"));

            CREATE VIEW workflow_stats AS
            SELECT workflow, count(*) AS runs,
                sum(status IN ('pending', 'running', 'paused', 'waiting')) AS active,
                sum(status = 'completed') AS completed, sum(status = 'failed') AS failed,
                sum(status = 'cancelled') AS cancelled, sum(status = 'timed_out') AS timed_out,
                round(avg(ended_at - started_at) / 1e6, 3) AS average_ms,
                round(max(ended_at - started_at) / 1e6, 3) AS longest_ms,
                \(time("max(accepted_at)")) AS last_accepted_at
            FROM runs
            GROUP BY workflow;

            \(recentEvents(item: ""));

            \(usageByDay);

            \(blocked(item: "", noItem: ""));
            """,
        down: """
            DROP VIEW blocked;
            DROP VIEW usage_by_day;
            DROP VIEW recent_events;
            DROP VIEW workflow_stats;
            DROP VIEW active_runs;
            """,
        tables: [])

    /// Which runs have not ended; `stages` tells which rows are stages of a run.
    static func activeRuns(stages: String) -> String {
        """
        CREATE VIEW active_runs AS
        SELECT r.id AS run, r.workflow, r.version, r.status, r.waiting_on, r.waiting_detail,
            \(time("r.waiting_since")) AS waiting_since, \(time("r.waiting_until")) AS waiting_until,
            r.trigger, r.owner, \(time("r.accepted_at")) AS accepted_at, \(time("r.started_at")) AS started_at,
            (SELECT count(*) FROM stage_runs s WHERE \(stages)) AS stages,
            (SELECT count(*) FROM stage_runs s WHERE \(stages) AND s.ended_at IS NOT NULL) AS stages_done,
            (SELECT count(*) FROM stage_runs s WHERE \(stages) AND s.status = 'running') AS stages_running
        FROM runs r
        WHERE r.status IN ('pending', 'running', 'paused', 'waiting')
        """
    }

    /// The journals of the last runs; `item` is the column of an item's number, with its comma, `condition` finds the
    /// entries of a run.
    static func recentEvents(item: String, joinedBy condition: String = "e.run_key = r.key") -> String {
        """
        CREATE VIEW recent_events AS
        SELECT r.id AS run, r.workflow, e.seq, \(time("e.at")) AS at, e.stage, \(item)e.attempt, e.type, e.data
        FROM (SELECT key, id, workflow, accepted_at FROM runs ORDER BY accepted_at DESC LIMIT 100) r
        JOIN events e ON \(condition)
        ORDER BY e.at DESC, r.accepted_at DESC, e.seq DESC
        """
    }

    /// What waits; `item` is the column of an item's number, with its comma, `noItem` what stands there for runs.
    static func blocked(item: String, noItem: String) -> String {
        """
        CREATE VIEW blocked AS
        SELECT r.id AS run, r.workflow, s.id AS stage, \(item)s.status, s.waiting_on, s.waiting_detail,
            \(time("s.waiting_since")) AS waiting_since, \(time("s.waiting_until")) AS waiting_until
        FROM runs r
        JOIN stage_runs s ON s.run_key = r.key
        WHERE r.status IN ('pending', 'running', 'paused', 'waiting') AND s.waiting_on IS NOT NULL
        UNION ALL
        SELECT r.id, r.workflow, NULL, \(noItem)r.status, r.waiting_on, r.waiting_detail, \(time("r.waiting_since")),
            \(time("r.waiting_until"))
        FROM runs r
        WHERE r.status IN ('pending', 'running', 'paused', 'waiting') AND r.waiting_on IS NOT NULL
        """
    }

    /// Usage by day as it was before days were summed up.
    static let usageByDay = """
        CREATE VIEW usage_by_day AS
        SELECT strftime('%Y-%m-%d', at / 1000000000, 'unixepoch') AS day, workflow, plugin, subject, provider, model,
            metric, sum(amount) AS amount, sum(cost_usd) AS cost_usd, count(*) AS reports
        FROM usage
        GROUP BY day, workflow, plugin, subject, metric
        """

    /// SQL that shows nanoseconds since 1970 as RFC 3339 with milliseconds.
    private static func time(_ column: String) -> String {
        "strftime('%Y-%m-%dT%H:%M:%S', (\(column)) / 1000000000, 'unixepoch')"
            + " || printf('.%03dZ', ((\(column)) / 1000000) % 1000)"
    }
}
