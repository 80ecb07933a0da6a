import BattenCore
import BattenStore
import BattenSystem

/// Asks something of a run from outside the process that drives it.
struct ControlSender {
    let context: CommandContext

    /// What became of a control.
    enum Fate: Sendable, Hashable {
        /// The run has taken it in, on disk.
        case applied
        /// The run's state forbids it.
        case refused(String)
        /// It is on disk and waits for an engine to take the run up.
        case kept
    }

    /// How long a living engine may take to answer, nanoseconds.
    private static let patience: Int64 = 10_000_000_000
    /// How often the answer is looked for, nanoseconds.
    private static let interval: Int64 = 2_000_000

    /// Stores a control, wakes the run's engine, and waits for its answer when there is one.
    ///
    /// - Throws: failures of the store; a refusal is a value.
    func send(_ control: RunControl, to found: StoredRun) throws(CommandFailure) -> Fate {
        let fate = try deliver(control, to: found)
        guard fate == .kept else { return fate }
        // A run that has ended meanwhile takes nothing in any more.
        let status = try NamedRun.find(found.row.id, in: context).row.status
        return status.isTerminal ? .refused("the run has ended (\(status.rawValue))") : .kept
    }

    private func deliver(_ control: RunControl, to found: StoredRun) throws(CommandFailure) -> Fate {
        let run = found.row.id
        let store = try context.openStore()
        let id = try orFailure { () throws(StoreError) in
            try store.requestControl(ControlRequest(run: run, control: control, source: "cli", at: context.now))
        }
        let folder = try context.stateFolder()
        guard try orFailure({ () throws(StoreError) in try EngineFolder.wake(found.owner, in: folder) }),
            let reader = try context.openReader()
        else { return .kept }
        let end = MonotonicClock.now() + Self.patience
        while MonotonicClock.now() < end {
            let state = try orFailure { () throws(StoreError) in try reader.controlState(id) }
            switch state {
            case .applied: return .applied
            case .refused(let why): return .refused(why)
            case .open, nil: break
            }
            // An engine that ends leaves the control to the next one.
            guard try orFailure({ () throws(StoreError) in try EngineFolder.isAlive(found.owner, in: folder) }) else {
                let last = try orFailure { () throws(StoreError) in try reader.controlState(id) }
                switch last {
                case .applied: return .applied
                case .refused(let why): return .refused(why)
                case .open, nil: return .kept
                }
            }
            MonotonicClock.sleep(until: MonotonicClock.now() + Self.interval)
        }
        return .kept
    }

    /// Finds the run that a command names and that has not ended.
    ///
    /// - Throws: `no_such_run`, `ambiguous_run`, or `run_ended` with the state named.
    func openRun(_ name: String) throws(CommandFailure) -> StoredRun {
        let found = try NamedRun.find(name, in: context)
        guard !found.row.status.isTerminal else {
            throw .usage(
                "run_ended", "run \(found.row.id) has ended already (\(StatusText.word(found.row.status)))",
                help: "look at it with: batten status \(found.row.id)")
        }
        return found
    }

    /// Tells what became of a control, as a line or as data.
    ///
    /// - Throws: the refusal, with exit code 2.
    func tell(
        _ fate: Fate, of control: RunControl, to run: String, applied: String, kept: String
    ) throws(CommandFailure) {
        if case .refused(let why) = fate {
            throw .usage(
                "refused", "run \(run) refuses this: \(why)", help: "look where it stands with: batten why \(run)")
        }
        let isApplied = fate == .applied
        if context.invocation.format.isData {
            context.console.data(
                .object([
                    "run": .string(run), "control": .string(control.kind), "applied": .bool(isApplied),
                ]), context.invocation.format)
        } else {
            context.console.line(isApplied ? applied : kept)
        }
    }
}
