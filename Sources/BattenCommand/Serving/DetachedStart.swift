import BattenCore
import BattenEngine
import BattenStore

/// Leaves runs to the engines that serve: puts them on disk, or hands them back, and wakes one that may take them up.
struct DetachedStart {
    let context: CommandContext

    /// Accepts a new run and says its id.
    func accept(_ submission: RunSubmission) throws(CommandFailure) -> ExitCode {
        let store = try context.openStore()
        let accepted = try RunSession.asFailure {
            try DetachedRun(store: store, clock: SystemEngineClock()).accept(submission, owner: EngineFolder.nobody)
        }
        let isServed = try wakeServing()
        tell(
            accepted.run, isNew: accepted.isNew, isServed: isServed,
            note: accepted.isNew ? nil : "the idempotency key was used before: this is the run of then")
        return .done
    }

    /// Leaves a run that has not ended to the engines that serve.
    ///
    /// - Parameter takesOver: whether to take it from an engine that lives but does not move.
    func hand(_ found: StoredRun, takesOver: Bool) throws(CommandFailure) -> ExitCode {
        let run = found.row.id
        let store = try context.openStore()
        let folder = try context.stateFolder()
        if takesOver {
            context.console.alert("warning: calls that the engine \(found.owner) started may still act")
            let epoch = try orFailure { () throws(StoreError) in
                try store.claim(run: run, engine: EngineFolder.nobody, fromEpoch: found.epoch)
            }
            guard epoch != nil else {
                throw CommandFailure(
                    "taken_over", "another process has just taken up run \(run)",
                    help: "follow it with: batten status \(run) --watch", exit: .store)
            }
            _ = try? EngineFolder.wake(found.owner, in: folder)
        }
        if found.row.status == .paused {
            _ = try orFailure { () throws(StoreError) in
                try store.requestControl(ControlRequest(run: run, control: .resume, source: "cli", at: context.now))
            }
        }
        tell(run, isNew: false, isServed: try wakeServing())
        return .done
    }

    /// Wakes all engines that serve on this store.
    ///
    /// - Returns: whether there is one.
    func wakeServing() throws(CommandFailure) -> Bool {
        guard let reader = try context.openReader() else { return false }
        return try orFailure { () throws(StoreError) in
            var isHeard = false
            for engine in try reader.living(role: EngineRuntime.serving) {
                if try EngineFolder.wake(engine, in: reader.folder) { isHeard = true }
            }
            return isHeard
        }
    }

    private func tell(_ run: String, isNew: Bool, isServed: Bool, note: String? = nil) {
        let console = context.console
        if context.invocation.format.isData {
            console.data(
                .object(["run": .string(run), "new": .bool(isNew), "served": .bool(isServed)]),
                context.invocation.format)
        } else {
            console.line(run)
            if let note { console.note(note) }
        }
        if !isServed {
            console.note("no 'batten serve' works on this store; the run is on disk and goes on when one does")
        }
    }
}
