extension Migration {
    /// Gates with everything that is asked and answered, signals by their place in the journal, and what controls carry.
    static let gates = Migration(
        version: 6, title: "answers to gates, kept signals, and controls that carry data",
        up: """
            DROP TABLE signals;
            DROP TABLE gates;

            CREATE TABLE gates (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                idx INTEGER NOT NULL,
                prompt TEXT NOT NULL,
                approvers TEXT NOT NULL,
                required INTEGER NOT NULL,
                form ANY,
                approves_on_timeout INTEGER NOT NULL,
                opened_at INTEGER NOT NULL,
                expires_at INTEGER,
                votes ANY NOT NULL,
                decision TEXT,
                decided_by TEXT,
                decided_at INTEGER,
                PRIMARY KEY (run_key, idx)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX gates_open ON gates (opened_at, run_key, idx) WHERE decision IS NULL;

            CREATE TABLE signals (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                seq INTEGER NOT NULL,
                name TEXT NOT NULL,
                data ANY NOT NULL,
                sent_by TEXT NOT NULL,
                sent_at INTEGER NOT NULL,
                taken_by INTEGER,
                taken_at INTEGER,
                PRIMARY KEY (run_key, seq)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE control_payloads (
                control_key INTEGER PRIMARY KEY REFERENCES controls (key) ON DELETE CASCADE,
                payload TEXT NOT NULL
            ) STRICT;
            """,
        down: """
            DROP TABLE control_payloads;
            DROP TABLE signals;
            DROP TABLE gates;

            \(firstGates)
            """,
        tables: ["gates", "signals", "control_payloads"])
}
