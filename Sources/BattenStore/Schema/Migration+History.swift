extension Migration {
    /// What keeps the history bounded: files to remove, sums of old usage, and how far the upkeep is.
    static let history = Migration(
        version: 5, title: "history that stays bounded",
        up: """
            CREATE TABLE loose_blobs (
                hash BLOB PRIMARY KEY,
                bytes INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE usage_days (
                day INTEGER NOT NULL,
                workflow TEXT NOT NULL,
                plugin TEXT NOT NULL,
                metric TEXT NOT NULL,
                subject TEXT NOT NULL,
                amount INTEGER NOT NULL,
                cost_usd REAL,
                reports INTEGER NOT NULL,
                PRIMARY KEY (day, workflow, plugin, metric, subject)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE upkeep (
                name TEXT PRIMARY KEY,
                place TEXT NOT NULL,
                at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            CREATE INDEX usage_without_run ON usage (at) WHERE run_key IS NULL;
            CREATE INDEX workflow_versions_long ON workflow_versions (snapshot) WHERE typeof(snapshot) = 'blob';
            CREATE INDEX workflows_long ON workflows (source) WHERE typeof(source) = 'blob';

            DROP VIEW usage_by_day;
            CREATE VIEW usage_by_day AS
            SELECT strftime('%Y-%m-%d', u.day * 86400, 'unixepoch') AS day, u.workflow, u.plugin, u.subject,
                CASE WHEN instr(u.subject, '/') > 0 THEN substr(u.subject, 1, instr(u.subject, '/') - 1) END AS provider,
                CASE WHEN instr(u.subject, '/') > 0 THEN substr(u.subject, instr(u.subject, '/') + 1) END AS model,
                u.metric, sum(u.amount) AS amount, sum(u.cost_usd) AS cost_usd, sum(u.reports) AS reports
            FROM (
                SELECT at / 86400000000000 AS day, workflow, plugin, subject, metric, amount, cost_usd, 1 AS reports
                FROM usage
                UNION ALL
                SELECT day, workflow, plugin, subject, metric, amount, cost_usd, reports FROM usage_days
            ) u
            GROUP BY u.day, u.workflow, u.plugin, u.subject, u.metric;
            """,
        down: """
            DROP VIEW usage_by_day;
            \(usageByDay);
            DROP INDEX workflows_long;
            DROP INDEX workflow_versions_long;
            DROP INDEX usage_without_run;
            DROP TABLE upkeep;
            DROP TABLE usage_days;
            DROP TABLE loose_blobs;
            """,
        tables: ["loose_blobs", "usage_days", "upkeep"])
}
