extension Migration {
    /// Triggers, and what they have waited for: each event a row under a key of its own.
    static let triggers = Migration(
        version: 16, title: "triggers and their events",
        up: """
            CREATE TABLE triggers (
                key INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                workflow TEXT NOT NULL,
                kind TEXT NOT NULL,
                subject TEXT NOT NULL,
                statuses TEXT NOT NULL,
                rule TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX triggers_by_subject ON triggers (kind, subject);
            CREATE INDEX triggers_by_workflow ON triggers (workflow);

            CREATE TABLE trigger_events (
                key INTEGER PRIMARY KEY AUTOINCREMENT,
                trigger_key INTEGER NOT NULL REFERENCES triggers (key) ON DELETE CASCADE,
                dedup TEXT NOT NULL,
                data TEXT NOT NULL,
                outcome TEXT NOT NULL,
                depth INTEGER NOT NULL,
                run_key INTEGER REFERENCES runs (key) ON DELETE SET NULL,
                at INTEGER NOT NULL,
                note TEXT,
                UNIQUE (trigger_key, dedup)
            ) STRICT;
            CREATE INDEX trigger_events_queued ON trigger_events (key) WHERE outcome = 'queued';
            CREATE INDEX trigger_events_by_run ON trigger_events (run_key) WHERE run_key IS NOT NULL;
            CREATE INDEX trigger_events_by_time ON trigger_events (at);
            """,
        down: """
            DROP TABLE trigger_events;
            DROP TABLE triggers;
            """,
        tables: ["triggers", "trigger_events"])
}
