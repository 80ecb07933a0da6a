extension Migration {
    /// Where runs come from that continue others, and named positions in their journals.
    ///
    /// The run that another one comes from may be gone before it: its id is text and refers to no row.
    static let origins = Migration(
        version: 10, title: "runs that continue others, and named checkpoints",
        up: """
            ALTER TABLE runs ADD COLUMN origin_run TEXT;
            ALTER TABLE runs ADD COLUMN origin_seq INTEGER;
            ALTER TABLE runs ADD COLUMN origin_kind TEXT;

            DROP TABLE checkpoints;
            CREATE TABLE checkpoints (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                label TEXT NOT NULL,
                seq INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (run_key, label)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX checkpoints_by_label ON checkpoints (label, run_key);
            """,
        down: """
            DROP TABLE checkpoints;
            CREATE TABLE checkpoints (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                seq INTEGER NOT NULL,
                label TEXT,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (run_key, seq)
            ) STRICT, WITHOUT ROWID;
            ALTER TABLE runs DROP COLUMN origin_kind;
            ALTER TABLE runs DROP COLUMN origin_seq;
            ALTER TABLE runs DROP COLUMN origin_run;
            """,
        tables: ["checkpoints"])
}
