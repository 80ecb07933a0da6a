extension Migration {
    /// Which runs' stages and attempts have rows that are behind the run's journal.
    ///
    /// A run without a row here has none: all its rows tell the whole journal.
    static let trailing = Migration(
        version: 4, title: "rows that follow the journal later",
        up: """
            CREATE TABLE trailing (
                run_key INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
                seq INTEGER NOT NULL
            ) STRICT;
            """,
        down: """
            DROP TABLE trailing;
            """,
        tables: ["trailing"])
}
