// Values that the machine itself computes: outputs of stages and of the run, and the engine's own kinds of stages.
extension RunMachine {
    /// The outputs of a stage: its contract over the result, or the result itself.
    func outputs(
        of index: Int, attempt: Int?, result: JSONValue
    ) -> Result<JSONValue, StageFailure.Thrown> {
        // What an undo gives is nobody's input.
        let contract = state.stages[index].body == .compensate ? [] : planned(index).outputs
        if contract.isEmpty { return .success(result.isNull ? .object([:]) : result) }
        let scope = RunScope(
            plan: plan, state: state, stage: index, body: state.stages[index].body, attempt: attempt ?? 1)
        scope.result = result
        scope.sealedValues = .kept
        let id = planned(index).id
        do throws(StageFailure.Thrown) {
            try evaluateInputs(index, scope)
            return .success(
                .object(try evaluate(contract, stage: id, code: "batten.output_contract", scope)))
        } catch {
            return .failure(error)
        }
    }

    /// What the run gives back.
    func runOutputs() -> Result<JSONValue, StageFailure.Thrown> {
        if plan.outputs.isEmpty { return .success(.object([:])) }
        let scope = RunScope(plan: plan, state: state, stage: nil)
        scope.sealedValues = .kept
        do throws(StageFailure.Thrown) {
            return .success(.object(try evaluate(plan.outputs, stage: nil, code: "batten.run_outputs", scope)))
        } catch {
            return .failure(error)
        }
    }

    private func evaluate(
        _ contract: [PlannedOutput], stage: String?, code: String, _ scope: RunScope
    ) throws(StageFailure.Thrown) -> JSONObject {
        let whose = stage.map { "stage '\($0)'" } ?? "the run"
        var outputs = JSONObject()
        for output in contract {
            let name = output.definition.name
            let value: JSONValue
            if let template = output.value {
                do throws(StageFailure.Thrown) {
                    value = try render(template, field: "outputs.\(name)", stage: stage, scope)
                } catch {
                    var failure = error.failure
                    failure.error.code = code
                    throw StageFailure.Thrown(failure: failure)
                }
            } else if let field = scope.result?[name] {
                value = field
            } else {
                throw .contract(
                    code, "\(whose) declares the output '\(name)', and its result has no such field",
                    field: "outputs.\(name)")
            }
            if let type = output.definition.type, !type.accepts(value), !SealedText.isSealedNumber(value) {
                throw .contract(
                    code, "output '\(name)' of \(whose) is declared as \(type.rawValue) and is \(value.described)",
                    field: "outputs.\(name)")
            }
            outputs[name] = value
        }
        return outputs
    }

    // MARK: The engine's own kinds

    /// The input of the current body, for the kinds that the machine carries out itself; no secret can be read here.
    func ownInput(_ index: Int) -> Result<JSONValue, StageFailure.Thrown> {
        let body = state.stages[index].body
        let scope = RunScope(plan: plan, state: state, stage: index, body: body)
        do throws(StageFailure.Thrown) {
            try evaluateInputs(index, scope)
            let with = self.body(index)?.with ?? planned(index).with
            return .success(try render(with, field: body.inputField, stage: planned(index).id, scope))
        } catch {
            return .failure(error)
        }
    }

    /// Carries out a `set` stage: what it is given is its result.
    mutating func set(_ index: Int, _ at: Timestamp) {
        switch ownInput(index) {
        case .success(let result): complete(index, attempt: nil, result: result, effect: .none, at)
        case .failure(let thrown): failed(index, attempt: nil, thrown.failure.outcome, at)
        }
    }

    /// Starts a `sleep` stage, or completes it when its time has passed.
    mutating func sleep(_ index: Int, _ at: Timestamp) {
        let until: Timestamp
        switch ownInput(index).flatMap({ wakeTime(index, $0, at) }) {
        case .success(let instant): until = instant
        case .failure(let thrown):
            failed(index, attempt: nil, thrown.failure.outcome, at)
            return
        }
        if until <= at {
            complete(index, attempt: nil, result: .object([:]), effect: .none, at)
        } else {
            emit(.stageWaiting(stage: index, attempt: nil, hold: .sleep(until: until)), at)
        }
    }

    private func wakeTime(
        _ index: Int, _ input: JSONValue, _ at: Timestamp
    ) -> Result<Timestamp, StageFailure.Thrown> {
        func wrong(_ what: String) -> Result<Timestamp, StageFailure.Thrown> {
            .failure(.contract("batten.sleep", "stage '\(planned(index).id)' cannot sleep: \(what)", field: "with"))
        }
        switch (input["for"], input["until"]) {
        case (.string(let text)?, nil):
            do throws(DurationText.Failure) {
                return .success(at + (try DurationText.parse(text)))
            } catch {
                return wrong(error.description)
            }
        case (nil, .string(let text)?):
            guard let instant = Timestamp(rfc3339: text) else {
                return wrong("'\(text)' is not a time; write for example 2026-01-31T06:00:00Z")
            }
            return .success(instant)
        default: return wrong("'with' holds either 'for' (a duration) or 'until' (a time), as text")
        }
    }
}
