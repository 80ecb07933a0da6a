public import BattenCore
internal import BattenSystem

/// What a policy would remove from a store.
public struct RemovalPlan: Sendable, Hashable {
    /// Runs that ended too long ago.
    public var oldRuns: Int64 = 0
    /// Runs beyond what their workflow keeps.
    public var surplusRuns: Int64 = 0
    /// When the oldest of all these was accepted.
    public var oldest: Timestamp?
    /// Files under `blobs/` that no row names.
    public var unusedFiles = 0
}

extension StoreAdministration {
    /// What a thorough sweep would remove; nothing is changed.
    public func removalPlan(_ policy: RetentionPolicy, now: Timestamp) throws(StoreError) -> RemovalPlan {
        let connection = try open(.read)
        _ = try Migrator(connection: connection).state()
        let count = try connection.prepare(
            """
            WITH r AS (
                SELECT r.key, r.workflow, r.accepted_at,
                    r.status IN \(HistoryQuery.ended) AND (r.idempotency_key IS NULL OR r.accepted_at < ?1)
                        AND NOT EXISTS (SELECT 1 FROM runs p WHERE p.key = r.parent_key AND p.ended_at IS NULL) AS free,
                    r.ended_at < ?2 AS old
                FROM runs r WHERE r.status <> '\(HistoryQuery.removed)'
            ), kept AS (
                SELECT accepted_at, free,
                    row_number() OVER (PARTITION BY workflow ORDER BY accepted_at DESC, key DESC) AS place
                FROM r WHERE NOT (free AND coalesce(old, 0))
            )
            SELECT (SELECT count(*) FROM r WHERE free AND old), (SELECT min(accepted_at) FROM r WHERE free AND old),
                (SELECT count(*) FROM kept WHERE free AND place > ?3),
                (SELECT min(accepted_at) FROM kept WHERE free AND place > ?3)
            """)
        count.bind(1, now - RetentionPolicy.keyAge)
        count.bind(2, policy.age.map { now - $0 } ?? Timestamp(nanoseconds: .min))
        count.bind(3, policy.runsPerWorkflow.map { Int64($0) } ?? .max)
        var plan = RemovalPlan()
        if try count.step() {
            plan.oldRuns = count.int(0)
            plan.surplusRuns = count.int(2)
            plan.oldest = [count.timestamp(1), count.timestamp(3)].compactMap { $0 }.min()
        }
        plan.unusedFiles = try unusedFiles(connection, now: now).count
        return plan
    }

    /// Removes files under `blobs/` that no row names: those of commits that never came about.
    ///
    /// - Returns: how many, and their bytes.
    public func removeUnusedFiles(now: Timestamp) throws(StoreError) -> (files: Int, bytes: Int64) {
        let connection = try open(.write)
        _ = try Migrator(connection: connection).state()
        var rest = try unusedFiles(connection, now: now)[...]
        var removed = (files: 0, bytes: Int64(0))
        let table = BlobTable(connection: connection, folder: BlobFolder(path: folder.blobs))
        while !rest.isEmpty {
            let part = rest.prefix(64)
            rest = rest.dropFirst(64)
            // Under the write lock, since a commit may just be about to name one.
            let gone = try connection.transaction { () throws(StoreError) in
                var gone = (files: 0, bytes: Int64(0))
                for file in part {
                    if let hash = file.hash, try table.isKept(hash) { continue }
                    let status = try storing { () throws(SystemError) in try FileSystem.status(file.path) }
                    if try storing({ () throws(SystemError) in try FileSystem.remove(file.path) }) {
                        gone = (gone.files + 1, gone.bytes + (status?.bytes ?? 0))
                    }
                }
                return gone
            }
            removed = (removed.files + gone.files, removed.bytes + gone.bytes)
            Pause.sleep(microseconds: 1_000)
        }
        return removed
    }

    /// A file that no row names; without a hash it is one that never got its name.
    private struct UnusedFile {
        let path: String
        let hash: [UInt8]?
    }

    private func unusedFiles(_ connection: Connection, now: Timestamp) throws(StoreError) -> [UnusedFile] {
        let table = BlobTable(connection: connection, folder: BlobFolder(path: folder.blobs))
        guard FileSystem.exists(folder.blobs) else { return [] }
        var unused: [UnusedFile] = []
        for part in try storing({ () throws(SystemError) in try FileSystem.list(folder.blobs) }) {
            for name in (try? FileSystem.list("\(folder.blobs)/\(part)")) ?? [] {
                let path = "\(folder.blobs)/\(part)/\(name)"
                if let hash = Hex.decode(part + name), hash.count == 32 {
                    if try !table.isKept(hash) { unused.append(UnusedFile(path: path, hash: hash)) }
                } else if let status = (try? FileSystem.status(path)) ?? nil, status.kind == .file,
                    status.modified < now.seconds - 86_400
                {
                    unused.append(UnusedFile(path: path, hash: nil))
                }
            }
        }
        return unused
    }
}
