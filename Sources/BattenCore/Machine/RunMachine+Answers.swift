// Stages that wait for people and for signals; no attempt is made and no slot is held meanwhile.
extension RunMachine {
    /// The code of the error of a rejected gate.
    public static let rejectionCode = "batten.gate_rejected"

    // MARK: Gates

    /// Opens the gate of a stage.
    mutating func openGate(_ index: Int, _ at: Timestamp) {
        switch ownInput(index).flatMap({ gateRequest(index, $0, at) }) {
        case .success(let request): emit(.stageWaiting(stage: index, attempt: nil, hold: .gate(request)), at)
        case .failure(let thrown): failed(index, attempt: nil, thrown.failure.outcome, at)
        }
    }

    private func gateRequest(
        _ index: Int, _ input: JSONValue, _ at: Timestamp
    ) -> Result<GateRequest, StageFailure.Thrown> {
        func wrong(_ what: String) -> Result<GateRequest, StageFailure.Thrown> {
            .failure(.contract("batten.gate", "stage '\(planned(index).id)' cannot ask: \(what)", field: "with"))
        }
        guard let prompt = input["prompt"]?.stringValue, !prompt.isEmpty else { return wrong("'prompt' is no text") }
        var approvers: [String] = []
        switch input["approvers"] {
        case nil, .null: break
        case .array(let names)?:
            for name in names {
                guard let text = name.stringValue, !text.isEmpty else {
                    return wrong("an entry of 'approvers' is \(name.described), not a name")
                }
                if !approvers.contains(text) { approvers.append(text) }
            }
        case let other?: return wrong("'approvers' is \(other.described), not a list of names")
        }
        var required = 1
        if let value = input["required_approvals"], !value.isNull {
            guard let number = value.intValue, number >= 1 else {
                return wrong("'required_approvals' is \(value.described), not a number from 1 on")
            }
            required = Int(clamping: number)
        }
        if !approvers.isEmpty, required > approvers.count {
            return wrong("it takes \(required) approvals and there are \(approvers.count) approvers")
        }
        var form: JSONValue?
        if let value = input["form"], !value.isNull {
            do throws(SchemaError) {
                _ = try JSONSchema.compile(value)
                form = value
            } catch {
                return wrong("'form' is not a JSON Schema: \(error.message)")
            }
        }
        let until: Timestamp?
        switch bound(input["timeout"], at) {
        case .success(let instant): until = instant
        case .failure(let what): return wrong(what.text)
        }
        let onTimeout = input["on_timeout"]?.stringValue ?? "reject"
        guard onTimeout == "reject" || onTimeout == "approve" else {
            return wrong("'on_timeout' is '\(onTimeout)'; it is reject or approve")
        }
        var rewinds = Self.rewindsOfGate
        if let value = input["max_rewinds"], !value.isNull {
            guard let number = value.intValue, (1...1_000).contains(number) else {
                return wrong("'max_rewinds' is \(value.described), not a number from 1 to 1000")
            }
            rewinds = Int(number)
        }
        let target: String?
        switch rewindTarget(of: index, input) {
        case .success(let id): target = id
        case .failure(let mistake): return wrong(mistake.text)
        }
        return .success(
            GateRequest(
                prompt: prompt, approvers: approvers, required: required, form: form, until: until,
                approvesOnTimeout: onTimeout == "approve", rewindTo: target, maximumRewinds: rewinds))
    }

    private struct Mistake: Error {
        let text: String
    }

    private func bound(_ value: JSONValue?, _ at: Timestamp) -> Result<Timestamp?, Mistake> {
        guard let value, !value.isNull else { return .success(nil) }
        guard let text = value.stringValue else {
            return .failure(Mistake(text: "'timeout' is \(value.described), not a duration as text"))
        }
        do throws(DurationText.Failure) {
            return .success(at + (try DurationText.parse(text)))
        } catch {
            return .failure(Mistake(text: "'timeout': \(error.description)"))
        }
    }

    /// Takes a person's answer in.
    ///
    /// - Returns: why it is refused; nil when it counts, also when the same stored request has counted before.
    mutating func answer(_ answer: GateAnswer, _ request: Int64?, _ at: Timestamp) -> String? {
        if let request, state.requests.contains(request) { return nil }
        if let undo = state.undos[answer.stage] { return self.answer(answer, request, at: undo, at) }
        guard let place = plan.indexByID[answer.stage] ?? state.hookPlaces[answer.stage] else {
            return "the run has no stage '\(answer.stage)'"
        }
        if answer.item == nil, let count = state.expansions[place]?.items.count {
            return "stage '\(answer.stage)' has \(count) items: name the one whose gate is meant (--item)"
        }
        guard let index = state.instance(of: place, item: answer.item) else {
            return "stage '\(answer.stage)' has no item \(answer.item ?? 0)"
        }
        return self.answer(answer, request, at: index, at)
    }

    private mutating func answer(_ answer: GateAnswer, _ request: Int64?, at index: Int, _ at: Timestamp) -> String? {
        guard let gate = state.stages[index].gate else {
            let isUndo = state.stages[index].undoes != nil
            let kinds: [StageKind?] =
                isUndo ? [planned(index).compensate?.kind] : [planned(index).kind, planned(index).fallback?.kind]
            let isGate = kinds.contains { if case .gate? = $0 { true } else { false } }
            let status = state.stages[index].row.status.rawValue
            return isGate || planned(index).definition.onLost == .gate
                ? "stage '\(answer.stage)' is \(status): its gate is not open" : "stage '\(answer.stage)' is no gate"
        }
        if let refusal = gate.refusal(of: answer) { return refusal }
        emit(.gateAnswered(stage: index, answer: answer, request: request), at)
        if let decision = state.stages[index].gate?.due { decide(index, decision, by: answer, at) }
        return nil
    }

    /// Decides an open gate; without an answer time decides.
    private mutating func decide(_ index: Int, _ decision: GateDecision, by answer: GateAnswer?, _ at: Timestamp) {
        emit(.gateDecided(stage: index, decision: decision, by: answer?.by), at)
        guard let gate = state.stages[index].gate else { return }
        if state.stages[index].asksAboutLoss { return lossDecided(index, decision, by: answer, at) }
        if decision == .approved {
            if let mismatch = gate.mismatch() {
                failed(index, attempt: nil, .permanent("batten.gate", "its time has passed, and \(mismatch)"), at)
            } else {
                complete(index, attempt: nil, result: .object(gate.values), effect: .none, at)
            }
            return
        }
        if rewind(from: index, at) { return }
        let reason = answer?.reason ?? ""
        let message = answer.map { "rejected by \($0.by)" } ?? "rejected: nobody answered in time"
        failed(
            index, attempt: nil,
            StageOutcome(
                .failed, effect: .none, code: Self.rejectionCode,
                message: reason.isEmpty ? message : "\(message): \(reason)",
                details: .object(["by": answer.map { .string($0.by) } ?? .null, "reason": .string(reason)])), at)
    }

    /// The time of a gate or of a wait for a signal has passed.
    mutating func answerTimePassed(_ index: Int, _ at: Timestamp) {
        if let name = state.stages[index].signalName {
            failed(
                index, attempt: nil,
                StageOutcome(
                    .timeout, effect: .none, code: "batten.signal_timeout",
                    message: "the signal '\(name)' did not come in time"), at)
        } else if let gate = state.stages[index].gate {
            decide(index, gate.approvesOnTimeout ? .approved : .rejected, by: nil, at)
        }
    }

    // MARK: Signals

    /// Has a stage take a signal that came before it, or wait for one.
    mutating func awaitSignal(_ index: Int, _ at: Timestamp) {
        switch ownInput(index).flatMap({ signalRequest(index, $0, at) }) {
        case .failure(let thrown): failed(index, attempt: nil, thrown.failure.outcome, at)
        case .success(let request):
            if let kept = state.signals.first(where: { $0.takenBy == nil && $0.signal.name == request.name }) {
                take(kept, index, at)
            } else {
                emit(
                    .stageWaiting(stage: index, attempt: nil, hold: .signal(name: request.name, until: request.until)),
                    at)
            }
        }
    }

    private func signalRequest(
        _ index: Int, _ input: JSONValue, _ at: Timestamp
    ) -> Result<(name: String, until: Timestamp?), StageFailure.Thrown> {
        func wrong(_ what: String) -> StageFailure.Thrown {
            .contract("batten.signal", "stage '\(planned(index).id)' cannot wait: \(what)", field: "with")
        }
        guard let name = input["name"]?.stringValue, !name.isEmpty else {
            return .failure(wrong("'name' is no text"))
        }
        switch bound(input["timeout"], at) {
        case .success(let until): return .success((name, until))
        case .failure(let what): return .failure(wrong(what.text))
        }
    }

    /// Takes a signal in: the first stage that waits for it goes on, else it is kept for the first that will.
    ///
    /// - Returns: why it is refused; nil when it was taken in, now or before.
    mutating func receive(_ signal: RunSignal, _ request: Int64?, _ at: Timestamp) -> String? {
        if let request, state.requests.contains(request) { return nil }
        if let refusal = refusal(of: signal) { return refusal }
        emit(.signalReceived(signal, request: request), at)
        let waiting = state.stages.indices.first {
            state.stages[$0].mode == .awaiting && state.stages[$0].signalName == signal.name
        }
        if let waiting, let row = state.signals.last { take(row, waiting, at) }
        return nil
    }

    /// A signal that no stage can ever take is refused.
    private func refusal(of signal: RunSignal) -> String? {
        var names: [String] = []
        for stage in plan.stages + plan.hookStages {
            let others = [stage.fallback, stage.compensate].compactMap { $0 }.map { ($0.kind, $0.with) }
            for (kind, with) in [(stage.kind, stage.with)] + others {
                guard case .signal = kind else { continue }
                // A name that is an expression is known when the stage begins.
                guard let name = with.constantValue?["name"]?.stringValue else { return nil }
                names.append(name)
            }
        }
        if names.isEmpty { return "no stage of the run waits for a signal" }
        if names.contains(signal.name) { return nil }
        return "no stage of the run waits for the signal '\(signal.name)'; there is \(names.joined(separator: ", "))"
    }

    private mutating func take(_ row: SignalRow, _ index: Int, _ at: Timestamp) {
        emit(.signalTaken(stage: index, signal: row.seq), at)
        complete(
            index, attempt: nil,
            result: .object([
                "data": row.signal.data, "sent_by": .string(row.signal.by), "sent_at": .string(row.at.rfc3339),
            ]), effect: .none, at)
    }
}
