/// A call of an executor with every expression evaluated.
public struct RenderedCall: Sendable {
    /// Executor type, `<plugin>.<executor>`.
    public var executor: String
    /// The executor's input.
    public var input: JSONValue
    /// Environment of processes that the executor starts, in the order of the definition.
    public var environment: [(name: String, value: String)]
    /// Folder in which they run; nil leaves it to the executor.
    public var workingDirectory: String?
    /// Names of the secrets that were read.
    public var secrets: [String]
    /// What its author says makes the call the same one; nil where results are not kept.
    public var cacheKey: String?
}

/// What became of rendering a call.
public enum CallRendering: Sendable {
    /// It can be made.
    case call(RenderedCall)
    /// It cannot be made whatever happens; the outcome to report for the attempt.
    case failed(StageOutcome)
    /// A secret is missing on this engine.
    case blocked(secret: String)
    /// A value it reads holds a secret that was sealed under a key which is not here.
    case sealed(keyID: String)
}

extension Plan {
    /// The call of a stage's body when no expression is in it, so that nothing of the run is needed to make it.
    ///
    /// - Parameters:
    ///   - stageIndex: the stage's place in the plan.
    ///   - body: which of its bodies is called.
    /// - Returns: nil when the call has to be rendered from the state of the run.
    public func constantCall(stageIndex: Int, body: StageBodyChoice) -> RenderedCall? {
        guard stages.indices.contains(stageIndex), body == .main, stages[stageIndex].inputs.isEmpty,
            stages[stageIndex].tools.isEmpty,
            stages[stageIndex].env.isEmpty, stages[stageIndex].cache == nil, stages[stageIndex].workingDirectory == nil,
            let input = stages[stageIndex].with.constantValue
        else { return nil }
        return RenderedCall(
            executor: stages[stageIndex].definition.uses, input: input, environment: [], workingDirectory: nil,
            secrets: [])
    }
}

extension RunMachine {
    /// Evaluates everything a call needs, the stage's typed inputs included.
    ///
    /// - Parameters:
    ///   - stageIndex: the place of the stage's row, or of the item's.
    ///   - body: which of its bodies is called.
    ///   - secrets: gives the value of a secret, nil when it is missing; asked only for those that are read.
    ///   - open: opens a value in which secrets are sealed.
    public func renderCall(
        stageIndex: Int, body: StageBodyChoice, secrets: (String) -> String?,
        open: (JSONValue) -> Result<JSONValue, SealedText.Trouble> = { .success($0) }
    ) -> CallRendering {
        guard state.stages.indices.contains(stageIndex) else {
            return .failed(
                StageOutcome(.permanent, effect: .none, code: "batten.render", message: "no stage \(stageIndex)"))
        }
        return withoutActuallyEscaping(secrets) { secrets in
            withoutActuallyEscaping(open) { open in
                rendering(stageIndex, body, secrets: secrets, open: open)
            }
        }
    }

    private func rendering(
        _ stageIndex: Int, _ body: StageBodyChoice, secrets: @escaping (String) -> String?,
        open: @escaping (JSONValue) -> Result<JSONValue, SealedText.Trouble>
    ) -> CallRendering {
        let scope = RunScope(
            plan: plan, state: state, stage: stageIndex, body: body,
            attempt: max(1, state.stages[stageIndex].row.attempts), secrets: secrets)
        scope.sealedValues = .opened(open)
        do throws(StageFailure.Thrown) {
            var call = try renderCall(stageIndex, body, scope)
            if state.stages[stageIndex].dialogue != nil, SealedText.isIn(call.input) {
                // What was said before, and what a model asks for, comes from no expression.
                guard case .value(let opened) = scope.sealed(call.input, isWhole: true) else {
                    throw .contract("batten.sealed", "a secret in what was said before cannot be opened", field: "with")
                }
                call.input = opened
            }
            return .call(call)
        } catch {
            if let name = scope.missingSecret { return .blocked(secret: name) }
            if case .keyMissing(let id) = scope.sealTrouble { return .sealed(keyID: id) }
            if scope.sealTrouble == .damaged {
                return .failed(
                    StageOutcome(
                        .permanent, effect: .none, code: "batten.sealed",
                        message: "a secret in what it reads is damaged in the store and cannot be opened; have the "
                            + "stage that it comes from run again: batten fork RUN --from STAGE"))
            }
            let failure = error.failure
            return .failed(
                StageOutcome(
                    .permanent, effect: .none, code: failure.error.code, message: failure.error.message,
                    details: failure.error.details))
        }
    }

    private func renderCall(
        _ index: Int, _ body: StageBodyChoice, _ scope: RunScope
    ) throws(StageFailure.Thrown) -> RenderedCall {
        try evaluateInputs(index, scope)
        let with = self.body(index)?.with ?? planned(index).with
        let id = planned(index).id
        if body == .handoff { scope.result = state.stages[index].handingOff?.outputs }
        var input = try render(with, field: body.inputField, stage: id, scope)
        if let dialogue = state.stages[index].dialogue, var members = input.objectValue {
            if body == .main {
                members["transcript"] = .array(dialogue.messages)
            } else if body == .tool {
                // What the author has written is not the model's to change; nothing of the model's is an expression.
                for (name, value) in dialogue.pending.first?.arguments.objectValue ?? [:] where members[name] == nil {
                    members[name] = value
                }
            }
            input = .object(members)
        }
        guard let environment = scope.renderedEnvironment() else {
            throw environmentFailure(id, scope)
        }
        scope.sealedValues = .refused
        var workingDirectory: String?
        if let template = planned(index).workingDirectory {
            do throws(ExpressionError) {
                workingDirectory = try template.renderText(in: scope)
            } catch {
                throw .render(stage: id, field: "working_directory", error)
            }
        }
        var cacheKey: String?
        if body == .main, let cache = planned(index).cache {
            do throws(ExpressionError) {
                cacheKey = try cache.key.renderText(in: scope)
            } catch {
                throw .render(stage: id, field: "cache.key", error)
            }
        }
        return RenderedCall(
            executor: self.body(index)?.uses ?? planned(index).uses(of: body), input: input,
            environment: environment.map { ($0.key, $0.value.stringValue ?? "") }, workingDirectory: workingDirectory,
            secrets: scope.secretsRead, cacheKey: cacheKey)
    }

    /// Evaluates the stage's typed inputs into the scope and holds them against their contract.
    func evaluateInputs(_ index: Int, _ scope: RunScope) throws(StageFailure.Thrown) {
        let declared = planned(index).inputs
        let id = planned(index).id
        guard !declared.isEmpty else {
            scope.inputs = .object([:])
            return
        }
        var values = JSONObject()
        for input in declared {
            let name = input.definition.name
            var value = JSONValue.null
            if let template = input.value {
                value = try render(template, field: "inputs.\(name)", stage: id, scope)
            }
            if value.isNull {
                guard !input.definition.required else {
                    throw .contract(
                        "batten.input_contract", "stage '\(id)' needs the input '\(name)', and it is null",
                        field: "inputs.\(name)")
                }
            } else if let type = input.definition.type, !type.accepts(value) {
                throw .contract(
                    "batten.input_contract",
                    "input '\(name)' of stage '\(id)' is declared as \(type.rawValue) and got \(value.described)",
                    field: "inputs.\(name)")
            }
            values[name] = value
        }
        scope.inputs = .object(values)
    }

    /// Renders a value of a stage; a failure names the stage, the field and the expression.
    func render(
        _ template: TemplateValue, field: String, stage: String?, _ scope: RunScope
    ) throws(StageFailure.Thrown) -> JSONValue {
        do throws(ExpressionError) {
            return try template.render(in: scope)
        } catch {
            if scope.environmentFailure != nil, let stage { throw environmentFailure(stage, scope) }
            throw .render(stage: stage, field: field, error)
        }
    }

    private func environmentFailure(_ stage: String, _ scope: RunScope) -> StageFailure.Thrown {
        guard let failure = scope.environmentFailure else {
            return .contract("batten.render", "stage '\(stage)': its environment cannot be rendered", field: "env")
        }
        return .render(stage: stage, field: "env.\(failure.name)", failure.error)
    }
}

extension StageFailure {
    /// A failure on its way up from rendering.
    struct Thrown: Error {
        var failure: StageFailure

        /// An expression has no value.
        static func render(stage: String?, field: String, _ error: ExpressionError) -> Thrown {
            let place = error.location.isEmpty ? field : field + "." + error.location.pathText
            let whose = stage.map { "stage '\($0)'" } ?? "the run"
            let help = error.help.map { " (\($0))" } ?? ""
            return Thrown(
                failure: .permanent(
                    "batten.render", "\(place) of \(whose) cannot be rendered: \(error.message)\(help)",
                    details: ["field": .string(place), "reason": .string(error.code.rawValue)]))
        }

        /// A value does not fit what was declared.
        static func contract(_ code: String, _ message: String, field: String) -> Thrown {
            Thrown(failure: .permanent(code, message, details: ["field": .string(field)]))
        }
    }
}

extension JSONValue {
    /// Type and value for a message, the value cut short.
    var described: String {
        let text = JSONWriter.string(self)
        let shown = text.unicodeScalars.count > 60 ? String(text.unicodeScalars.prefix(60)) + "…" : text
        return "\(typeName) \(shown)"
    }
}
