/// What a run takes from the one that it comes from, and what it does again.
///
/// A stage is kept when the other run has completed it, or skipped it by its condition, when it is wired there and here
/// to the same stages, and when all of these are kept.
public struct ForkDecision: Sendable {
    /// What has changed about a stage that is kept all the same, or because of which it runs again.
    public struct Change: Sendable, Hashable {
        /// Stage id.
        public var stage: String
        /// What has changed, for people, for example `its 'with'` and `the parameter 'city'`.
        public var what: [String]
    }

    /// Stages that are taken over, those that others depend on first.
    public private(set) var kept: [KeptStage] = []
    /// Stages that run again and take over the items that have completed.
    public private(set) var partial: [KeptStage] = []
    /// Stages that the other run has undone, wholly or in part, in the order of its plan: what they gave is not kept.
    public private(set) var undone: [String] = []
    /// Stages that the other run has completed and that run again, in the order of the plan.
    public private(set) var again: [String] = []
    /// Changes of stages that are kept, or with `rerunsChanged` of those that run again for them.
    public private(set) var changes: [Change] = []

    /// Decides.
    ///
    /// - Parameters:
    ///   - origin: the machine of the other run, replayed up to the position from which this one goes on.
    ///   - undone: what the other run has undone, at whatever position.
    ///   - plan: what this run will be locked to.
    ///   - from: stages that run again whatever became of them.
    ///   - parameters: the parameters of this run.
    ///   - rerunsChanged: whether a stage that has changed runs again instead of being kept.
    public init(
        origin: RunMachine, undone: Set<UndoneStage> = [], plan: Plan, from: Set<String>, parameters: JSONObject,
        rerunsChanged: Bool
    ) {
        let comparison = StageComparison(
            old: origin.plan, new: plan, changedParameters: Self.changed(origin.state.row.parameters, parameters))
        var isKept = [Bool](repeating: false, count: plan.stages.count)
        for index in plan.levels.joined() {
            let stage = plan.stages[index]
            guard let old = origin.plan.indexByID[stage.id], old < origin.plan.finallyStart else { continue }
            let row = origin.state.stages[old].row
            let isSkip =
                row.status == .skipped && (row.keptFrom != nil || SkipReason.isOfCondition(row.reason ?? ""))
            let gone = undone.filter { $0.id == stage.id }
            let isComplete = row.status == .completed && gone.isEmpty
            let items =
                isComplete
                ? [] : origin.state.completedItems(of: old).filter { item in !gone.contains { $0.item == item.number } }
            guard isComplete || isSkip || !items.isEmpty else { continue }
            let isWiredAlike =
                Set(stage.dependencies.map { plan.stages[$0].id })
                == Set(origin.plan.stages[old].dependencies.map { origin.plan.stages[$0].id })
            if isWiredAlike, !from.contains(stage.id), stage.dependencies.allSatisfy({ isKept[$0] }) {
                let what = comparison.changes(of: old, index)
                if !what.isEmpty { changes.append(Change(stage: stage.id, what: what)) }
                isKept[index] = what.isEmpty || !rerunsChanged
                if !items.isEmpty {
                    // The stage runs again, and with it all that follows; only what it has done already is kept.
                    if isKept[index] {
                        var taken = KeptStage(id: stage.id, outputs: JSONValue?.none)
                        taken.items = items
                        partial.append(taken)
                    }
                    isKept[index] = false
                    continue
                }
            }
            if isKept[index] {
                var taken = KeptStage(id: stage.id, outputs: JSONValue?.none)
                if !isSkip {
                    taken.outputs = row.outputs ?? .object([:])
                    taken.gate = origin.state.stages[old].gate
                    taken.views = origin.state.expansions[old]?.views
                    taken.summary = origin.state.stages[old].summary
                }
                kept.append(taken)
            }
        }
        let names = Set(undone.map(\.id))
        self.undone = origin.plan.stages.lazy.map(\.id).filter { names.contains($0) }
        for stage in plan.stages[..<plan.finallyStart] where !isKept[stage.index] {
            guard let old = origin.plan.indexByID[stage.id], old < origin.plan.finallyStart else { continue }
            if origin.state.stages[old].row.status == .completed { again.append(stage.id) }
        }
    }

    /// Names of parameters that have another value, or none, on one side.
    private static func changed(_ old: JSONValue, _ new: JSONObject) -> Set<String> {
        var names: Set<String> = []
        let old = old.objectValue ?? [:]
        for (name, value) in new where old[name] != value { names.insert(name) }
        for (name, _) in old where new[name] == nil { names.insert(name) }
        return names
    }
}

/// Compares a stage as it was with what it is.
private struct StageComparison {
    let old: Plan
    let new: Plan
    let changedParameters: Set<String>

    /// What has changed about a stage, for people; empty when nothing has.
    func changes(of oldIndex: Int, _ newIndex: Int) -> [String] {
        let before = old.stages[oldIndex].definition
        let now = new.stages[newIndex].definition
        var found = fields(before, now).map { "its '\($0)'" }
        if input(before, old) != input(now, new), before.with == now.with { found.append("its agent") }
        if old.definition.env != new.definition.env { found.append("the workflow's 'env'") }
        if old.definition.defaults != new.definition.defaults { found.append("the workflow's 'defaults'") }
        let used = parameters(of: old.stages[oldIndex]).union(parameters(of: new.stages[newIndex]))
        found += used.sorted().map { "the parameter '\($0)'" }
        return found
    }

    private func fields(_ before: StageDefinition, _ now: StageDefinition) -> [String] {
        let pairs: [(String, Bool)] = [
            ("uses", before.uses == now.uses), ("with", before.with == now.with),
            ("if", before.condition == now.condition), ("env", before.env == now.env),
            ("inputs", before.inputs == now.inputs), ("outputs", before.outputs == now.outputs),
            ("fallback", before.fallback == now.fallback), ("for_each", before.forEach == now.forEach),
            ("matrix", before.matrix == now.matrix), ("context", before.context == now.context),
            ("handoff", before.handoff == now.handoff),
            ("working_directory", before.workingDirectory == now.workingDirectory),
        ]
        return pairs.filter { !$0.1 }.map(\.0)
    }

    private func input(_ stage: StageDefinition, _ plan: Plan) -> JSONObject {
        Planner.effectiveInput(of: StageBody(uses: stage.uses, with: stage.with), agents: plan.definition.agents)
    }

    /// The changed parameters that the expressions of a stage read.
    private func parameters(of stage: PlannedStage) -> Set<String> {
        guard !changedParameters.isEmpty else { return [] }
        var references = stage.with.references + (stage.condition?.references ?? [])
        for input in stage.inputs { references += input.value?.references ?? [] }
        for output in stage.outputs { references += output.value?.references ?? [] }
        references += stage.workingDirectory?.references ?? []
        references += stage.fallback?.with.references ?? []
        for entry in stage.env + (stage.fallback?.env ?? []) {
            if case .template(let template) = entry.source { references += template.references }
        }
        var used: Set<String> = []
        for reference in references where reference.namespace == .parameters {
            guard reference.path.count > 1, let name = reference.path[1].key else { return changedParameters }
            if changedParameters.contains(name) { used.insert(name) }
        }
        return used
    }
}

/// Why stages are skipped, in the words of their rows.
enum SkipReason {
    /// Its condition gave false.
    static let condition = "condition is false"
    private static let dependencyPrefix = "dependency '"

    /// A stage that it depends on did not complete.
    static func dependency(_ id: String, _ status: StageStatus) -> String {
        "\(dependencyPrefix)\(id)' \(status.verb)"
    }

    /// Whether the stage's own condition has skipped it, and not what became of the run.
    static func isOfCondition(_ reason: String) -> Bool {
        reason == condition || reason.hasPrefix(dependencyPrefix)
    }
}
