public import BattenCore
internal import BattenSystem

/// Keeps a store's history within its policy, in steps that others hardly notice.
///
/// Each step is one short transaction at most. What a step does stays done, so a keeper may be left at any moment, also
/// by a kill; the next one goes on. Any number of processes may do this at the same time. One thread uses a keeper.
public final class HistoryKeeper {
    /// What a sweep is about to do next.
    private enum Phase {
        /// Runs that an earlier step took out of the lists.
        case unfinished
        /// Runs that ended too long ago, in one state after another.
        case aged(state: Int, after: Place)
        /// Runs beyond what their workflow keeps.
        case crowded(workflow: String, upTo: Place?, after: Place)
        case engines(after: (startedAt: Int64, id: String))
        case usage
        case results
        case fires
        /// Definitions that lost their last run otherwise than by removal; only a thorough sweep looks.
        case definitions(after: Int64)
        case files
        case pages
        case done
    }

    /// A place in the order of acceptance.
    private struct Place {
        var at: Int64
        var key: Int64
        static let start = Place(at: .min, key: .min)
    }

    private static let states = ["completed", "failed", "cancelled", "timed_out"]
    /// Rows that are looked at together.
    private static let glance = 64
    /// Bytes that stay free for what comes next, or an eighth of the file.
    private static let freeBytes: Int64 = 4 << 20

    /// What was removed so far.
    public private(set) var removed = RemovedHistory()

    private let folder: StateFolder
    private let policy: RetentionPolicy
    private let isThorough: Bool
    private let now: @Sendable () -> Timestamp
    private let monotonic: @Sendable () -> Int64
    private let connection: Connection
    private let waitsForDisk: Bool
    private let removal: RunRemoval
    private var phase = Phase.unfinished
    private var deadline: Int64 = 0

    /// Opens a store that exists for upkeep.
    ///
    /// - Parameters:
    ///   - policy: how much to keep.
    ///   - options: how the store writes; a store that survives a power cut is kept so.
    ///   - isThorough: whether to look for unused definitions too, and to give all free pages back.
    ///   - now: the wall clock.
    ///   - monotonic: the monotonic clock in nanoseconds; nil is the system's.
    /// - Throws: `notFound` when there is no store, and what opening one throws.
    public init(
        _ folder: StateFolder, policy: RetentionPolicy, options: StoreOptions = StoreOptions(),
        isThorough: Bool = false, now: @escaping @Sendable () -> Timestamp,
        monotonic: (@Sendable () -> Int64)? = nil
    ) throws(StoreError) {
        guard folder.hasStore else {
            throw StoreError(
                .notFound, "there is no store at \(folder.database)",
                help: "the first `batten run` makes it; --home names another place")
        }
        connection = try Connection(folder.database, .write, busyLimit: options.busyLimit, vfs: options.vfs)
        try Migrator(connection: connection).prepare()
        var options = options
        // A removal that a power cut undoes is made again: only files wait for the disk.
        waitsForDisk = options.durability != .off
        if waitsForDisk { options.durability = .normal }
        try connection.configure(options)
        self.folder = folder
        self.policy = policy
        self.isThorough = isThorough
        self.now = now
        self.monotonic = monotonic ?? { MonotonicClock.now() }
        removal = RunRemoval(
            connection: connection, blobs: BlobTable(connection: connection, folder: BlobFolder(path: folder.blobs)))
    }

    /// Whether the last complete sweep of any process is this long ago, or never was.
    public func isDue(every interval: Duration) throws(StoreError) -> Bool {
        let find = try connection.statement("SELECT at FROM upkeep WHERE name = 'history'")
        defer { find.reset() }
        guard try find.step() else { return true }
        let last = Timestamp(nanoseconds: find.int(0))
        let now = now()
        return now < last || now - last >= interval
    }

    /// Does the next part of a sweep: one transaction at most, within the limit.
    ///
    /// - Returns: whether there is more to do.
    public func step(limit: UpkeepLimit = UpkeepLimit()) throws(StoreError) -> Bool {
        deadline = MonotonicClock.adding(limit.time, to: monotonic())
        repeat {
            if try advance(limit) { break }
        } while !isDone && monotonic() < deadline
        return !isDone
    }

    /// Does steps until a sweep is complete or the time is up.
    ///
    /// - Returns: whether the sweep is complete.
    @discardableResult
    public func work(within time: Duration, limit: UpkeepLimit = UpkeepLimit()) throws(StoreError) -> Bool {
        let end = MonotonicClock.adding(time, to: monotonic())
        while monotonic() < end {
            if try !step(limit: limit) { return true }
        }
        try rememberPlace()
        return false
    }

    private var isDone: Bool { if case .done = phase { true } else { false } }

    /// Goes on by one look or one transaction.
    ///
    /// - Returns: whether it wrote.
    private func advance(_ limit: UpkeepLimit) throws(StoreError) -> Bool {
        switch phase {
        case .unfinished: return try finishHidden(limit)
        case .aged(let state, let place): return try removeAged(state, place, limit)
        case .crowded(let workflow, let boundary, let place):
            return try removeCrowded(workflow, boundary, place, limit)
        case .engines(let place): return try forgetEngines(place)
        case .usage: return try foldUsage(limit)
        case .results: return try forgetResults(limit)
        case .fires: return try forgetFires(limit)
        case .definitions(let place): return try removeDefinitions(place)
        case .files: return try removeFiles()
        case .pages: return try freePages()
        case .done: return false
        }
    }

    // MARK: Runs

    private func finishHidden(_ limit: UpkeepLimit) throws(StoreError) -> Bool {
        guard let key = try connection.integer(HistoryQuery.unfinished) else {
            phase = policy.age == nil ? firstWorkflow() : .aged(state: 0, after: .start)
            return false
        }
        return try connection.transaction { () throws(StoreError) in
            if let definitions = try removal.gnaw(key, limit: limit.rows) {
                removed.runs += 1
                removed.definitions += definitions
            }
            return true
        }
    }

    private func firstWorkflow() -> Phase {
        guard policy.runsPerWorkflow != nil else { return .engines(after: (.min, "")) }
        let place = (try? connection.text("SELECT place FROM upkeep WHERE name = 'history'")) ?? nil
        return .crowded(workflow: place ?? "", upTo: nil, after: .start)
    }

    private func removeAged(_ state: Int, _ place: Place, _ limit: UpkeepLimit) throws(StoreError) -> Bool {
        guard let age = policy.age, state < Self.states.count else {
            phase = firstWorkflow()
            return false
        }
        let find = try connection.statement(HistoryQuery.aged)
        find.bind(2, Self.states[state])
        find.bind(3, now() - age)
        let found = try candidates(find, after: place, limit)
        guard let last = found.last else {
            phase = .aged(state: state + 1, after: .start)
            return false
        }
        let (reached, wrote) = try remove(found, last, limit)
        phase = reached.isHidden ? .unfinished : .aged(state: state, after: reached.place)
        return wrote
    }

    private func removeCrowded(
        _ workflow: String, _ boundary: Place?, _ place: Place, _ limit: UpkeepLimit
    ) throws(StoreError) -> Bool {
        guard let boundary else {
            let next = try connection.statement(HistoryQuery.nextWorkflow)
            next.bind(1, workflow)
            let name = try next.step() ? next.optionalText(0) : nil
            next.reset()
            guard let name, let kept = policy.runsPerWorkflow else {
                phase = .engines(after: (.min, ""))
                return false
            }
            let find = try connection.statement(HistoryQuery.boundary)
            find.bind(1, name)
            find.bind(2, max(kept, 0))
            defer { find.reset() }
            let found = try find.step() ? Place(at: find.int(0), key: find.int(1)) : nil
            phase = .crowded(workflow: name, upTo: found, after: .start)
            return false
        }
        let find = try connection.statement(HistoryQuery.crowded)
        find.bind(2, workflow)
        find.bind(3, boundary.at)
        find.bind(7, boundary.key)
        let found = try candidates(find, after: place, limit)
        guard let last = found.last else {
            phase = .crowded(workflow: workflow, upTo: nil, after: .start)
            return false
        }
        let (reached, wrote) = try remove(found, last, limit)
        phase = .crowded(workflow: workflow, upTo: boundary, after: reached.place)
        if reached.isHidden { phase = .unfinished }
        return wrote
    }

    /// Reads runs behind a place; those that may not go come as nil.
    private func candidates(
        _ find: Statement, after place: Place, _ limit: UpkeepLimit
    ) throws(StoreError) -> [(place: Place, run: RemovalCandidate?)] {
        find.bind(1, now() - RetentionPolicy.keyAge)
        find.bind(4, place.at)
        find.bind(5, place.key)
        find.bind(6, Self.glance)
        defer { find.reset() }
        var found: [(place: Place, run: RemovalCandidate?)] = []
        var rows = 0
        // What does not go with this transaction is looked at for the next one.
        while rows < limit.rows, try find.step() {
            let run = RemovalCandidate(
                key: find.int(0), id: find.text(1), acceptedAt: find.int(2), rows: Int(clamping: find.int(3)))
            rows = run.rows > limit.rows ? limit.rows : rows + run.rows + 8
            found.append((Place(at: run.acceptedAt, key: run.key), find.int(4) == 0 ? nil : run))
        }
        return found
    }

    /// Removes runs in one transaction until the limit is reached; a run that is larger than the limit is hidden.
    ///
    /// - Returns: up to where it came, and whether it wrote.
    private func remove(
        _ found: [(place: Place, run: RemovalCandidate?)], _ last: (place: Place, run: RemovalCandidate?),
        _ limit: UpkeepLimit
    ) throws(StoreError) -> (reached: (place: Place, isHidden: Bool), wrote: Bool) {
        guard found.contains(where: { $0.run != nil }) else { return ((last.place, false), false) }
        var count = 0
        var definitions = 0
        let reached = try connection.transaction { () throws(StoreError) in
            var rows = 0
            for (place, run) in found {
                guard let run else { continue }
                if run.rows > limit.rows {
                    if try removal.hide(run) { return (place, true) }
                } else if let went = try removal.remove(run) {
                    count += 1
                    definitions += went
                }
                rows += run.rows + 8
                if rows >= limit.rows || monotonic() >= deadline { return (place, false) }
            }
            return (last.place, false)
        }
        removed.runs += count
        removed.definitions += definitions
        return (reached, true)
    }

    // MARK: What is left of them

    private func forgetEngines(_ place: (startedAt: Int64, id: String)) throws(StoreError) -> Bool {
        if place.id.isEmpty { try EngineFolder.clean(folder) }
        let find = try connection.statement(HistoryQuery.engines)
        find.bind(1, now() - (policy.age ?? RetentionPolicy.engineAge))
        find.bind(2, place.startedAt)
        find.bind(3, place.id)
        find.bind(4, Self.glance)
        var last: (Int64, String)?
        var gone: [String] = []
        while try find.step() {
            let id = find.text(0)
            last = (find.int(1), id)
            // One that was killed never said that it stopped.
            if !find.isNull(2) {
                gone.append(id)
            } else if try !EngineFolder.isAlive(id, in: folder) {
                gone.append(id)
            }
        }
        if let last { phase = .engines(after: last) } else { phase = .usage }
        if !gone.isEmpty {
            let owners = try owners()
            gone.removeAll(where: owners.contains)
        }
        if gone.isEmpty { return false }
        try connection.transaction { () throws(StoreError) in
            for id in gone {
                let forget = try connection.statement("DELETE FROM engines WHERE id = ?1")
                forget.bind(1, id)
                try forget.run()
            }
        }
        removed.engines += gone.count
        return true
    }

    /// Engines that own runs which have not ended.
    private func owners() throws(StoreError) -> Set<String> {
        let find = try connection.statement(HistoryQuery.owners)
        var owners: Set<String> = []
        while try find.step() { owners.insert(find.text(0)) }
        return owners
    }

    private func foldUsage(_ limit: UpkeepLimit) throws(StoreError) -> Bool {
        let before = now() - RetentionPolicy.usageAge
        guard try finds(HistoryQuery.oldUsage, before) else {
            phase = .results
            return false
        }
        removed.usageReports += try connection.transaction { () throws(StoreError) in
            try UsageFold(connection: connection).fold(before: before, limit: limit.rows)
        }
        return true
    }

    /// Removes what is remembered of due times that are long past; no schedule goes back to them.
    private func forgetFires(_ limit: UpkeepLimit) throws(StoreError) -> Bool {
        let before = now() - RetentionPolicy.fireAge
        guard try finds(HistoryQuery.oldFires, before) else {
            try forgetEvents(before, limit)
            phase = isThorough ? .definitions(after: .min) : .files
            return false
        }
        removed.fires += try remove(
            "schedule_fires", "(schedule_key, at) IN (\(HistoryQuery.oldFires))", before, limit)
        return true
    }

    /// Removes what is remembered of old events, as much as one part may; the rest goes with the next sweep.
    private func forgetEvents(_ before: Timestamp, _ limit: UpkeepLimit) throws(StoreError) {
        _ = try remove("trigger_events", "key IN (\(HistoryQuery.oldEvents))", before, limit)
    }

    /// Removes results that are good no more; their long values go with the runs that made them.
    private func forgetResults(_ limit: UpkeepLimit) throws(StoreError) -> Bool {
        guard try finds(HistoryQuery.expiredResults, now()) else {
            phase = .fires
            return false
        }
        _ = try remove("cached_results", "key IN (\(HistoryQuery.expiredResults))", now(), limit)
        return true
    }

    /// Whether a query for what is over since an instant has any row.
    private func finds(_ query: String, _ instant: Timestamp) throws(StoreError) -> Bool {
        let look = try connection.statement(query)
        defer { look.reset() }
        look.bind(1, instant)
        look.bind(2, 1)
        return try look.step()
    }

    /// Removes rows of a table in one transaction, as many as one part may.
    ///
    /// - Parameters:
    ///   - condition: which rows; its first parameter is the instant, its second how many.
    ///   - instant: since when they are over.
    /// - Returns: how many there were.
    private func remove(
        _ table: String, _ condition: String, _ instant: Timestamp, _ limit: UpkeepLimit
    ) throws(StoreError) -> Int {
        try connection.transaction { () throws(StoreError) in
            let remove = try connection.statement("DELETE FROM \(table) WHERE \(condition)")
            remove.bind(1, instant)
            remove.bind(2, limit.rows)
            try remove.run()
            return Int(clamping: connection.changes)
        }
    }

    private func removeDefinitions(_ place: Int64) throws(StoreError) -> Bool {
        let find = try connection.statement(HistoryQuery.unusedDefinition)
        find.bind(1, place)
        find.bind(2, Self.glance)
        var keys: [Int64] = []
        while try find.step() { keys.append(find.int(0)) }
        guard let last = keys.last else {
            phase = .files
            return false
        }
        phase = .definitions(after: last)
        removed.definitions += try connection.transaction { () throws(StoreError) in
            var count = 0
            for key in keys {
                if try removal.removeDefinition(key) { count += 1 }
            }
            return count
        }
        return true
    }

    private func removeFiles() throws(StoreError) -> Bool {
        guard try connection.integer("SELECT EXISTS (SELECT 1 FROM loose_blobs)") == 1 else {
            phase = .pages
            return false
        }
        // A file goes after the commit that let go of it: that commit must not be lost when the file is not.
        let loose = try onDisk { () throws(StoreError) in
            try remember("files", place: "", isComplete: true)
            return try removal.blobs.loose(limit: Self.glance)
        }
        let gone = try connection.transaction { () throws(StoreError) in try removal.blobs.remove(loose) }
        removed.files += gone.files
        removed.fileBytes += gone.bytes
        return true
    }

    /// Does something in a transaction that is on the disk when this returns, with all that were before it, whoever made
    /// them; it has to write something.
    private func onDisk<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        if waitsForDisk { try connection.execute("PRAGMA synchronous = FULL") }
        defer { if waitsForDisk { try? connection.execute("PRAGMA synchronous = NORMAL") } }
        return try connection.transaction(body)
    }

    private func freePages() throws(StoreError) -> Bool {
        let free = try connection.integer("PRAGMA freelist_count") ?? 0
        let pages = try connection.integer("PRAGMA page_count") ?? 0
        let isIncremental = try connection.integer("PRAGMA auto_vacuum") == 2
        let kept = Self.freeBytes / max(1, try connection.integer("PRAGMA page_size") ?? 1)
        guard isIncremental, free > (isThorough ? 0 : max(kept, pages / 8)) else {
            try rememberHistory(place: "", isComplete: true)
            phase = .done
            return true
        }
        try connection.execute("PRAGMA incremental_vacuum(256)")
        let left = try connection.integer("PRAGMA page_count") ?? pages
        removed.pages += max(pages - left, 0)
        if left >= pages {
            // Others have taken the free pages into use meanwhile.
            try rememberHistory(place: "", isComplete: true)
            phase = .done
        }
        return true
    }

    // MARK: Progress over processes

    /// Remembers at which workflow to go on, for the process that does.
    private func rememberPlace() throws(StoreError) {
        guard case .crowded(let workflow, let boundary, _) = phase, boundary == nil, !workflow.isEmpty else { return }
        try rememberHistory(place: workflow, isComplete: false)
    }

    private func rememberHistory(place: String, isComplete: Bool) throws(StoreError) {
        try connection.transaction { () throws(StoreError) in
            try remember("history", place: place, isComplete: isComplete)
        }
    }

    private func remember(_ name: String, place: String, isComplete: Bool) throws(StoreError) {
        let remember = try connection.statement(
            """
            INSERT INTO upkeep (name, place, at) VALUES (?4, ?1, ?2)
            ON CONFLICT (name) DO UPDATE SET place = excluded.place, at = iif(?3, excluded.at, at)
            """)
        remember.bind(1, place)
        remember.bind(2, isComplete ? now().nanoseconds : 0)
        remember.bind(3, isComplete ? 1 : 0)
        remember.bind(4, name)
        try remember.run()
    }
}
