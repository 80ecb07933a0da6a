extension Migration {
    /// What usage cost, and which item it was of.
    static let ledger = Migration(
        version: 14, title: "usage with its cost",
        up: """
            ALTER TABLE usage ADD COLUMN item INTEGER;
            ALTER TABLE usage_days ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0;
            UPDATE usage_days SET unpriced = amount WHERE cost_usd IS NULL;
            """,
        down: """
            ALTER TABLE usage_days DROP COLUMN unpriced;
            ALTER TABLE usage DROP COLUMN item;
            """,
        tables: [])
}
