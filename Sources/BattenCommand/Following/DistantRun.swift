import BattenCore
import BattenStore
import BattenSystem

/// A run that another process drives, followed through the store.
struct DistantRun {
    let context: CommandContext
    /// The whole run id.
    let id: String
    /// Whether to go on while the run only waits for somebody.
    let staysAtGates: Bool
    /// Whether the user wants to stop following; the run goes on.
    var isInterrupted: @Sendable () -> Bool = { false }

    /// How long a run may be without an engine before nobody is expected to take it up, nanoseconds.
    private static let patience: Int64 = 2_000_000_000

    /// Waits until the run has ended, waits for somebody, or is left alone, and shows it.
    ///
    /// - Returns: the exit code that the run's state gives.
    func follow() throws(CommandFailure) -> ExitCode {
        let tail = try StoreTail(context)
        var aloneSince: Int64?
        while true {
            let found = try NamedRun.find(id, in: context)
            let run = found.row
            let waits = run.status == .paused || run.isLeftToPeople
            if run.status.isTerminal || (waits && !staysAtGates) { return try show() }
            if context.console.isOutputClosed || isInterrupted() { return .interrupted }
            let folder = try context.stateFolder()
            let isDriven = try orFailure { () throws(StoreError) in try EngineFolder.isAlive(found.owner, in: folder) }
            let now = MonotonicClock.now()
            aloneSince = isDriven ? nil : aloneSince ?? now
            if let aloneSince, now - aloneSince > Self.patience {
                context.console.alert("no process drives run \(id); go on with: batten resume \(id)")
                return try show()
            }
            // A death writes nothing.
            try tail.waitForChange(atMost: 1_000_000_000)
        }
    }

    private func show() throws(CommandFailure) -> ExitCode {
        let report = try NamedRun.report(of: id, in: context)
        StatusCommand.show(report, context)
        return report.exitCode
    }
}
