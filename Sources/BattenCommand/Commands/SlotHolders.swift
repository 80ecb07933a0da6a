import BattenCore
import BattenStore
import BattenSystem

/// Finds out which running stages hold the slots that another one waits for.
struct SlotHolders {
    let context: CommandContext

    /// The stages whose end would let a stage start, those that began first in front.
    ///
    /// The settings are this command's, which are those of the engines where the configuration is the same.
    func holding(_ stage: StageRow, of found: StoredRun) throws(CommandFailure) -> [RunningStage] {
        guard let reader = try context.openReader() else { return [] }
        let settings = try context.settings()
        let folder = try context.stateFolder()
        let all = try orFailure { () throws(StoreError) in try reader.runningStages() }
        var living: [String: Bool] = [:]
        var running: [RunningStage] = []
        for other in all {
            if living[other.owner] == nil {
                living[other.owner] = try orFailure { () throws(StoreError) in
                    try EngineFolder.isAlive(other.owner, in: folder)
                }
            }
            if living[other.owner] == true { running.append(other) }
        }
        let plugin = String(stage.uses.prefix { $0 != "." })
        let full = settings.sharedLimits.full(workflow: found.row.workflow, plugin: plugin) { workflow, plugin in
            running.count { (workflow ?? $0.workflow) == $0.workflow && (plugin ?? $0.plugin) == $0.plugin }
        }
        let isMeant: (RunningStage) -> Bool
        switch full?.scope {
        case .all?: isMeant = { _ in true }
        case .workflow(let name)?: isMeant = { $0.workflow == name }
        case .plugin(let id)?: isMeant = { $0.plugin == id }
        case nil where stage.waiting.map(Self.isWithinRun) == true: isMeant = { $0.run == found.row.id }
        case nil:
            let limits = settings.pluginLimits
            isMeant = { other in
                guard other.owner == found.owner else { return false }
                return limits[plugin] == nil ? limits[other.plugin] == nil : other.plugin == plugin
            }
        }
        return running.filter(isMeant).sorted { ($0.since, $0.run, $0.stage) < ($1.since, $1.run, $1.stage) }
    }

    /// Whether other stages of the same run are in the way.
    private static func isWithinRun(_ reason: WaitReason) -> Bool {
        reason.detail.hasSuffix("(max_parallel)") || reason.detail.contains("alone")
    }
}

/// Words for the stages that hold what is waited for.
enum HolderText {
    /// How many are named.
    private static let most = 5

    /// A line for each, and one for the rest.
    static func lines(_ holders: [RunningStage], now: Timestamp) -> [String] {
        var lines = holders.prefix(most).map { holder in
            "held by run \(holder.run) of \(TextFit.clean(holder.workflow)), stage '\(TextFit.clean(holder.stage))' "
                + "(since \(TimeText.relative(holder.since, now: now)))"
        }
        if holders.count > most { lines.append("and by \(holders.count - most) more") }
        return lines
    }

    static func json(_ holder: RunningStage) -> JSONValue {
        .object([
            "run": .string(holder.run), "stage": .string(holder.stage), "workflow": .string(holder.workflow),
            "since": .string(holder.since.rfc3339),
        ])
    }
}
