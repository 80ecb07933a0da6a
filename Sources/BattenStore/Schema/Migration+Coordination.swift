extension Migration {
    /// What runs wait for and share: checkpoints, gates, signals, schedules, leases, quotas, secrets, plugins, audit.
    static let coordination = Migration(
        version: 2, title: "gates, signals, schedules, quotas, secrets and plugins",
        up: """
            CREATE TABLE checkpoints (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                seq INTEGER NOT NULL,
                label TEXT,
                created_at INTEGER NOT NULL,
                PRIMARY KEY (run_key, seq)
            ) STRICT, WITHOUT ROWID;

            \(firstGates)

            \(firstSchedules)

            CREATE TABLE leases (
                name TEXT PRIMARY KEY,
                owner TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                taken_at INTEGER NOT NULL,
                expires_at INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX leases_by_owner ON leases (owner);

            \(firstQuotas)

            CREATE TABLE secrets (
                name TEXT PRIMARY KEY,
                nonce BLOB NOT NULL,
                ciphertext BLOB NOT NULL,
                key_id TEXT NOT NULL,
                is_short INTEGER NOT NULL DEFAULT 0,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE plugins (
                id TEXT NOT NULL,
                version TEXT NOT NULL,
                path TEXT NOT NULL,
                hash TEXT NOT NULL,
                abi INTEGER NOT NULL,
                is_trusted INTEGER NOT NULL DEFAULT 0,
                is_enabled INTEGER NOT NULL DEFAULT 1,
                installed_at INTEGER NOT NULL,
                PRIMARY KEY (id, version)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE audit (
                key INTEGER PRIMARY KEY AUTOINCREMENT,
                at INTEGER NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                subject TEXT NOT NULL,
                run_key INTEGER REFERENCES runs (key) ON DELETE SET NULL,
                data ANY
            ) STRICT;
            CREATE INDEX audit_by_time ON audit (at);
            CREATE INDEX audit_by_run ON audit (run_key) WHERE run_key IS NOT NULL;
            """,
        down: """
            DROP TABLE audit;
            DROP TABLE plugins;
            DROP TABLE secrets;
            DROP TABLE reservations;
            DROP TABLE quotas;
            DROP TABLE leases;
            DROP TABLE schedule_fires;
            DROP TABLE schedules;
            DROP TABLE signals;
            DROP TABLE gates;
            DROP TABLE checkpoints;
            """,
        tables: [
            "checkpoints", "gates", "signals", "schedules", "schedule_fires", "leases", "quotas", "reservations",
            "secrets", "plugins", "audit",
        ])

    /// The first tables of gates and signals; nothing was ever written to them.
    static let firstGates = """
        CREATE TABLE gates (
            run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            idx INTEGER NOT NULL,
            prompt TEXT NOT NULL,
            form ANY,
            opened_at INTEGER NOT NULL,
            expires_at INTEGER,
            decision TEXT,
            decided_by TEXT,
            decided_at INTEGER,
            answer ANY,
            PRIMARY KEY (run_key, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX gates_open ON gates (opened_at, run_key, idx) WHERE decision IS NULL;

        CREATE TABLE signals (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            name TEXT NOT NULL,
            data ANY NOT NULL,
            sent_by TEXT NOT NULL,
            sent_at INTEGER NOT NULL,
            taken_by INTEGER,
            taken_at INTEGER
        ) STRICT;
        CREATE INDEX signals_by_run ON signals (run_key, name, key);
        """

    /// The first tables of schedules; nothing was ever written to them.
    static let firstSchedules = """
        CREATE TABLE schedules (
            key INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            workflow TEXT NOT NULL,
            rule ANY NOT NULL,
            timezone TEXT NOT NULL,
            overlap TEXT NOT NULL,
            catch_up TEXT NOT NULL,
            parameters ANY NOT NULL,
            is_paused INTEGER NOT NULL DEFAULT 0,
            pause_reason TEXT,
            next_at INTEGER,
            ends_at INTEGER,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX schedules_due ON schedules (next_at) WHERE is_paused = 0 AND next_at IS NOT NULL;

        CREATE TABLE schedule_fires (
            schedule_key INTEGER NOT NULL REFERENCES schedules (key) ON DELETE CASCADE,
            at INTEGER NOT NULL,
            run_key INTEGER REFERENCES runs (key) ON DELETE SET NULL,
            outcome TEXT NOT NULL,
            fired_at INTEGER NOT NULL,
            PRIMARY KEY (schedule_key, at)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX schedule_fires_by_run ON schedule_fires (run_key) WHERE run_key IS NOT NULL;
        """
}
