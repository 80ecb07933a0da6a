internal import BattenCore

/// The rows of one run's stages and attempts that commits in quick succession have put off.
///
/// The journal has what they say. Of several images of a row the last one is written, once.
struct Trail {
    /// Run id.
    let run: String
    /// Epoch under which the rows were put off.
    let epoch: Int64
    /// When they are to be written, on the monotonic clock.
    let due: Int64
    private var commits: [RunCommit] = []
    private var lastStages = LastImages<Int>()
    private var lastAttempts = LastImages<AttemptKey>()
    /// Whether the store has no row yet of the attempts among `lastAttempts`.
    private var areNew: [Bool] = []

    /// How long rows may be behind the journal while their engine works, in nanoseconds.
    static let lag: Int64 = 10_000_000
    /// How long an engine that commits nothing more waits beyond that: a commit that comes takes the rows with it.
    static let patience: Int64 = 5_000_000
    /// Commits closer together than this, in nanoseconds, put rows off; one that comes after a pause writes its own.
    static let haste: Int64 = 2_000_000

    /// Starts with the first commit whose rows are put off.
    init(_ first: RunCommit, due: Int64) {
        run = first.run
        epoch = first.epoch
        self.due = due
        add(first)
    }

    /// Puts the rows of a commit off.
    mutating func add(_ commit: RunCommit) {
        for row in commit.stages.indices {
            lastStages.note(commit.stages[row].index, at: .init(commit: commits.count, row: row))
        }
        for row in commit.attempts.indices {
            let key = AttemptKey(stage: commit.attempts[row].stageIndex, number: commit.attempts[row].number)
            lastAttempts.note(key, at: .init(commit: commits.count, row: row))
            if areNew.count < lastAttempts.places.count { areNew.append(commit.attempts[row].endedAt == nil) }
        }
        commits.append(commit)
    }

    /// Hands out the last image of each stage.
    func withStages(_ body: (StageRow) throws(StoreError) -> Void) throws(StoreError) {
        for place in lastStages.places { try body(commits[place.commit].stages[place.row]) }
    }

    /// Hands out the last image of each attempt, and whether the store has no row of it yet.
    func withAttempts(_ body: (AttemptRow, _ isNew: Bool) throws(StoreError) -> Void) throws(StoreError) {
        for (number, place) in lastAttempts.places.enumerated() {
            try body(commits[place.commit].attempts[place.row], areNew[number])
        }
    }

    private struct AttemptKey: Hashable, Comparable {
        let stage: Int
        let number: Int

        static func < (one: AttemptKey, other: AttemptKey) -> Bool {
            (one.stage, one.number) < (other.stage, other.number)
        }
    }
}

extension RunCommit {
    /// Whether the rows of stages and attempts say nothing that the journal records of the same commit do not say.
    var rowsFollowRecords: Bool {
        guard acceptance == nil, runRow == nil, !records.isEmpty else { return false }
        // By place: taking each element out would cost more than looking at it.
        for place in records.indices where !RunImages.follow(records[place].type) { return false }
        for place in stages.indices {
            if stages[place].error != nil || stages[place].waiting != nil { return false }
            if stages[place].status != .running, stages[place].status != .completed { return false }
        }
        return true
    }
}

extension RunWriter {
    /// When rows that were put off are to be written, on the monotonic clock; nil when there are none.
    var catchUpDue: Int64? { trails.isEmpty ? nil : nextDue + Trail.patience }

    /// Puts the rows of a commit off.
    func putOff(_ commit: RunCommit, key: Int64, now: Int64) throws(StoreError) {
        if trails[key]?.add(commit) != nil { return }
        guard let first = commit.records.first else { return }
        let mark = try connection.statement("INSERT INTO trailing (run_key, seq) VALUES (?1, ?2)")
        mark.bind(1, key)
        mark.bind(2, first.seq - 1)
        try mark.run()
        let trail = Trail(commit, due: now + Trail.lag)
        trails[key] = trail
        nextDue = min(nextDue, trail.due)
    }

    /// Writes the rows of a run that were put off; those of a run that another engine has taken are forgotten.
    func catchUp(key: Int64) throws(StoreError) {
        guard let trail = trails.removeValue(forKey: key), try isOwn(key, run: trail.run, epoch: trail.epoch) else {
            return
        }
        try trail.withStages { stage throws(StoreError) in
            try write(stage, EncodedCommit.values(of: stage), key: key, isNew: false)
        }
        try trail.withAttempts { attempt, isNew throws(StoreError) in
            try write(attempt, key: key, isNew: isNew)
        }
        try clearTrail(of: key)
    }

    /// Writes all rows that were put off and are due.
    func catchUp(due: Int64) throws(StoreError) {
        hasCaughtUp = true
        for (key, trail) in trails where trail.due <= due { try catchUp(key: key) }
        nextDue = trails.values.lazy.map(\.due).min() ?? .max
    }

    /// Brings the rows of a run up to its journal, after whoever has put them off is gone.
    func settle(key: Int64, run: String) throws(StoreError) {
        guard let images = try RunTail(connection: connection, unspill: unspill).images(run: run) else { return }
        for place in images.changedStages.sorted() {
            let stage = images.stages[place]
            try write(stage, EncodedCommit.values(of: stage), key: key, isNew: false)
        }
        for place in images.changedAttempts.sorted() { try write(images.attempts[place], key: key) }
        try clearTrail(of: key)
    }

    private func clearTrail(of key: Int64) throws(StoreError) {
        let clear = try connection.statement("DELETE FROM trailing WHERE run_key = ?1")
        clear.bind(1, key)
        try clear.run()
    }
}
