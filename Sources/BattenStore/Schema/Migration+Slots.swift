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
}
