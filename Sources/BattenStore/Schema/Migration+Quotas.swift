extension Migration {
    /// Quotas, budgets and what is reserved of them, with a running sum for each stretch of time.
    ///
    /// A budget is a quota of a run. `quotas.reserved` is the sum of the quota's rows in `reservations`, and
    /// `quota_use` the sum of the ledger's rows that count, by the stretch of time they fall in; both are written with
    /// the rows they add up. What earlier versions had here was never written to.
    static let quotas = Migration(
        version: 17, title: "quotas and budgets",
        up: """
            DROP TABLE reservations;
            DROP TABLE quotas;

            CREATE TABLE quotas (
                key INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL,
                run_key INTEGER REFERENCES runs (key) ON DELETE CASCADE,
                stage TEXT,
                metric TEXT NOT NULL,
                amount INTEGER NOT NULL CHECK (amount >= 0),
                window TEXT NOT NULL,
                calendar TEXT,
                scope TEXT NOT NULL,
                on_exceed TEXT NOT NULL,
                reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX quotas_by_name ON quotas (name) WHERE run_key IS NULL;
            CREATE INDEX quotas_by_run ON quotas (run_key) WHERE run_key IS NOT NULL;

            CREATE TABLE quota_use (
                quota_key INTEGER NOT NULL REFERENCES quotas (key) ON DELETE CASCADE,
                bucket INTEGER NOT NULL,
                used INTEGER NOT NULL,
                PRIMARY KEY (quota_key, bucket)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE reservations (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                idx INTEGER NOT NULL,
                number INTEGER NOT NULL,
                lease INTEGER NOT NULL,
                quota_key INTEGER NOT NULL REFERENCES quotas (key) ON DELETE CASCADE,
                amount INTEGER NOT NULL CHECK (amount >= 0),
                engine TEXT NOT NULL,
                made_at INTEGER NOT NULL,
                PRIMARY KEY (run_key, idx, number, lease, quota_key)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX reservations_by_quota ON reservations (quota_key);
            CREATE INDEX reservations_by_engine ON reservations (engine);

            CREATE TABLE meters (
                executor TEXT NOT NULL,
                metric TEXT NOT NULL,
                PRIMARY KEY (executor, metric)
            ) STRICT, WITHOUT ROWID;

            ALTER TABLE usage ADD COLUMN executor TEXT;
            ALTER TABLE usage ADD COLUMN tags TEXT;
            """,
        down: """
            ALTER TABLE usage DROP COLUMN tags;
            ALTER TABLE usage DROP COLUMN executor;
            DROP TABLE meters;
            DROP TABLE reservations;
            DROP TABLE quota_use;
            DROP TABLE quotas;
            \(firstQuotas)
            """,
        tables: ["quotas", "quota_use", "reservations", "meters"])

    /// The first tables of quotas; nothing was ever written to them.
    static let firstQuotas = """
        CREATE TABLE quotas (
            key INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            metric TEXT NOT NULL,
            amount REAL NOT NULL,
            window TEXT NOT NULL,
            calendar TEXT,
            scope ANY NOT NULL,
            on_exceed TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE reservations (
            key INTEGER PRIMARY KEY,
            quota_key INTEGER NOT NULL REFERENCES quotas (key) ON DELETE CASCADE,
            run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
            idx INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            amount REAL NOT NULL,
            made_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX reservations_by_quota ON reservations (quota_key, made_at);
        CREATE INDEX reservations_by_run ON reservations (run_key, idx, attempt);
        """
}
