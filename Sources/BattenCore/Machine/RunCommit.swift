/// Everything of one run that changes in one transaction: all of it or nothing.
public struct RunCommit: Sendable {
    /// Run id.
    public var run: String
    /// Epoch of the engine that owns the run; a commit under an older epoch is refused.
    public var epoch: Int64
    /// Journal records, in order.
    public var records: [JournalRecord] = []
    /// Rows of stages that changed.
    public var stages: [StageRow] = []
    /// Rows of attempts that changed.
    public var attempts: [AttemptRow] = []
    /// What few commits have, in an array of one: most commits are copied and let go of without it.
    private var rare: [Rare] = []

    private struct Rare: Sendable {
        var runRow: RunRow?
        var gates: [GateRow] = []
        var signals: [SignalRow] = []
        var timersArmed: [TimerRow] = []
        var timersCleared: [String] = []
        var usage: [UsageRow] = []
        var logs: [LogLine] = []
        var cached: [CachedResult] = []
        var slotsTaken: [SlotLease] = []
        var slotsFreed: [SlotChange] = []
        var reserved: [Reservation] = []
        var released: [ReservationChange] = []
        var checkpoints: [CheckpointRow] = []
        var acceptance: RunAcceptance?
    }

    /// Creates a commit that changes nothing.
    public init(run: String, epoch: Int64) {
        self.run = run
        self.epoch = epoch
    }

    /// Whether it has nothing but journal records and rows of stages and attempts.
    public var isPlain: Bool { rare.isEmpty }

    private mutating func makeRoom() {
        if rare.isEmpty { rare.append(Rare()) }
    }

    /// The run's row when it changed.
    public var runRow: RunRow? {
        get { rare.first?.runRow }
        _modify {
            makeRoom()
            yield &rare[0].runRow
        }
    }

    /// Gates that changed.
    public var gates: [GateRow] {
        get { rare.first?.gates ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].gates
        }
    }

    /// Signals that changed.
    public var signals: [SignalRow] {
        get { rare.first?.signals ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].signals
        }
    }

    /// Timers to arm or move.
    public var timersArmed: [TimerRow] {
        get { rare.first?.timersArmed ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].timersArmed
        }
    }

    /// Keys of timers that are gone.
    public var timersCleared: [String] {
        get { rare.first?.timersCleared ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].timersCleared
        }
    }

    /// Usage to book.
    public var usage: [UsageRow] {
        get { rare.first?.usage ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].usage
        }
    }

    /// Log lines to keep.
    public var logs: [LogLine] {
        get { rare.first?.logs ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].logs
        }
    }

    /// Results to keep for later stages.
    public var cached: [CachedResult] {
        get { rare.first?.cached ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].cached
        }
    }

    /// Slots shared with other engines that attempts take.
    public var slotsTaken: [SlotLease] {
        get { rare.first?.slotsTaken ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].slotsTaken
        }
    }

    /// Slots shared with other engines that attempts give back.
    public var slotsFreed: [SlotChange] {
        get { rare.first?.slotsFreed ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].slotsFreed
        }
    }

    /// What attempts reserve of quotas.
    public var reserved: [Reservation] {
        get { rare.first?.reserved ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].reserved
        }
    }

    /// Reservations that are given back, after the usage of this commit is booked.
    public var released: [ReservationChange] {
        get { rare.first?.released ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].released
        }
    }

    /// State saved by running attempts for the next one; the last one a stage wins.
    public var checkpoints: [CheckpointRow] {
        get { rare.first?.checkpoints ?? [] }
        _modify {
            makeRoom()
            yield &rare[0].checkpoints
        }
    }

    /// Present in the first commit of a run: what the run is locked to.
    public var acceptance: RunAcceptance? {
        get { rare.first?.acceptance }
        _modify {
            makeRoom()
            yield &rare[0].acceptance
        }
    }
}

/// What an attempt has reserved of quotas.
public struct Reservation: Sendable, Hashable {
    /// Which attempt, and how much.
    public var change: ReservationChange
    /// Engine that makes the attempt.
    public var engine: String
    /// When it was made.
    public var madeAt: Timestamp

    /// Creates a reservation.
    public init(change: ReservationChange, engine: String, madeAt: Timestamp) {
        self.change = change
        self.engine = engine
        self.madeAt = madeAt
    }
}
