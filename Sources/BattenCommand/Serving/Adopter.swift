import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// Takes up the runs that nobody drives: those that were detached, and those whose engine died.
///
/// A thread of its own sleeps until it is told to look. What it takes is claimed by epoch, so that of several engines
/// one gets a run; an engine whose lock is held is alive, stopped or not, and keeps its runs.
final class Adopter: Sendable {
    /// What the adopter tells of.
    enum Report: Sendable {
        /// A run is driven here now; `from` is the engine that had it, nil for one that was detached.
        case adopted(run: RunRow, from: String?)
        /// Many runs at once.
        case adoptedMany([RunRow], from: String?)
        /// A run cannot be gone on with here.
        case refused(run: String, CommandFailure)
        /// The store could not be read or written; it is tried again.
        case trouble(StoreError)
    }

    private struct State {
        var isAsked = true
        var isStopping = false
        /// Whether it has looked for what is orphaned.
        var hasLooked = false
        /// Engines that may have died: their locks were closed, which the kernel tells a moment before they are free.
        var suspects: [String: Int] = [:]
    }

    /// How often a suspect is looked at again: after 1, 2, 4 ms and so on, for about two seconds in all.
    private static let looks = 11
    /// Runs that are claimed in one transaction and taken up together.
    private static let batch = 256

    private let runtime: EngineRuntime
    private let reader: StoreReader
    private let plans: StoredPlan
    private let report: @Sendable (Report) -> Void
    private let state = Monitor(State())
    private let thread = PartThread()

    init(
        runtime: EngineRuntime, reader: StoreReader, plans: StoredPlan,
        report: @escaping @Sendable (Report) -> Void
    ) {
        self.runtime = runtime
        self.reader = reader
        self.plans = plans
        self.report = report
    }

    /// Starts looking; what is orphaned already is taken up first.
    func start() throws(SystemError) {
        try thread.start(name: "adopter", stackSize: 8 << 20) { [self] in work() }
    }

    /// Has the adopter look; returns at once.
    func look() {
        state.signal { $0.isAsked = true }
    }

    /// Says that an engine may have died; nil when it is not known which.
    func suspect(_ engine: String?) {
        guard engine != runtime.engineID else { return }
        let engines = engine.map { [$0] } ?? (try? EngineFolder.living(in: runtime.folder)) ?? []
        state.signal { state in
            for engine in engines { state.suspects[engine] = 0 }
            state.isAsked = true
        }
    }

    /// Waits until what was orphaned already has been taken up.
    func waitForLook() {
        let _: Bool? = state.wait { $0.hasLooked || $0.isStopping ? true : nil }
    }

    /// Takes up nothing more; what is under way is finished first.
    func stop() {
        state.signal { $0.isStopping = true }
        thread.join()
    }

    // MARK: The thread

    private func work() {
        var sweep = Sweep()
        var again: Int64?
        while true {
            let turn: (suspects: [String: Int], isStopping: Bool)? = state.wait(until: again) { state in
                guard state.isAsked || state.isStopping else { return nil }
                state.isAsked = false
                defer { state.suspects = [:] }
                return (state.suspects, state.isStopping)
            }
            if let turn {
                if turn.isStopping { return }
                sweep.suspects.merge(turn.suspects) { _, new in new }
            }
            do throws(StoreError) {
                try look(&sweep)
                sweep.failures = 0
            } catch {
                if sweep.failures == 0 { report(.trouble(error)) }
                sweep.failures += 1
            }
            state.signal(all: true) { $0.hasLooked = true }
            again = sweep.next.map { MonotonicClock.now() + $0 }
        }
    }

    /// What is remembered from one look to the next; it belongs to the adopter's thread.
    private struct Sweep {
        var suspects: [String: Int] = [:]
        /// Looks in a row that the store has failed.
        var failures = 0
        /// Runs that cannot be gone on with, under the epochs at which that was found.
        var refused: [String: Int64] = [:]

        /// How long until the next look that nobody asks for, in nanoseconds; nil is never.
        var next: Int64? {
            var next: Int64?
            if let looks = suspects.values.min() { next = 1_000_000 << Int64(looks) }
            if failures > 0 { next = min(next ?? .max, 1_000_000_000 << Int64(min(failures, 6) - 1)) }
            return next
        }
    }

    private func look(_ sweep: inout Sweep) throws(StoreError) {
        let owners = Set(try reader.unfinishedOwners()).subtracting([runtime.engineID])
        // Who owns nothing leaves nothing behind.
        var suspects = sweep.suspects.filter { owners.contains($0.key) && $0.value < Self.looks }
        for (engine, looks) in suspects { suspects[engine] = looks + 1 }
        sweep.suspects = suspects
        for owner in owners.sorted() {
            if owner != EngineFolder.nobody, try EngineFolder.isAlive(owner, in: runtime.folder) { continue }
            sweep.suspects[owner] = nil
            try adopt(from: owner, &sweep)
        }
    }

    private func adopt(from owner: String, _ sweep: inout Sweep) throws(StoreError) {
        let found = try reader.unfinishedRuns(of: owner).filter { sweep.refused[$0.claim.run] != $0.claim.epoch }
        var known: [String: Result<Plan, CommandFailure>] = [:]
        var ready: [RunClaim] = []
        for (place, run) in found.enumerated() {
            if state.withLock({ $0.isStopping }) { return }
            // Plans come first: a run that cannot be gone on with here stays as it is.
            switch try plan(of: run, &known) {
            case .success: ready.append(run.claim)
            case .failure(let error):
                sweep.refused[run.claim.run] = run.claim.epoch
                report(.refused(run: run.claim.run, error))
            }
            guard ready.count == Self.batch || place == found.count - 1 else { continue }
            let claimed = try runtime.store.claim(ready, engine: runtime.engineID)
            ready = []
            try adopt(claimed, known, from: owner, &sweep)
        }
    }

    private func plan(
        of run: UnfinishedRun, _ known: inout [String: Result<Plan, CommandFailure>]
    ) throws(StoreError) -> Result<Plan, CommandFailure> {
        if let plan = known[run.definitionHash] { return plan }
        let snapshot = try reader.definition(hash: run.definitionHash) ?? []
        let made = Result { () throws(CommandFailure) in try plans.plan(snapshot, of: run.claim.run) }
        known[run.definitionHash] = made
        return made
    }

    private func adopt(
        _ claimed: [RunClaim], _ plans: [String: Result<Plan, CommandFailure>], from owner: String, _ sweep: inout Sweep
    ) throws(StoreError) {
        var epochs: [String: Int64] = [:]
        for claim in claimed { epochs[claim.run] = claim.epoch }
        let adoptions = try reader.recover(claimed.map(\.run)).compactMap { run -> RunAdoption? in
            guard let plan = try? plans[run.row.definitionHash]?.get(), let epoch = epochs[run.row.id],
                epoch == run.epoch
            else { return nil }
            return RunAdoption(recovered: run, plan: plan, epoch: epoch)
        }
        let rows = adoptions.map(\.recovered.row)
        let from = owner == EngineFolder.nobody ? nil : owner
        // They are this engine's since the claim; what they do is told after that.
        if rows.count > 20 {
            report(.adoptedMany(rows, from: from))
        } else {
            for row in rows { report(.adopted(run: row, from: from)) }
        }
        let errors = runtime.engine.adopt(adoptions)
        for (run, error) in errors.sorted(by: { $0.key < $1.key }) {
            sweep.refused[run] = epochs[run]
            report(.refused(run: run, CommandFailure(error)))
        }
    }
}
