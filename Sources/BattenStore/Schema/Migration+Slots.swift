extension Migration {
    /// Slots that are shared by all engines of a store, and the engines that wait for them.
    static let slots = Migration(
        version: 8, title: "limits over all processes",
        up: """
            CREATE TABLE slots (
                run_key INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
                idx INTEGER NOT NULL,
                number INTEGER NOT NULL,
                engine TEXT NOT NULL,
                plugin TEXT NOT NULL,
                taken_at INTEGER NOT NULL,
                expires_at INTEGER,
                PRIMARY KEY (run_key, idx, number)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE slot_waiters (
                engine TEXT PRIMARY KEY,
                since INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """,
        down: """
            DROP TABLE slot_waiters;
            DROP TABLE slots;
            """,
        tables: ["slots", "slot_waiters"])

    /// What engines wait for, with the turn of it: slots go to whoever's turn it is over all processes.
    static let turns = Migration(
        version: 18, title: "turns over all processes",
        up: """
            DROP TABLE slot_waiters;
            CREATE TABLE slot_waiters (
                engine TEXT NOT NULL,
                workflow TEXT NOT NULL,
                plugin TEXT NOT NULL,
                turn INTEGER,
                called_at INTEGER,
                calls INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (engine, workflow, plugin)
            ) STRICT, WITHOUT ROWID;
            """,
        down: """
            DROP TABLE slot_waiters;
            CREATE TABLE slot_waiters (
                engine TEXT PRIMARY KEY,
                since INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """,
        tables: [])

    /// The same for room in quotas, with how much of it is needed: one row for each quota that an engine waits for.
    ///
    /// Rows of dead engines do not count and are removed with the engines; a row that is wrong for a while costs whoever
    /// waits behind it a moment, and nobody room.
    static let quotaTurns = Migration(
        version: 19, title: "turns for quotas",
        up: """
            DROP TABLE slot_waiters;
            CREATE TABLE slot_waiters (
                engine TEXT NOT NULL,
                workflow TEXT NOT NULL,
                plugin TEXT NOT NULL,
                quota INTEGER NOT NULL,
                needed INTEGER NOT NULL,
                turn INTEGER NOT NULL,
                called_at INTEGER,
                calls INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (engine, workflow, plugin, quota)
            ) STRICT, WITHOUT ROWID;
            """,
        down: """
            DROP TABLE slot_waiters;
            CREATE TABLE slot_waiters (
                engine TEXT NOT NULL,
                workflow TEXT NOT NULL,
                plugin TEXT NOT NULL,
                turn INTEGER,
                called_at INTEGER,
                calls INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (engine, workflow, plugin)
            ) STRICT, WITHOUT ROWID;
            """,
        tables: [])
}
