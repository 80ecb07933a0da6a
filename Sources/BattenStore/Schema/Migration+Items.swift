extension Migration {
    /// Items of stages with `for_each` or `matrix`: rows of stages and attempts, records and logs of their own.
    ///
    /// An item is a row of `stage_runs` with the id of its stage, behind all planned stages of its run.
    static let items = Migration(
        version: 9, title: "items of a stage that runs over a list",
        up: """
            \(dropItemViews)
            ALTER TABLE stage_runs ADD COLUMN item INTEGER;
            ALTER TABLE attempts ADD COLUMN item INTEGER;
            ALTER TABLE events ADD COLUMN item INTEGER;
            ALTER TABLE logs ADD COLUMN item INTEGER;
            \(activeRuns(stages: "s.run_key = r.key AND s.item IS NULL"));
            \(recentEvents(item: "e.item, "));
            \(blocked(item: "s.item, ", noItem: "NULL, "));
            """,
        down: """
            \(dropItemViews)
            DELETE FROM attempt_states WHERE \(ofItem("attempt_states"));
            DELETE FROM gates WHERE \(ofItem("gates"));
            DELETE FROM slots WHERE \(ofItem("slots"));
            DELETE FROM attempts WHERE item IS NOT NULL;
            DELETE FROM stage_runs WHERE item IS NOT NULL;
            ALTER TABLE logs DROP COLUMN item;
            ALTER TABLE events DROP COLUMN item;
            ALTER TABLE attempts DROP COLUMN item;
            ALTER TABLE stage_runs DROP COLUMN item;
            \(activeRuns(stages: "s.run_key = r.key"));
            \(recentEvents(item: ""));
            \(blocked(item: "", noItem: ""));
            """,
        tables: [])

    private static let dropItemViews = """
        DROP VIEW blocked;
        DROP VIEW recent_events;
        DROP VIEW active_runs;
        """

    /// Whether the row of a table belongs to an item.
    private static func ofItem(_ table: String) -> String {
        "EXISTS (SELECT 1 FROM stage_runs s WHERE s.run_key = \(table).run_key AND s.idx = \(table).idx "
            + "AND s.item IS NOT NULL)"
    }
}
