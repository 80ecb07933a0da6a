extension Migration {
    /// The journal by one number that is made of the run's key and the place in the run's journal.
    ///
    /// What a commit appends then goes to the end of one page without a search, and a full page is followed by an empty
    /// one instead of being shared out among its neighbours. A run's entries lie side by side as before.
    static let journal = Migration(
        version: 11, title: "a journal that grows at its end",
        up: """
            DROP VIEW recent_events;
            ALTER TABLE events RENAME TO events_before;
            CREATE TABLE events (
                key INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                type TEXT NOT NULL,
                stage TEXT,
                attempt INTEGER,
                spilled TEXT,
                data TEXT NOT NULL,
                item INTEGER,
                run_key INTEGER GENERATED ALWAYS AS (key >> 32) VIRTUAL,
                seq INTEGER GENERATED ALWAYS AS (key & 4294967295) VIRTUAL
            ) STRICT;
            INSERT INTO events (key, at, type, stage, attempt, spilled, data, item)
                SELECT (run_key << 32) | seq, at, type, stage, attempt, spilled, data, item FROM events_before
                ORDER BY run_key, seq;
            DROP TABLE events_before;
            CREATE TRIGGER events_of_run AFTER DELETE ON runs BEGIN
                DELETE FROM events WHERE \(EventKey.isOf("old.key"));
            END;
            \(recentEvents(item: "e.item, ", joinedBy: EventKey.isOf("r.key", in: "e.key")));
            """,
        down: """
            DROP VIEW recent_events;
            DROP TRIGGER events_of_run;
            ALTER TABLE events RENAME TO events_after;
            \(firstEvents)
            ALTER TABLE events ADD COLUMN item INTEGER;
            INSERT INTO events (run_key, seq, at, type, stage, attempt, spilled, data, item)
                SELECT run_key, seq, at, type, stage, attempt, spilled, data, item FROM events_after ORDER BY key;
            DROP TABLE events_after;
            \(recentEvents(item: "e.item, "));
            """,
        tables: [])
}

/// The key of a journal entry: the run's key in the upper half, the entry's place in the run's journal in the lower.
enum EventKey {
    /// How many entries a run can have.
    static let limit: Int64 = 4_294_967_295

    /// The key of an entry; nil when the journal of a run, or the store, is full.
    static func of(run: Int64, seq: Int64) -> Int64? {
        guard seq > 0, seq <= limit, run >= 0, run <= limit >> 1 else { return nil }
        return run << 32 | seq
    }

    /// SQL that holds for the entries of a run, which is given as SQL.
    static func isOf(_ run: String, in key: String = "key") -> String {
        "\(key) BETWEEN (\(run) << 32) AND (\(run) << 32 | \(limit))"
    }

    /// SQL that holds for the entries of a run behind a place in its journal; both are given as SQL.
    static func isOf(_ run: String, after seq: String) -> String {
        "key > (\(run) << 32) + max(0, min(\(seq), \(limit))) AND key <= (\(run) << 32 | \(limit))"
    }
}
