public import BattenCore
internal import Synchronization

/// A quota with how full it is.
public struct StoredQuota: Sendable, Hashable {
    /// The quota.
    public var rule: QuotaRule
    /// What is booked in its window, and what is reserved.
    public var standing: QuotaBook.Standing
}

extension SQLiteStore {
    /// Sets a quota, in place of the one of its name.
    ///
    /// What the ledger has in its window counts from the start. Where only the limit and what happens beyond it change,
    /// reservations stay; with another metric, window or scope they are given up, and what their calls use is booked.
    ///
    /// - Returns: whether there was one of this name.
    public func set(
        _ rule: QuotaRule, at: Timestamp, zones: (String) -> TimeZoneRules?
    ) throws(StoreError) -> Bool {
        let existed = try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                try QuotaSetting(connection: writer.connection).set(rule, at: at, zones: zones)
            }
        }
        try tellOfQuotas()
        return existed
    }

    /// Removes a quota.
    ///
    /// - Returns: false when there was none of this name.
    public func removeQuota(_ name: String) throws(StoreError) -> Bool {
        let existed = try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                let remove = try writer.connection.statement("DELETE FROM quotas WHERE run_key IS NULL AND name = ?1")
                remove.bind(1, name)
                try remove.run()
                return writer.connection.changes == 1
            }
        }
        if existed { try tellOfQuotas() }
        return existed
    }

    /// Wakes every engine that lives: each goes by the quotas that it has heard of.
    private func tellOfQuotas() throws(StoreError) {
        let engines = try withWriter { writer throws(StoreError) -> [String] in
            writer.quotaCache.isChanged = true
            let find = try writer.connection.statement("SELECT id FROM engines WHERE stopped_at IS NULL")
            defer { find.reset() }
            var engines: [String] = []
            while try find.step() { engines.append(find.text(0)) }
            return engines
        }
        wake(engines)
    }

    /// Which quotas there are, when that may have changed since it was last asked for.
    ///
    /// - Parameter looking: whether to look at the file in any case: another process may have written.
    public func changedQuotas(looking: Bool) throws(StoreError) -> QuotaSetup? {
        guard looking || mayHaveNewQuotas.load(ordering: .relaxed) else { return nil }
        return try withWriter { writer throws(StoreError) in
            mayHaveNewQuotas.store(false, ordering: .relaxed)
            return try writer.connection.snapshot { () throws(StoreError) in try writer.quotaSetup() }
        }
    }
}

extension StoreReader {
    /// The quotas that have names, with how full they are.
    public func quotas(at: Timestamp, zones: (String) -> TimeZoneRules?) throws(StoreError) -> [StoredQuota] {
        try quotas(QuotaTable.named, { _ in }, at: at, zones: zones)
    }

    /// A quota; nil when there is none of this name.
    public func quota(
        _ name: String, at: Timestamp, zones: (String) -> TimeZoneRules?
    ) throws(StoreError) -> StoredQuota? {
        try quotas(QuotaTable.one, { $0.bind(1, name) }, at: at, zones: zones).first
    }

    /// A quota or budget by its key; nil when there is none.
    public func quota(
        key: Int64, at: Timestamp, zones: (String) -> TimeZoneRules?
    ) throws(StoreError) -> StoredQuota? {
        try quotas(QuotaTable.byKey, { $0.bind(1, key) }, at: at, zones: zones).first
    }

    /// The budgets of a run, with how full they are.
    public func budgets(ofRun run: String, at: Timestamp) throws(StoreError) -> [StoredQuota] {
        guard let key = try rows("SELECT key FROM runs WHERE id = ?1", { $0.bind(1, run) }, { $0.int(0) }).first else {
            return []
        }
        return try quotas(QuotaTable.ofRun, { $0.bind(1, key) }, at: at, zones: { _ in nil })
    }

    private func quotas(
        _ sql: String, _ bind: (Statement) -> Void, at: Timestamp, zones: (String) -> TimeZoneRules?
    ) throws(StoreError) -> [StoredQuota] {
        let found = try rows(sql, bind) { row throws(StoreError) in try QuotaTable.read(row) }
        return try withConnection { connection throws(StoreError) in
            var quotas: [StoredQuota] = []
            for (rule, reserved) in found {
                let standing = try QuotaTable.standing(rule, reserved: reserved, at: at, zones: zones, connection)
                quotas.append(StoredQuota(rule: rule, standing: standing))
            }
            return quotas
        }
    }
}
