// Stages of several steps: a model and the tools it has called, and the summary of what a stage gives.
extension RunMachine {
    /// The most rounds of tools, whatever a stage says.
    static let toolRounds = 1000

    /// The body that is carried out now; nil for the main one.
    func body(_ index: Int) -> PlannedBody? { state.body(of: index, plan) }

    /// Goes on with a stage whose attempt ended well, where it is not the last one.
    ///
    /// - Returns: false when the attempt's result is the stage's.
    mutating func goOn(_ index: Int, _ attempt: Int, _ outcome: StageOutcome, _ at: Timestamp) -> Bool {
        switch state.stages[index].body {
        case .fallback, .compensate: return false
        case .handoff:
            endHandoff(index, attempt, summary: outcome.output["text"] ?? .null, nil, at)
        case .tool:
            let text = outcome.output.stringValue ?? JSONWriter.string(outcome.output)
            answerTool(index, attempt, text, nil, outcome.effect, at)
        case .main:
            guard !planned(index).tools.isEmpty, let calls = outcome.output["tool_calls"]?.arrayValue, !calls.isEmpty,
                let messages = outcome.output["messages"]?.arrayValue, let last = messages.last
            else { return false }
            guard (state.stages[index].dialogue?.rounds ?? 0) < Self.toolRounds, !Dialogue.calls(of: last).isEmpty
            else {
                failed(
                    index, attempt: attempt,
                    .permanent("batten.tools", "the model asks for tools in a way that cannot be answered"), at)
                return true
            }
            let isFirst = state.stages[index].dialogue == nil
            let stopping = state.stages[index].stopping
            emit(
                .stageContinued(
                    stage: index, attempt: attempt, step: .calls(messages: isFirst ? messages : [last]),
                    effect: outcome.effect), at)
            proceed(index, stopping, at)
        }
        return true
    }

    /// Notes what a tool has answered, and goes on.
    mutating func answerTool(
        _ index: Int, _ attempt: Int?, _ text: String, _ failure: StageFailure?, _ effect: Effect, _ at: Timestamp
    ) {
        let stopping = state.stages[index].stopping
        emit(
            .stageContinued(stage: index, attempt: attempt, step: result(index, text, failure), effect: effect), at)
        proceed(index, stopping, at)
    }

    /// Tells the model how its tool has failed.
    mutating func failTool(_ index: Int, _ attempt: Int?, _ failure: StageFailure, _ at: Timestamp) {
        let error: JSONObject = [
            "class": .string(failure.error.outcomeClass.rawValue), "code": .string(failure.error.code),
            "message": .string(failure.error.message),
        ]
        answerTool(
            index, attempt, JSONWriter.string(.object(["error": .object(error)])), failure, failure.effect, at)
    }

    private func result(_ index: Int, _ text: String, _ failure: StageFailure?) -> StageStep {
        let id = state.stages[index].dialogue?.pending.first?.id ?? ""
        return .result(
            message: ["role": "tool", "tool_call_id": .string(id), "content": .string(text)], failure: failure)
    }

    /// Begins the next step, unless the stage or the run is to stop.
    private mutating func proceed(_ index: Int, _ stopping: StopCause?, _ at: Timestamp) {
        if let stopping { return endStopped(index, attempt: nil, stopping, failure: nil, at) }
        if let reason = reasonNotToStart(index) {
            return emit(.stageCancelled(stage: index, attempt: nil, reason: reason, failure: nil), at)
        }
        while state.stages[index].body == .tool, let call = state.stages[index].dialogue?.pending.first {
            let problem: String
            if body(index) == nil {
                problem = "there is no tool '\(call.name)'"
            } else if call.arguments.objectValue == nil {
                problem = "the arguments of '\(call.name)' are not a JSON object"
            } else {
                break
            }
            emit(
                .stageContinued(
                    stage: index, attempt: nil,
                    step: result(index, JSONWriter.string(["error": ["message": .string(problem)]]), nil),
                    effect: .none), at)
        }
        begin(index, at)
    }

    // MARK: Summaries

    /// Has the outputs of a stage summarised before it completes; false where that is not asked for.
    mutating func handOff(
        _ index: Int, attempt: Int?, outputs: JSONValue, effect: Effect, cachedFrom: String?, _ at: Timestamp
    ) -> Bool {
        guard planned(index).handoff != nil, state.stages[index].undoes == nil, state.stages[index].handingOff == nil
        else { return false }
        let isStopping = state.stages[index].stopping != nil
        emit(
            .stageContinued(
                stage: index, attempt: attempt,
                step: .handoff(outputs: outputs, cachedFrom: cachedFrom), effect: effect), at)
        if isStopping || reasonNotToStart(index) != nil {
            endHandoff(index, nil, summary: .null, nil, at)
        } else {
            begin(index, at)
        }
        return true
    }

    /// Completes a stage whose outputs were summarised; what it did counts, whether a summary could be made or not.
    mutating func endHandoff(
        _ index: Int, _ attempt: Int?, summary: JSONValue, _ failure: StageFailure?, _ at: Timestamp
    ) {
        guard let kept = state.stages[index].handingOff else { return }
        emit(
            .stageContinued(
                stage: index, attempt: attempt, step: .summary(summary, failure: failure),
                effect: failure?.effect ?? .none), at)
        emit(
            .stageCompleted(
                stage: index, attempt: nil, outputs: kept.outputs, effect: kept.effect, cachedFrom: kept.cachedFrom),
            at)
    }

    /// Whether what the running attempt of a stage keeps is for the next one.
    public func keepsCheckpoints(_ index: Int) -> Bool {
        state.stages.indices.contains(index) && state.stages[index].body.keepsCheckpoints
    }

    /// Whether the result of a stage's last attempt stands, though the stage may go on.
    public func hasResult(_ index: Int) -> Bool {
        guard state.stages.indices.contains(index) else { return false }
        let stage = state.stages[index]
        return stage.row.status == .completed || stage.handingOff != nil
            || (stage.dialogue != nil && stage.body == .tool)
    }
}

extension RunState {
    /// The body that a stage is carried out with now; nil for the main one, and for a tool that there is not.
    func body(of index: Int, _ plan: Plan) -> PlannedBody? {
        guard stages[index].body == .tool else { return planned(index, plan).other(stages[index].body) }
        let name = stages[index].dialogue?.pending.first?.name
        return planned(index, plan).tools.first { $0.name == name }?.body
    }

    /// Takes a step of a stage of several.
    mutating func goOn(
        _ index: Int, _ attempt: Int?, _ step: StageStep, _ effect: Effect, _ at: Timestamp, _ plan: Plan,
        _ changes: inout RunChanges
    ) {
        if let failure = step.failure {
            closeAttempt(index, failure, at, &changes)
        } else if attempt != nil, stages[index].mode == .running, var last = stages[index].attempt {
            last.endedAt = at
            last.outcomeClass = .ok
            last.effect = effect
            store(last, index, &changes)
        }
        for key in [TimerKey.retry(index), .sleep(index), .answer(index)] { disarm(key, &changes) }
        // It leaves as what it ran as: which slots it held depends on its body.
        setMode(index, .idle, plan)
        stages[index].counted = 0
        stages[index].step += 1
        stages[index].lastFailure = nil
        stages[index].row.error = nil
        stages[index].row.waiting = nil
        switch step {
        case .calls(let messages):
            var dialogue = stages[index].dialogue ?? Dialogue()
            dialogue.messages += messages
            dialogue.pending = messages.last.map(Dialogue.calls) ?? []
            stages[index].dialogue = dialogue
            stages[index].body = .tool
            stages[index].nextReason = .tool
        case .result(let message, _):
            stages[index].dialogue?.messages.append(message)
            if stages[index].dialogue?.pending.isEmpty == false { stages[index].dialogue?.pending.removeFirst() }
            let isOver = stages[index].dialogue?.pending.isEmpty ?? true
            stages[index].body = isOver ? .main : .tool
            stages[index].nextReason = isOver ? .answered : .tool
        case .handoff(let outputs, let cachedFrom):
            stages[index].handingOff = HandingOff(outputs: outputs, effect: effect, cachedFrom: cachedFrom)
            stages[index].dialogue = nil
            stages[index].body = .handoff
            stages[index].nextReason = .handoff
        case .summary(let summary, _):
            stages[index].summary = summary
            stages[index].handingOff = nil
            stages[index].body = .main
        }
        changes.touch(stage: index)
    }
}
