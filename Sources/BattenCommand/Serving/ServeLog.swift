import BattenCore
import BattenEngine
import BattenSystem

/// Tells what a serving engine does, one line each, on a thread of its own: a slow reader holds up nothing.
final class ServeLog: EngineObserver {
    private struct State {
        var events: [ServeEvent] = []
        var dropped = 0
        var isFinished = false
        /// What each run that is driven here waited for last, by run id; an empty text for one that moves.
        var runs: [String: String] = [:]
        /// When the engine last wrote what a run has done.
        var lastCommit: Timestamp?
        var onEnd: (@Sendable (RunRow) -> Void)?
        var onIdle: (@Sendable () -> Void)?
        /// Whether every run that is driven here waits for somebody.
        var isIdle: Bool { runs.values.allSatisfy { !$0.isEmpty } }
    }

    /// Events that may wait for their reader; beyond that they are counted and left out.
    private static let capacity = 50_000

    private let console: Console
    private let format: OutputFormat
    private let state = Monitor(State())
    private let thread = PartThread()
    private let onFailure: @Sendable (EngineError) -> Void

    /// Creates a log.
    ///
    /// - Parameter onFailure: called when the engine has stopped by itself; returns at once.
    init(console: Console, format: OutputFormat, onFailure: @escaping @Sendable (EngineError) -> Void) {
        self.console = console
        self.format = format
        self.onFailure = onFailure
    }

    /// Runs of this engine that have not ended.
    var runs: Int { state.withLock { $0.runs.count } }

    /// Runs of this engine that have not ended, how many of them wait for somebody, and when it last wrote.
    var counts: (runs: Int, waiting: Int, lastCommit: Timestamp?) {
        state.withLock { state in
            (state.runs.count, state.runs.values.count { !$0.isEmpty }, state.lastCommit)
        }
    }

    /// Whether every run of this engine waits for somebody, or there is none.
    var isIdle: Bool { state.withLock { $0.isIdle } }

    /// Begins to write.
    func start() throws(SystemError) {
        try thread.start(name: "log", stackSize: 512 << 10) { [self] in work() }
    }

    /// Writes what is left and ends.
    func finish() {
        state.signal { $0.isFinished = true }
        thread.join()
    }

    /// Has the end of every run told.
    ///
    /// - Parameter handler: called on the engine's thread; returns at once.
    func onEnd(_ handler: @escaping @Sendable (RunRow) -> Void) {
        state.withLock { $0.onEnd = handler }
    }

    /// Tells whenever all runs that are driven here have ended or wait for somebody.
    ///
    /// - Parameter handler: called on the engine's thread, and more than once; returns at once.
    func onIdle(_ handler: @escaping @Sendable () -> Void) {
        state.withLock { $0.onIdle = handler }
    }

    /// Tells of something; returns at once.
    func tell(_ event: ServeEvent) {
        guard format.isData || event.text != nil else { return }
        state.signal { state in
            if state.events.count < Self.capacity { state.events.append(event) } else { state.dropped += 1 }
        }
    }

    /// Takes in what the adopter did.
    func tell(_ report: Adopter.Report) {
        let now = Timestamp(nanoseconds: WallClock.now())
        note(report)
        switch report {
        case .adopted(let run, let from): tell(.adopted(run, from: from, isOneOfMany: false, at: now))
        case .adoptedMany(let runs, let from):
            for run in runs { tell(.adopted(run, from: from, isOneOfMany: true, at: now)) }
            tell(.adopted(count: runs.count, from: from, at: now))
        case .refused(let run, let failure): tell(.refused(run: run, failure, at: now))
        case .trouble(let error): tell(.trouble(error, at: now))
        }
    }

    /// Counts runs that were taken up: those that wait commit nothing before they go on.
    private func note(_ report: Adopter.Report) {
        let rows: [RunRow] =
            switch report {
            case .adopted(let run, _): [run]
            case .adoptedMany(let runs, _): runs
            case .refused, .trouble: []
            }
        state.withLock { state in
            for row in rows where state.runs[row.id] == nil { state.runs[row.id] = Self.reason(row)?.detail ?? "" }
            if case .refused(let run, _) = report { state.runs[run] = nil }
        }
    }

    /// What a run waits for; nil for what ends by itself, as sleeping and waiting for another try do.
    private static func reason(_ row: RunRow) -> WaitReason? {
        row.waiting.flatMap { ["sleep", "retry"].contains($0.on) ? nil : $0 }
    }

    /// Takes in what the scheduler did.
    func tell(_ report: ScheduleRunner.Report) {
        let now = Timestamp(nanoseconds: WallClock.now())
        switch report {
        case .decided(.started(let fire)): tell(.fired(fire, at: now))
        case .decided(.passed(let fire)): tell(.passed(fire, at: now))
        case .decided(.paused(let schedule, let why)): tell(.schedulePaused(schedule, why, at: now))
        case .clockSet(let step, let next): tell(.clockSet(step, next: next, at: now))
        case .trouble(let error): tell(.trouble(error, at: now))
        }
    }

    /// Takes in what triggers did.
    func tell(_ report: TriggerRunner.Report) {
        let now = Timestamp(nanoseconds: WallClock.now())
        switch report {
        case .started(let event): tell(.triggered(event, at: now))
        case .refused(let event): tell(.untriggered(event, at: now))
        case .unwatched(let folder, let why): tell(.unwatched(folder, why, at: now))
        case .trouble(let error): tell(.trouble(error, at: now))
        }
    }

    // MARK: The engine's reports

    func committed(run: String, records: [JournalRecord], row: RunRow?, stages: [StageRow]) {
        let at = records.last?.at ?? Timestamp(nanoseconds: WallClock.now())
        guard let row else {
            state.withLock { state in
                state.lastCommit = at
                if state.runs[run] == nil { state.runs[run] = "" }
            }
            return
        }
        if row.status.isTerminal {
            let (onEnd, onIdle) = state.withLock { state in
                state.lastCommit = at
                state.runs[run] = nil
                return (state.onEnd, state.isIdle ? state.onIdle : nil)
            }
            tell(.ended(row, at: at))
            onEnd?(row)
            onIdle?()
            return
        }
        let reason = Self.reason(row)
        let detail = reason?.detail ?? ""
        let (before, onIdle) = state.withLock { state in
            state.lastCommit = at
            let before = state.runs.updateValue(detail, forKey: run)
            return (before, state.isIdle ? state.onIdle : nil)
        }
        onIdle?()
        if let reason, before != detail { tell(.waiting(row, reason, at: at)) }
    }

    func live(run: String, _ report: LiveReport) {}

    func failed(_ error: EngineError) { onFailure(error) }

    func released(run: String) {
        _ = state.withLock { $0.runs.removeValue(forKey: run) }
        tell(.lost(run, at: Timestamp(nanoseconds: WallClock.now())))
    }

    // MARK: The thread

    private func work() {
        while true {
            let turn: (events: [ServeEvent], dropped: Int, isFinished: Bool)? = state.wait { state in
                guard !state.events.isEmpty || state.isFinished else { return nil }
                let events = state.events
                let dropped = state.dropped
                state.events = []
                state.dropped = 0
                return (events, dropped, state.isFinished)
            }
            guard let turn else { return }
            for event in turn.events { write(event) }
            console.flush()
            if turn.dropped > 0 { console.note("\(turn.dropped) lines were not shown; batten runs has all runs") }
            if turn.events.isEmpty, turn.isFinished { return }
        }
    }

    private func write(_ event: ServeEvent) {
        if format.isData {
            console.line(JSONWriter.string(event.json))
        } else if let text = event.text {
            console.line("\(console.output.paint(TimeText.clock(event.at), .dim)) \(text)")
        }
    }
}
