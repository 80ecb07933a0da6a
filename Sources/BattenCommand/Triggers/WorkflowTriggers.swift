import BattenCore

/// The triggers that a workflow's file says.
struct WorkflowTriggers {
    let context: CommandContext

    /// Reads the triggers of a definition.
    ///
    /// - Parameter path: the file that the workflow was read from; relative folders start beside it.
    func read(_ definition: WorkflowDefinition, path: String?) throws(CommandFailure) -> [Trigger] {
        let now = context.now
        let folder = path.map { PathText.folder($0) } ?? context.directory
        var triggers: [Trigger] = []
        for (place, entry) in definition.triggers.enumerated() {
            var rule: TriggerRule
            do throws(ScheduleError) {
                rule = try TriggerRule(entry)
            } catch {
                throw .usage("bad_trigger", "a trigger cannot be read: \(error.message)", help: error.help)
            }
            if case .file(let watched, let pattern) = rule.source {
                rule.source = .file(
                    folder: PathText.absolute(watched.isEmpty ? "." : watched, in: folder), pattern: pattern)
            }
            let standard = definition.triggers.count == 1 ? definition.name : "\(definition.name)-\(place + 1)"
            let name = rule.name ?? standard
            guard !triggers.contains(where: { $0.name == name }) else {
                throw CommandFailure(
                    "trigger_exists", "the workflow has two triggers of the name '\(name)'",
                    help: "give each a name of its own", exit: .invalid)
            }
            try ScheduleName.check(name)
            triggers.append(Trigger(name: name, workflow: definition.name, rule: rule, createdAt: now))
        }
        return triggers
    }
}
