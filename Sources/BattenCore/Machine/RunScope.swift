/// What the expressions of a run can name, looked up when they do: nothing is copied that is not read.
///
/// A scope is made for one stage (or for the run's own outputs) and one moment, and thrown away after it.
final class RunScope: ExpressionScope {
    private let plan: Plan
    private let state: RunState
    /// The stage whose expressions are evaluated; nil for the run's own.
    private let stage: Int?
    private let attempt: Int
    /// Gives secrets; nil where none may be read.
    private let secrets: ((String) -> String?)?
    /// What becomes of values in which secrets are sealed.
    var sealedValues = SealedValues.refused
    /// Why one could not be opened.
    private(set) var sealTrouble: SealedText.Trouble?
    /// The executor's result, where it may be read.
    var result: JSONValue?
    /// The stage's inputs once they were evaluated.
    var inputs: JSONValue?
    /// A secret that was asked for and is missing.
    private(set) var missingSecret: String?
    /// Names of the secrets that were read, in order.
    private(set) var secretsRead: [String] = []
    private let entries: [PlannedEnvironmentEntry]
    private var contextInProgress = false
    private var environment: JSONObject?
    private var environmentInProgress: JSONObject?
    private(set) var environmentFailure: (name: String, error: ExpressionError)?

    init(
        plan: Plan, state: RunState, stage: Int?, body: StageBodyChoice = .main, attempt: Int = 1,
        secrets: ((String) -> String?)? = nil
    ) {
        self.plan = plan
        self.state = state
        self.stage = stage
        self.attempt = attempt
        self.secrets = secrets
        if let stage {
            let planned = state.planned(stage, plan)
            entries = body == .main ? planned.env : (state.body(of: stage, plan)?.env ?? planned.other(body)?.env ?? [])
        } else {
            entries = plan.env
        }
    }

    var now: Timestamp? { state.row.acceptedAt }

    /// What a scope does with values in which secrets are sealed.
    enum SealedValues {
        /// They are not read.
        case refused
        /// They are passed on as they are.
        case kept
        /// They are opened.
        case opened((JSONValue) -> Result<JSONValue, SealedText.Trouble>)
    }

    func sealed(_ value: JSONValue, isWhole: Bool) -> ScopeLookup {
        switch sealedValues {
        case .refused: return .unavailable
        case .kept: return isWhole ? .value(value) : .unavailable
        case .opened(let open):
            switch open(value) {
            case .success(let opened): return .value(opened)
            case .failure(let trouble):
                if sealTrouble == nil { sealTrouble = trouble }
                return .unavailable
            }
        }
    }

    func lookup(_ namespace: ExpressionNamespace) -> ScopeLookup {
        switch namespace {
        case .parameters: return .value(state.row.parameters)
        case .inputs: return inputs.map { .value($0) } ?? .unavailable
        case .stages: return .value(allStages)
        case .env: return renderedEnvironment().map { .value(.object($0)) } ?? .unavailable
        case .secrets: return allSecrets()
        case .run: return .value(run)
        case .workflow:
            return .value(["name": .string(plan.definition.name), "version": .string(plan.definition.version)])
        case .result: return result.map { .value($0) } ?? .unavailable
        case .item: return item.map { .value($0) } ?? .unavailable
        case .index:
            return itemNumber.map { .value(.int(Int64($0))) } ?? .unavailable
        case .matrix:
            guard let stage, state.planned(stage, plan).fanOut?.isMatrix == true else { return .unavailable }
            return item.map { .value($0) } ?? .unavailable
        case .context:
            var all = JSONObject()
            for name in contextNames {
                guard case .value(let value) = context(name) else { return .unavailable }
                all[name] = value
            }
            return .value(.object(all))
        }
    }

    func lookup(_ namespace: ExpressionNamespace, member key: String) -> ScopeLookup {
        switch namespace {
        case .stages:
            guard let index = plan.indexByID[key] ?? hook(key) else { return .missing }
            return .value(view(of: index))
        case .secrets: return secret(key)
        case .context: return context(key)
        default:
            guard case .value(let whole) = lookup(namespace) else { return .unavailable }
            return whole[key].map { .value($0) } ?? .missing
        }
    }

    func status(_ function: StatusFunction) -> Bool? {
        switch function {
        case .success: return stage.map { state.stages[$0].unmet == nil }
        case .failure:
            guard let stage else { return nil }
            return state.stages[stage].hasFailedAncestor
                || (state.stages[stage].row.isFinally && state.hasFailedMainStage)
        case .cancelled: return state.isCancelAsked
        case .always: return true
        }
    }

    // MARK: Namespaces

    private var contextNames: [String] {
        let own = stage.map { state.planned($0, plan).context } ?? []
        return own.map(\.name) + plan.context.map(\.name).filter { name in !own.contains { $0.name == name } }
    }

    /// A named text, the stage's own before the workflow's; files are read where the model is asked, not here.
    private func context(_ name: String) -> ScopeLookup {
        let own = stage.map { state.planned($0, plan).context } ?? []
        guard let entry = own.first(where: { $0.name == name }) ?? plan.context.first(where: { $0.name == name }) else {
            return .missing
        }
        guard let text = entry.text, !contextInProgress else { return .unavailable }
        contextInProgress = true
        defer { contextInProgress = false }
        guard let value = try? text.render(in: self) else { return .unavailable }
        return .value(value)
    }

    private var run: JSONValue {
        [
            "id": .string(state.row.id), "attempt": .int(Int64(attempt)),
            "started_at": .string((state.row.startedAt ?? state.row.acceptedAt).rfc3339),
            "trigger": .string(state.row.trigger), "workdir": .string(state.row.workdir),
            "scheduled_for": state.event?["due"] ?? .null, "event": state.event.map { .object($0) } ?? .null,
        ]
    }

    /// The item of the stage's `for_each` or `matrix` that is being worked on.
    private var item: JSONValue? {
        guard let stage, let item = itemNumber,
            let items = state.expansions[state.stages[stage].home]?.items, items.indices.contains(item)
        else { return nil }
        return items[item]
    }

    /// Its number; an undo works on the item that it undoes.
    private var itemNumber: Int? {
        guard let stage else { return nil }
        return state.stages[state.stages[stage].undoes ?? stage].row.item
    }

    /// The stage of an id in the round of the hook that the stage belongs to itself.
    private func hook(_ id: String) -> Int? {
        guard let stage, let shift = state.stages[stage].hookShift, let place = plan.hookIndexByID[id],
            state.stages.indices.contains(place + shift), state.stages[place + shift].planned == place
        else { return nil }
        return place + shift
    }

    private func view(of index: Int) -> JSONValue {
        if let stage, let undone = state.stages[stage].undoes, state.stages[undone].row.item != nil,
            state.stages[undone].planned == index
        {
            // The undo of an item sees what the item gave.
            return .object([
                "outputs": state.stages[undone].row.outputs ?? .object([:]),
                "status": .string(state.stages[undone].row.status.rawValue), "error": .null,
                "items": state.expansions[index]?.views ?? .array([]),
            ])
        }
        let row = state.stages[index].row
        let views = state.expansions[index]?.views
        // The lists of a stage with items have nulls for those that did not complete.
        let hasOutputs = row.status == .completed || views != nil
        var view: JSONObject = [
            "outputs": hasOutputs ? row.outputs ?? .object([:]) : .object([:]),
            "status": .string(row.status.rawValue), "error": row.error?.json ?? .null,
        ]
        if state.planned(index, plan).fanOut != nil { view["items"] = views ?? .array([]) }
        if state.planned(index, plan).handoff != nil { view["summary"] = state.stages[index].summary ?? .null }
        return .object(view)
    }

    private var allStages: JSONValue {
        var object = JSONObject()
        object.reserveCapacity(plan.stages.count)
        for index in plan.stages.indices { object[state.stages[index].row.id] = view(of: index) }
        return .object(object)
    }

    private func secret(_ name: String) -> ScopeLookup {
        guard let secrets else { return .unavailable }
        guard plan.definition.secrets.contains(name) else { return .missing }
        guard let value = secrets(name) else {
            if missingSecret == nil { missingSecret = name }
            return .missing
        }
        if !secretsRead.contains(name) { secretsRead.append(name) }
        return .value(.string(value))
    }

    private func allSecrets() -> ScopeLookup {
        guard secrets != nil else { return .unavailable }
        var object = JSONObject()
        for name in plan.definition.secrets {
            guard case .value(let value) = secret(name) else { return .unavailable }
            object[name] = value
        }
        return .value(.object(object))
    }

    // MARK: Environment

    /// Renders the environment once; nil when an entry has no value, which ``environmentFailure`` then tells.
    ///
    /// An entry sees those before it, so that a stage can extend what the workflow gives.
    func renderedEnvironment() -> JSONObject? {
        if let environment { return environment }
        if let environmentInProgress { return environmentInProgress }
        if environmentFailure != nil { return nil }
        environmentInProgress = [:]
        defer { environmentInProgress = nil }
        for entry in entries {
            switch entry.source {
            case .fromHost(let name, let fallback):
                if let value = state.row.hostEnvironment[name]?.stringValue ?? fallback {
                    environmentInProgress?[entry.name] = .string(value)
                } else {
                    environmentInProgress?[entry.name] = nil
                }
            case .template(let template):
                do throws(ExpressionError) {
                    // Rendering reads the entries before this one, so none may be held for writing meanwhile.
                    let text = try template.renderText(in: self)
                    environmentInProgress?[entry.name] = .string(text)
                } catch {
                    // Where no secret may be read, an entry made of one is not there; the others are.
                    if secrets == nil, error.code == .unavailable {
                        environmentInProgress?[entry.name] = nil
                        continue
                    }
                    environmentFailure = (entry.name, error)
                    return nil
                }
            }
        }
        environment = environmentInProgress
        return environment
    }
}

extension RunState {
    /// Whether some main stage failed or timed out; what `failure()` asks in `finally`.
    var hasFailedMainStage: Bool {
        row.failedStages > 0
            && stages.contains {
                !$0.row.isFinally && $0.row.item == nil && $0.undoes == nil
                    && ($0.row.status == .failed || $0.row.status == .timedOut)
            }
    }
}
