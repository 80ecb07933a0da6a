extension Migration {
    /// Which stage attempt of which run started a run.
    ///
    /// The parent is named by its id: either of the two may be removed before the other.
    static let children = Migration(
        version: 13, title: "runs that are children of others",
        up: """
            ALTER TABLE runs ADD COLUMN parent_run TEXT;
            ALTER TABLE runs ADD COLUMN parent_stage TEXT;
            ALTER TABLE runs ADD COLUMN parent_item INTEGER;
            ALTER TABLE runs ADD COLUMN parent_attempt INTEGER;
            CREATE INDEX runs_by_parent_run ON runs (parent_run, accepted_at, key) WHERE parent_run IS NOT NULL;
            """,
        down: """
            DROP INDEX runs_by_parent_run;
            ALTER TABLE runs DROP COLUMN parent_attempt;
            ALTER TABLE runs DROP COLUMN parent_item;
            ALTER TABLE runs DROP COLUMN parent_stage;
            ALTER TABLE runs DROP COLUMN parent_run;
            """,
        tables: [])
}
