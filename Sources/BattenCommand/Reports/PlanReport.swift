import BattenCore

/// A plan for people.
struct PlanReport {
    let plan: Plan
    let parameters: JSONObject

    /// The levels with their stages, and what each stage does.
    func text(_ profile: TextProfile) -> String {
        let definition = plan.definition
        var text = profile.paint("\(definition.name) \(definition.version)", .bold)
        let count = plan.stages.count + plan.hookStages.count
        let levels = plan.levels.count
        text += ": \(count) \(count == 1 ? "stage" : "stages") in \(levels) \(levels == 1 ? "level" : "levels")\n"
        for line in OutputText.lines(.object(parameters)) { text += "  \(line)\n" }
        text += "\n"
        var table = TextTable([
            .fixed("LEVEL", right: true), .flexible("STAGE"), .flexible("USES"), .flexible("AFTER"), .flexible("IF"),
            .fixed("TIMEOUT", right: true), .fixed("TRIES", right: true),
        ])
        for (number, level) in plan.levels.enumerated() {
            for place in level { table.add(cells(plan.stages[place], level: String(number + 1))) }
        }
        for stage in plan.stages { if let undo = stage.compensate { table.add(cells(undo, of: stage)) } }
        for stage in plan.stages[plan.finallyStart...] { table.add(cells(stage, level: "finally")) }
        for stage in plan.hookStages { table.add(cells(stage, level: "hook")) }
        text += table.render(profile)
        for entry in plan.unsupported {
            let place = entry.stage.map { " (stage '\($0)')" } ?? ""
            text += "\n" + profile.paint("not run by this version:", .yellow) + " \(entry.feature)\(place)\n"
        }
        return text
    }

    private func cells(_ undo: PlannedBody, of stage: PlannedStage) -> [String] {
        [
            "undo", "\(stage.id):undo", undo.uses + (undo.child.map { " \($0.definition.name)" } ?? ""), "", "",
            DurationText.format(undo.timeout),
            String(undo.retry.maxAttempts),
        ]
    }

    private func cells(_ stage: PlannedStage, level: String) -> [String] {
        [
            level, plan.name(of: stage.index), GraphReport.uses(stage),
            stage.dependencies.map { plan.name(of: $0) }.joined(separator: ", "),
            stage.definition.condition ?? "", DurationText.format(stage.timeout), String(stage.retry.maxAttempts),
        ]
    }
}
