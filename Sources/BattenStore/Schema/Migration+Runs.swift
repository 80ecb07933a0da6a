extension Migration {
    /// Definitions and runs with everything a run writes.
    ///
    /// Times are nanoseconds since 1970. Columns of type ANY hold JSON as text, or the SHA-256 of a file under `blobs/`
    /// as a blob of 32 bytes. Tables that every commit of a run touches are keyed by (run, …) without rowid and have no
    /// further index: what one commit writes lies on few pages.
    static let runs = Migration(
        version: 1, title: "workflows and runs",
        up: """
            CREATE TABLE workflow_versions (
                key INTEGER PRIMARY KEY,
                hash TEXT NOT NULL UNIQUE,
                workflow TEXT NOT NULL,
                version TEXT NOT NULL,
                snapshot ANY NOT NULL,
                created_at INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX workflow_versions_by_workflow ON workflow_versions (workflow, created_at);

            CREATE TABLE workflows (
                key INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                version_key INTEGER NOT NULL REFERENCES workflow_versions (key),
                path TEXT,
                source ANY NOT NULL,
                enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
                added_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX workflows_by_version ON workflows (version_key);

            CREATE TABLE engines (
                id TEXT PRIMARY KEY,
                host TEXT NOT NULL,
                pid INTEGER NOT NULL,
                version TEXT NOT NULL,
                role TEXT NOT NULL,
                started_at INTEGER NOT NULL,
                stopped_at INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX engines_by_start ON engines (started_at, id);

            CREATE TABLE runs (
                key INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                workflow TEXT NOT NULL,
                version TEXT NOT NULL,
                version_key INTEGER NOT NULL REFERENCES workflow_versions (key),
                status TEXT NOT NULL,
                waiting_on TEXT,
                waiting_detail TEXT,
                waiting_since INTEGER,
                waiting_until INTEGER,
                trigger TEXT NOT NULL,
                owner TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                parent_key INTEGER REFERENCES runs (key) ON DELETE SET NULL,
                priority INTEGER NOT NULL DEFAULT 0,
                accepted_at INTEGER NOT NULL,
                started_at INTEGER,
                ended_at INTEGER,
                failed_stages INTEGER NOT NULL DEFAULT 0,
                seed INTEGER NOT NULL,
                idempotency_key TEXT,
                workdir TEXT NOT NULL,
                directory TEXT NOT NULL,
                parameters ANY NOT NULL,
                host_environment ANY NOT NULL,
                outputs ANY,
                error ANY
            ) STRICT;
            CREATE INDEX runs_by_time ON runs (accepted_at);
            CREATE INDEX runs_by_workflow ON runs (workflow, accepted_at);
            CREATE INDEX runs_by_status ON runs (status, accepted_at);
            CREATE INDEX runs_by_version ON runs (version_key);
            CREATE INDEX runs_by_parent ON runs (parent_key) WHERE parent_key IS NOT NULL;
            CREATE UNIQUE INDEX runs_by_idempotency_key ON runs (workflow, idempotency_key)
                WHERE idempotency_key IS NOT NULL;

            CREATE TABLE stage_runs (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                idx INTEGER NOT NULL,
                id TEXT NOT NULL,
                uses TEXT NOT NULL,
                is_finally INTEGER NOT NULL,
                status TEXT NOT NULL,
                attempts INTEGER NOT NULL,
                started_at INTEGER,
                ended_at INTEGER,
                waiting_on TEXT,
                waiting_detail TEXT,
                waiting_since INTEGER,
                waiting_until INTEGER,
                reason TEXT,
                outputs ANY,
                error ANY,
                PRIMARY KEY (run_key, idx)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE attempts (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                idx INTEGER NOT NULL,
                number INTEGER NOT NULL,
                reason TEXT NOT NULL,
                idempotency_key TEXT NOT NULL,
                started_at INTEGER NOT NULL,
                ended_at INTEGER,
                outcome TEXT,
                effect TEXT,
                code TEXT NOT NULL,
                message TEXT NOT NULL,
                PRIMARY KEY (run_key, idx, number)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE attempt_states (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                idx INTEGER NOT NULL,
                number INTEGER NOT NULL,
                is_spilled INTEGER NOT NULL,
                state BLOB NOT NULL,
                PRIMARY KEY (run_key, idx)
            ) STRICT, WITHOUT ROWID;

            \(firstEvents)

            CREATE TABLE timers (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                key TEXT NOT NULL,
                at INTEGER NOT NULL,
                PRIMARY KEY (run_key, key)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX timers_by_time ON timers (at);

            CREATE TABLE usage (
                key INTEGER PRIMARY KEY,
                run_key INTEGER REFERENCES runs (key) ON DELETE SET NULL,
                workflow TEXT NOT NULL,
                stage TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                plugin TEXT NOT NULL,
                metric TEXT NOT NULL,
                subject TEXT NOT NULL,
                provider TEXT GENERATED ALWAYS AS (
                    CASE WHEN instr(subject, '/') > 0 THEN substr(subject, 1, instr(subject, '/') - 1) END) VIRTUAL,
                model TEXT GENERATED ALWAYS AS (
                    CASE WHEN instr(subject, '/') > 0 THEN substr(subject, instr(subject, '/') + 1) END) VIRTUAL,
                amount INTEGER NOT NULL,
                cost_usd REAL,
                at INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX usage_by_run ON usage (run_key);
            CREATE INDEX usage_by_time ON usage (at);

            CREATE TABLE logs (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                chunk INTEGER NOT NULL,
                stage TEXT NOT NULL,
                attempt INTEGER NOT NULL,
                first_at INTEGER NOT NULL,
                lines INTEGER NOT NULL,
                bytes INTEGER NOT NULL,
                dropped INTEGER NOT NULL DEFAULT 0,
                text TEXT NOT NULL,
                PRIMARY KEY (run_key, chunk)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE controls (
                key INTEGER PRIMARY KEY AUTOINCREMENT,
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                control TEXT NOT NULL,
                source TEXT NOT NULL,
                asked_at INTEGER NOT NULL,
                settled INTEGER NOT NULL DEFAULT 0,
                refusal TEXT
            ) STRICT;
            CREATE INDEX controls_by_run ON controls (run_key);
            CREATE INDEX controls_open ON controls (key) WHERE settled = 0;

            CREATE TABLE blobs (
                hash BLOB PRIMARY KEY,
                bytes INTEGER NOT NULL,
                created_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE run_blobs (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                hash BLOB NOT NULL REFERENCES blobs (hash),
                PRIMARY KEY (run_key, hash)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX run_blobs_by_hash ON run_blobs (hash);
            """,
        down: """
            DROP TABLE run_blobs;
            DROP TABLE blobs;
            DROP TABLE controls;
            DROP TABLE logs;
            DROP TABLE usage;
            DROP TABLE timers;
            DROP TABLE events;
            DROP TABLE attempt_states;
            DROP TABLE attempts;
            DROP TABLE stage_runs;
            DROP TABLE runs;
            DROP TABLE engines;
            DROP TABLE workflows;
            DROP TABLE workflow_versions;
            """,
        tables: [
            "workflow_versions", "workflows", "engines", "runs", "stage_runs", "attempts", "attempt_states", "events",
            "timers", "usage", "logs", "controls", "blobs", "run_blobs",
        ])

    /// The journal as it was at first.
    static let firstEvents = """
        CREATE TABLE events (
            run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            stage TEXT,
            attempt INTEGER,
            spilled TEXT,
            data TEXT NOT NULL,
            PRIMARY KEY (run_key, seq)
        ) STRICT, WITHOUT ROWID;
        """
}
