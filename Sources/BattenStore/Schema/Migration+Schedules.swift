extension Migration {
    /// Schedules with what they say as one value, how far they are, and their due times.
    ///
    /// Nothing was ever written to the tables that these replace.
    static let schedules = Migration(
        version: 15, title: "schedules that start runs",
        up: """
            DROP TABLE schedule_fires;
            DROP TABLE schedules;
            CREATE TABLE schedules (
                key INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                workflow TEXT NOT NULL,
                rule TEXT NOT NULL,
                origin TEXT NOT NULL,
                pause TEXT,
                position INTEGER NOT NULL,
                next_at INTEGER,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX schedules_due ON schedules (next_at) WHERE pause IS NULL AND next_at IS NOT NULL;
            CREATE INDEX schedules_by_workflow ON schedules (workflow);

            CREATE TABLE schedule_fires (
                schedule_key INTEGER NOT NULL REFERENCES schedules (key) ON DELETE CASCADE,
                at INTEGER NOT NULL,
                kind TEXT NOT NULL,
                outcome TEXT NOT NULL,
                parallel INTEGER NOT NULL,
                run_key INTEGER REFERENCES runs (key) ON DELETE SET NULL,
                decided_at INTEGER NOT NULL,
                note TEXT,
                PRIMARY KEY (schedule_key, at)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX schedule_fires_by_run ON schedule_fires (run_key) WHERE run_key IS NOT NULL;
            CREATE INDEX schedule_fires_queued ON schedule_fires (at, schedule_key) WHERE outcome = 'queued';
            CREATE INDEX schedule_fires_by_time ON schedule_fires (decided_at);
            """,
        down: """
            DROP TABLE schedule_fires;
            DROP TABLE schedules;
            \(firstSchedules)
            """,
        tables: ["schedules", "schedule_fires"])
}
