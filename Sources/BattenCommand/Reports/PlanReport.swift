import BattenCore

/// A plan for people.
struct PlanReport {
    let plan: Plan
    let parameters: JSONObject
    /// What its stages use at most.
    var estimates: [StageEstimate] = []

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
        text += used(profile)
        for entry in plan.unsupported {
            let place = entry.stage.map { " (stage '\($0)')" } ?? ""
            text += "\n" + profile.paint("not run by this version:", .yellow) + " \(entry.feature)\(place)\n"
        }
        return text
    }

    /// The plan as data.
    var json: JSONValue {
        guard var members = plan.description.objectValue else { return plan.description }
        members["estimates"] = .array(estimates.map(\.json))
        members["estimated"] = .object([
            "tokens": total(\.tokens).map { .int($0) } ?? .null, "cost_usd": NumberText.data(dollars: totalCost),
        ])
        return .object(members)
    }

    /// The sum over all stages and their items; nil when part of it is not known.
    private func total(_ amount: (StageEstimate) -> Int64?) -> Int64? {
        var sum: Int64 = 0
        for estimate in estimates {
            guard let items = estimate.items, let one = amount(estimate) else { return nil }
            let (product, isOver) = one.multipliedReportingOverflow(by: Int64(items))
            let (next, isLost) = sum.addingReportingOverflow(product)
            if isOver || isLost { return nil }
            sum = next
        }
        return sum
    }

    private var totalCost: Double? {
        var sum = 0.0
        for estimate in estimates {
            guard let items = estimate.items, let one = estimate.cost else { return nil }
            sum += one * Double(items)
        }
        return sum
    }

    /// What the stages use at most, one attempt of each item; empty where none says.
    private func used(_ profile: TextProfile) -> String {
        guard !estimates.isEmpty else { return "" }
        var table = TextTable([
            .flexible("AT MOST"), .flexible("OF"), .fixed("ITEMS", right: true), .fixed("INPUT", right: true),
            .fixed("OUTPUT", right: true), .fixed("COST", right: true), .flexible("UNKNOWN"),
        ])
        func number(_ value: Int64?) -> String { value.map { NumberText.grouped($0) } ?? "?" }
        func money(_ value: Double?) -> String { value.map { NumberText.dollars($0) } ?? "?" }
        for estimate in estimates {
            table.add([
                estimate.stage, estimate.subject, number(estimate.items.map { Int64($0) }),
                number(estimate.inputTokens), number(estimate.outputTokens), money(estimate.cost),
                estimate.unknown ?? (estimate.items == nil ? "how many items" : ""),
            ])
        }
        let sum = "\(number(total(\.tokens))) tokens, \(money(totalCost))"
        return "\n" + table.render(profile) + "without retries and repairs in all: \(sum)\n"
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
