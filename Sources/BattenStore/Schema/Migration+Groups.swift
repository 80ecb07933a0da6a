extension Migration {
    /// Which runs hold their concurrency groups and which wait for them.
    ///
    /// A run has its row from its acceptance to its end; both are written with the run's own row.
    static let groups = Migration(
        version: 7, title: "runs that exclude one another",
        up: """
            ALTER TABLE runs ADD COLUMN concurrency_group TEXT;
            CREATE TABLE group_runs (
                run_key INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
                name TEXT NOT NULL,
                holds INTEGER NOT NULL CHECK (holds IN (0, 1)),
                joined_at INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX group_runs_by_name ON group_runs (name, holds, run_key);
            """,
        down: """
            DROP TABLE group_runs;
            ALTER TABLE runs DROP COLUMN concurrency_group;
            """,
        tables: ["group_runs"])
}
