public import BattenCore

/// What a change of the schema's version does.
public struct MigrationPlan: Sendable, Hashable {
    /// One step.
    public struct Step: Sendable, Hashable {
        /// Version after the step.
        public var version: Int
        /// What the step is about.
        public var title: String
        /// Rows that the step removes, by table; only going down removes any.
        public var losses: [Loss]
    }
    /// Rows that a step removes.
    public struct Loss: Sendable, Hashable {
        /// The table that goes.
        public var table: String
        /// Its rows.
        public var rows: Int64
    }
    /// Version of the file.
    public var from: Int
    /// Version to reach.
    public var target: Int
    /// The way there; empty when the file is there already.
    public var steps: [Step]

    /// Rows that are lost on the way.
    public var lostRows: Int64 { steps.reduce(0) { $0 + $1.losses.reduce(0) { $0 + $1.rows } } }
}

extension StoreAdministration {
    /// What ``migrate(to:)`` would do; nothing is changed.
    ///
    /// - Parameter target: version to reach; nil is the one this program works with.
    /// - Throws: `misuse` for a version that this program does not know.
    public func migrationPlan(to target: Int? = nil) throws(StoreError) -> MigrationPlan {
        try plan(open(.read), target ?? Migration.latest)
    }

    /// Brings the file to a version, in one transaction.
    ///
    /// Below the latest version only an earlier Batten can use the file: this one brings it up again.
    /// - Parameter target: version to reach; nil is the one this program works with.
    public func migrate(to target: Int? = nil) throws(StoreError) -> MigrationPlan {
        let connection = try open(.write)
        let plan = try plan(connection, target ?? Migration.latest)
        if !plan.steps.isEmpty { try Migrator(connection: connection).migrate(to: plan.target) }
        return plan
    }

    private func plan(_ connection: Connection, _ target: Int) throws(StoreError) -> MigrationPlan {
        let (from, migrations) = try Migrator(connection: connection).steps(to: target)
        var steps: [MigrationPlan.Step] = []
        for migration in migrations {
            var step = MigrationPlan.Step(version: migration.version, title: migration.title, losses: [])
            if target < from {
                step.version = migration.version - 1
                for table in migration.tables {
                    let rows = try connection.integer("SELECT count(*) FROM \(table)") ?? 0
                    if rows > 0 { step.losses.append(MigrationPlan.Loss(table: table, rows: rows)) }
                }
            }
            steps.append(step)
        }
        return MigrationPlan(from: from, target: target, steps: steps)
    }
}
