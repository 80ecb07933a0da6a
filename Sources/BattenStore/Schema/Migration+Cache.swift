extension Migration {
    /// Results that later stages take over instead of making the same call; each goes with the run that made it.
    static let cache = Migration(
        version: 12, title: "results that are used again",
        up: """
            CREATE TABLE cached_results (
                key BLOB PRIMARY KEY,
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                stage TEXT NOT NULL,
                result ANY NOT NULL,
                stored_at INTEGER NOT NULL,
                expires_at INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX cached_results_by_run ON cached_results (run_key);
            CREATE INDEX cached_results_by_expiry ON cached_results (expires_at) WHERE expires_at IS NOT NULL;
            ALTER TABLE stage_runs ADD COLUMN cached_from TEXT;
            """,
        down: """
            ALTER TABLE stage_runs DROP COLUMN cached_from;
            DROP TABLE cached_results;
            """,
        tables: ["cached_results"])
}
