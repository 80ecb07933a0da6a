extension RunFact {
    /// The fact as an entry of the journal.
    func record(seq: Int64, at: Timestamp, state: RunState) -> JournalRecord {
        func stage(_ index: Int, _ attempt: Int?, _ type: String, _ data: JSONObject) -> JournalRecord {
            JournalRecord(
                seq: seq, at: at, stage: state.stages[index].row.id, item: state.stages[index].row.item,
                attempt: attempt, type: type, data: .object(data))
        }
        func run(_ type: String, _ data: JSONObject = [:]) -> JournalRecord {
            JournalRecord(seq: seq, at: at, stage: nil, attempt: nil, type: type, data: .object(data))
        }
        switch self {
        case .runAccepted(let request, let workflow, let version, let hash):
            return run("run_accepted", Self.data(request, workflow, version, hash))
        case .runWaiting(let member): return run("run_waiting", member.data)
        case .runStarted: return run("run_started")
        case .stageExpanded(let index, let items):
            return stage(index, nil, "stage_expanded", ["items": .array(items)])
        case .stageStarted(let index, let attempt, let reason, let body):
            if reason == .first, body == .main, state.stages[index].round <= 1, state.stages[index].step == 0 {
                return stage(index, attempt, "stage_started", Self.firstStart)
            }
            var data: JSONObject = ["reason": .string(reason.rawValue)]
            if body != .main { data["body"] = .string(body.rawValue) }
            if state.stages[index].round > 1 { data["round"] = .int(Int64(state.stages[index].round)) }
            if state.stages[index].step > 0 { data["step"] = .int(Int64(state.stages[index].step)) }
            return stage(index, attempt, "stage_started", data)
        case .stageContinued(let index, let attempt, let step, let effect):
            var data = step.data
            data["effect"] = .string(effect.rawValue)
            return stage(index, attempt, "stage_continued", data)
        case .stageWaiting(let index, let attempt, let hold):
            return stage(index, attempt, "stage_waiting", hold.data)
        case .childStands(let index, let attempt, let wait):
            return stage(index, attempt, wait == nil ? "child_moving" : "child_waiting", wait?.data ?? [:])
        case .stageStopping(let index, let attempt):
            return stage(index, attempt, "stage_stopping", ["why": .string("deadline")])
        case .stageRetrying(let index, let attempt, let failure, let next):
            var data = failure.data
            switch next {
            case .retry(let instant):
                data["next"] = .string("retry")
                data["until"] = .string(instant.exact)
            case .fallback: data["next"] = .string("fallback")
            }
            return stage(index, attempt, "stage_retrying", data)
        case .stageCompleted(let index, let attempt, let outputs, let effect, let cachedFrom):
            var data: JSONObject = ["outputs": outputs, "effect": .string(effect.rawValue)]
            if let cachedFrom { data["cached_from"] = .string(cachedFrom) }
            return stage(index, attempt, "stage_completed", data)
        case .stageFailed(let index, let attempt, let failure):
            return stage(index, attempt, "stage_failed", failure.data)
        case .stageTimedOut(let index, let attempt, let failure):
            return stage(index, attempt, "stage_timed_out", failure.data)
        case .stageCancelled(let index, let attempt, let reason, let failure):
            var data: JSONObject = ["reason": .string(reason)]
            if let failure {
                data["error"] = failure.error.json
                data["effect"] = .string(failure.effect.rawValue)
            }
            return stage(index, attempt, "stage_cancelled", data)
        case .stageKept(let index, let kept):
            return stage(index, nil, kept.items.isEmpty ? "stage_kept" : "items_kept", kept.data)
        case .stageRewound(let index, let gate):
            return stage(
                index, nil, "stage_rewound",
                ["by": .string(state.stages[gate].row.id), "round": .int(Int64(state.stages[index].round))])
        case .stageSkipped(let index, let reason):
            return stage(index, nil, "stage_skipped", ["reason": .string(reason)])
        case .gateAnswered(let index, let answer, let request):
            return stage(
                index, nil, "gate_answered",
                [
                    "decision": .string(answer.approves ? "approve" : "reject"), "by": .string(answer.by),
                    "form": .object(answer.form), "reason": .string(answer.reason),
                    "request": request.map { .int($0) } ?? .null,
                ])
        case .gateDecided(let index, let decision, let by):
            return stage(
                index, nil, "gate_decided",
                ["decision": .string(decision.rawValue), "by": by.map { .string($0) } ?? .null])
        case .signalReceived(let signal, let request):
            return run(
                "signal_received",
                [
                    "name": .string(signal.name), "data": signal.data, "by": .string(signal.by),
                    "request": request.map { .int($0) } ?? .null,
                ])
        case .signalTaken(let index, let signal):
            return stage(index, nil, "signal_taken", ["signal": .int(signal)])
        case .compensationStarted(let undone):
            let list = undone.map { UndoneStage(state.stages[$0].row).json }
            return run("compensation_started", ["stages": .array(list)])
        case .hookStarted(let event, let verdict):
            var data: JSONObject = ["hook": .string(event.rawValue)]
            if let verdict { data["status"] = .string(verdict.rawValue) }
            return run("hook_started", data)
        case .finallyStarted: return run("finally_started")
        case .attemptLost(let index, let attempt, let failure):
            return stage(index, attempt, "attempt_lost", failure?.data ?? [:])
        case .attemptLate(let index, let attempt, let outcomeClass, let code, let message):
            return stage(
                index, attempt, "attempt_late",
                [
                    "class": outcomeClass.map { .string($0.rawValue) } ?? .null, "code": .string(code),
                    "message": .string(message),
                ])
        case .runCancelRequested(let cause): return run("run_cancel_requested", ["cause": .string(cause.rawValue)])
        case .runPaused: return run("run_paused")
        case .runResumed: return run("run_resumed")
        case .runRecovered(let lost): return run("run_recovered", ["lost": .int(Int64(lost))])
        case .runCompleted(let outputs): return run("run_completed", ["outputs": outputs])
        case .runFailed(let error): return run("run_failed", ["error": error.json])
        case .runCancelled(let error): return run("run_cancelled", error.map { ["error": $0.json] } ?? [:])
        case .runTimedOut(let error): return run("run_timed_out", ["error": error.json])
        }
    }

    /// What nearly all beginnings of attempts say, made once.
    private static let firstStart: JSONObject = ["reason": .string(AttemptReason.first.rawValue)]

    private static func data(
        _ request: RunRequest, _ workflow: String, _ version: String, _ hash: String
    ) -> JSONObject {
        var data: JSONObject = [
            "run": .string(request.run), "workflow": .string(workflow), "version": .string(version),
            "definition": .string(hash),
            "trigger": .string(request.trigger), "parameters": request.parameters,
            "host_environment": request.hostEnvironment, "seed": .string(String(request.seed)),
            "workdir": .string(request.workdir), "directory": .string(request.directory),
            "idempotency_key": request.idempotencyKey.map { .string($0) } ?? .null,
        ]
        if let folder = request.workflowFolder { data["workflow_folder"] = .string(folder) }
        if let origin = request.origin { data["origin"] = origin.json }
        if let group = request.group { data["group"] = .string(group) }
        if let parent = request.parent { data["parent"] = parent.json }
        if let event = request.event { data["event"] = .object(event) }
        if let timeout = request.timeout { data["timeout"] = .string(DurationText.format(timeout)) }
        if let budget = request.budget { data["budget"] = budget.json }
        if request.isUnderBudget { data["under_budget"] = .bool(true) }
        return data
    }

    /// Reads a fact back from the journal.
    ///
    /// - Throws: when the record has a type or shape that this version does not know, or names a stage that the plan
    ///   does not have.
    init(_ record: JournalRecord, plan: Plan, state: RunState) throws(ReplayError) {
        let reader = RecordReader(record: record, plan: plan, state: state)
        switch record.type {
        case "run_accepted":
            var request = RunRequest(
                run: try reader.text("run"), trigger: try reader.text("trigger"),
                parameters: try reader.value("parameters"),
                hostEnvironment: try reader.value("host_environment"), seed: try reader.seed(),
                workdir: try reader.text("workdir"), directory: try reader.text("directory"),
                idempotencyKey: record.data["idempotency_key"]?.stringValue)
            request.workflowFolder = record.data["workflow_folder"]?.stringValue
            if let origin = record.data["origin"] {
                guard let origin = ForkOrigin(json: origin) else { throw reader.malformed("origin") }
                request.origin = origin
            }
            request.group = record.data["group"]?.stringValue
            request.event = record.data["event"]?.objectValue
            if let parent = record.data["parent"] {
                guard let parent = ParentStage(json: parent) else { throw reader.malformed("parent") }
                request.parent = parent
            }
            if let timeout = record.data["timeout"] {
                guard let bound = timeout.stringValue.flatMap({ try? DurationText.parse($0) }) else {
                    throw reader.malformed("timeout")
                }
                request.timeout = bound
            }
            if let budget = record.data["budget"] { request.budget = BudgetDefinition(json: budget) }
            request.isUnderBudget = record.data["under_budget"] == .bool(true)
            self = .runAccepted(
                request,
                workflow: try reader.text("workflow"), version: try reader.text("version"),
                definitionHash: try reader.text("definition"))
        case "run_waiting":
            guard let member = GroupMember(json: record.data) else { throw reader.malformed("behind") }
            self = .runWaiting(behind: member)
        case "run_started": self = .runStarted
        case "stage_expanded":
            let stage = try reader.stage()
            guard let items = try reader.value("items").arrayValue, record.item == nil,
                state.planned(stage, plan).fanOut != nil, state.expansions[stage] == nil
            else { throw reader.malformed("items") }
            self = .stageExpanded(stage: stage, items: items)
        case "stage_started":
            let body = record.data["body"]?.stringValue ?? StageBodyChoice.main.rawValue
            guard let reason = AttemptReason(rawValue: try reader.text("reason")),
                let body = StageBodyChoice(rawValue: body)
            else { throw reader.malformed("reason") }
            self = .stageStarted(stage: try reader.stage(), attempt: try reader.attempt(), reason: reason, body: body)
        case "stage_waiting":
            self = .stageWaiting(stage: try reader.stage(), attempt: record.attempt, hold: try reader.hold())
        case "child_waiting":
            guard let wait = ChildWait(data: record.data) else { throw reader.malformed("detail") }
            self = .childStands(stage: try reader.stage(), attempt: try reader.attempt(), wait: wait)
        case "child_moving":
            self = .childStands(stage: try reader.stage(), attempt: try reader.attempt(), wait: nil)
        case "stage_stopping":
            self = .stageStopping(stage: try reader.stage(), attempt: record.attempt)
        case "stage_retrying":
            let next: NextTry
            switch try reader.text("next") {
            case "retry": next = .retry(at: try reader.instant("until"))
            case "fallback": next = .fallback
            default: throw reader.malformed("next")
            }
            self = .stageRetrying(
                stage: try reader.stage(), attempt: record.attempt, failure: try reader.failure(), next: next)
        case "stage_continued":
            guard let step = StageStep(data: record.data) else { throw reader.malformed("step") }
            self = .stageContinued(
                stage: try reader.stage(), attempt: record.attempt, step: step, effect: try reader.effect())
        case "stage_completed":
            self = .stageCompleted(
                stage: try reader.stage(), attempt: record.attempt, outputs: try reader.value("outputs"),
                effect: try reader.effect(), cachedFrom: record.data["cached_from"]?.stringValue)
        case "stage_failed":
            self = .stageFailed(stage: try reader.stage(), attempt: record.attempt, failure: try reader.failure())
        case "stage_timed_out":
            self = .stageTimedOut(stage: try reader.stage(), attempt: record.attempt, failure: try reader.failure())
        case "stage_cancelled":
            self = .stageCancelled(
                stage: try reader.stage(), attempt: record.attempt, reason: try reader.text("reason"),
                failure: record.data["error"] == nil ? nil : try reader.failure())
        case "stage_kept", "items_kept":
            let stage = try reader.stage()
            guard let kept = KeptStage(id: record.stage ?? "", data: record.data, stageIndex: stage) else {
                throw reader.malformed(record.type == "items_kept" ? "items" : "outputs")
            }
            self = .stageKept(stage: stage, kept: kept)
        case "stage_rewound":
            guard let gate = plan.indexByID[try reader.text("by")] else { throw reader.malformed("by") }
            self = .stageRewound(stage: try reader.stage(), by: gate)
        case "stage_skipped":
            self = .stageSkipped(stage: try reader.stage(), reason: try reader.text("reason"))
        case "gate_answered":
            var members = record.data.objectValue ?? [:]
            members["stage"] = .string(record.stage ?? "")
            members["item"] = record.item.map { .int(Int64($0)) }
            guard let answer = GateAnswer(json: .object(members)) else { throw reader.malformed("decision") }
            self = .gateAnswered(
                stage: try reader.stage(), answer: answer, request: record.data["request"]?.intValue)
        case "gate_decided":
            guard let decision = GateDecision(rawValue: try reader.text("decision")) else {
                throw reader.malformed("decision")
            }
            self = .gateDecided(
                stage: try reader.stage(), decision: decision, by: record.data["by"]?.stringValue)
        case "signal_received":
            guard let signal = RunSignal(json: record.data) else { throw reader.malformed("name") }
            self = .signalReceived(signal, request: record.data["request"]?.intValue)
        case "signal_taken":
            guard let signal = record.data["signal"]?.intValue else { throw reader.malformed("signal") }
            self = .signalTaken(stage: try reader.stage(), signal: signal)
        case "compensation_started": self = .compensationStarted(try reader.undone())
        case "hook_started":
            guard let event = HookEvent(rawValue: try reader.text("hook")), plan.hooks[event] != nil else {
                throw reader.malformed("hook")
            }
            self = .hookStarted(event, verdict: record.data["status"]?.stringValue.flatMap(RunStatus.init(rawValue:)))
        case "finally_started": self = .finallyStarted
        case "attempt_lost":
            self = .attemptLost(
                stage: try reader.stage(), attempt: try reader.attempt(),
                failure: record.data["error"] == nil ? nil : try reader.failure())
        case "attempt_late":
            self = .attemptLate(
                stage: try reader.stage(), attempt: try reader.attempt(),
                outcomeClass: record.data["class"]?.stringValue.flatMap { OutcomeClass(rawValue: $0) },
                code: try reader.text("code"), message: try reader.text("message"))
        case "run_cancel_requested":
            guard let cause = StopCause(rawValue: try reader.text("cause")) else { throw reader.malformed("cause") }
            self = .runCancelRequested(cause)
        case "run_paused": self = .runPaused
        case "run_resumed": self = .runResumed
        case "run_recovered":
            guard let lost = record.data["lost"]?.intValue else { throw reader.malformed("lost") }
            self = .runRecovered(lost: Int(clamping: lost))
        case "run_completed": self = .runCompleted(outputs: try reader.value("outputs"))
        case "run_failed": self = .runFailed(try reader.error())
        case "run_cancelled":
            self = .runCancelled(record.data["error"] == nil ? nil : try reader.error())
        case "run_timed_out": self = .runTimedOut(try reader.error())
        default: throw reader.problem("its type is '\(record.type)', which this version does not know")
        }
    }
}

extension StageHold {
    private static func data(_ gate: GateRequest) -> JSONObject {
        var data: JSONObject = [
            "on": .string("gate"), "prompt": .string(gate.prompt),
            "approvers": .array(gate.approvers.map { .string($0) }), "required": .int(Int64(gate.required)),
            "form": gate.form ?? .null, "until": gate.until.map { .string($0.exact) } ?? .null,
            "on_timeout": .string(gate.approvesOnTimeout ? "approve" : "reject"),
        ]
        if let target = gate.rewindTo {
            data["rewind_to"] = .string(target)
            data["max_rewinds"] = .int(Int64(gate.maximumRewinds))
        }
        if gate.isAboutLoss { data["about"] = .string("loss") }
        return data
    }

    fileprivate var data: JSONObject {
        switch self {
        case .slot(let detail): ["on": .string("slot"), "detail": .string(detail)]
        case .quota(let wait):
            [
                "on": .string("quota"), "quota": .int(wait.quota), "detail": .string(wait.detail),
                "until": wait.until.map { .string($0.exact) } ?? .null,
            ]
        case .pause: ["on": .string("pause")]
        case .sleep(let until): ["on": .string("sleep"), "until": .string(until.exact)]
        case .gate(let gate):
            Self.data(gate)
        case .signal(let name, let until):
            [
                "on": .string("signal"), "name": .string(name),
                "until": until.map { .string($0.exact) } ?? .null,
            ]
        case .missing(let thing, let reason): ["on": .string(thing.rawValue), "detail": .string(reason)]
        }
    }
}

extension StageFailure {
    fileprivate var data: JSONObject { ["error": error.json, "effect": .string(effect.rawValue)] }
}

extension Timestamp {
    /// RFC 3339 with all nanoseconds, so that reading it back gives the same instant.
    var exact: String { rfc3339(fractionDigits: 9) }
}

/// Why a journal cannot be replayed.
public struct ReplayError: Error, Sendable, Hashable {
    /// Position of the record that does not fit.
    public let seq: Int64
    /// What does not fit.
    public let message: String
    /// What to do next.
    public let help: String
}

/// Reads the fields of one record.
private struct RecordReader {
    let record: JournalRecord
    let plan: Plan
    let state: RunState

    func problem(_ what: String) -> ReplayError {
        ReplayError(
            seq: record.seq, message: "record \(record.seq) of the journal cannot be replayed: \(what)",
            help: "the journal was written by another version, or damaged: 'batten db check' tells")
    }

    func malformed(_ field: String) -> ReplayError {
        problem("'\(field)' of \(record.type) is missing or has an unknown value")
    }

    func stage() throws(ReplayError) -> Int {
        if let undo = record.stage.flatMap({ state.undos[$0] }) { return undo }
        guard let id = record.stage, let planned = plan.indexByID[id] ?? state.hookPlaces[id] else {
            throw problem("it names the stage '\(record.stage ?? "")', which the definition does not have")
        }
        guard let index = state.instance(of: planned, item: record.item) else {
            throw problem("it names item \(record.item ?? 0) of stage '\(id)', which the stage does not have")
        }
        return index
    }

    /// The stages and items that are undone.
    func undone() throws(ReplayError) -> [Int] {
        guard let list = record.data["stages"]?.arrayValue, !list.isEmpty, state.undos.isEmpty else {
            throw malformed("stages")
        }
        var undone: [Int] = []
        var seen: Set<Int> = []
        for json in list {
            guard let stage = UndoneStage(json: json), let planned = plan.indexByID[stage.id],
                plan.stages[planned].compensate != nil,
                let index = state.instance(of: planned, item: stage.item), seen.insert(index).inserted
            else { throw malformed("stages") }
            undone.append(index)
        }
        return undone
    }

    func attempt() throws(ReplayError) -> Int {
        guard let attempt = record.attempt else { throw malformed("attempt") }
        return attempt
    }

    func text(_ field: String) throws(ReplayError) -> String {
        guard let text = record.data[field]?.stringValue else { throw malformed(field) }
        return text
    }

    func value(_ field: String) throws(ReplayError) -> JSONValue {
        guard let value = record.data[field] else { throw malformed(field) }
        return value
    }

    func seed() throws(ReplayError) -> UInt64 {
        guard let seed = UInt64(try text("seed")) else { throw malformed("seed") }
        return seed
    }

    func instant(_ field: String) throws(ReplayError) -> Timestamp {
        guard let instant = Timestamp(rfc3339: try text(field)) else { throw malformed(field) }
        return instant
    }

    func optionalInstant(_ field: String) throws(ReplayError) -> Timestamp? {
        try value(field).isNull ? nil : try instant(field)
    }

    func effect() throws(ReplayError) -> Effect {
        guard let effect = Effect(rawValue: try text("effect")) else { throw malformed("effect") }
        return effect
    }

    func error() throws(ReplayError) -> StageError {
        guard let error = StageError(json: try value("error")) else { throw malformed("error") }
        return error
    }

    func failure() throws(ReplayError) -> StageFailure { StageFailure(try error(), effect: try effect()) }

    func hold() throws(ReplayError) -> StageHold {
        switch try text("on") {
        case "slot": return .slot(detail: try text("detail"))
        case "quota":
            guard let key = record.data["quota"]?.intValue else { throw malformed("quota") }
            return .quota(QuotaWait(quota: key, detail: try text("detail"), until: try optionalInstant("until")))
        case "pause": return .pause
        case "sleep": return .sleep(until: try instant("until"))
        case "gate":
            guard let approvers = record.data["approvers"]?.arrayValue?.compactMap(\.stringValue),
                let required = record.data["required"]?.intValue
            else { throw malformed("approvers") }
            let form = try value("form")
            return .gate(
                GateRequest(
                    prompt: try text("prompt"), approvers: approvers, required: Int(clamping: required),
                    form: form.isNull ? JSONValue?.none : form, until: try optionalInstant("until"),
                    approvesOnTimeout: try text("on_timeout") == "approve",
                    rewindTo: record.data["rewind_to"]?.stringValue,
                    maximumRewinds: Int(
                        clamping: record.data["max_rewinds"]?.intValue ?? Int64(RunMachine.rewindsOfGate)),
                    isAboutLoss: record.data["about"]?.stringValue == "loss"))
        case "signal": return .signal(name: try text("name"), until: try optionalInstant("until"))
        case "secret": return .missing(.secret, reason: try text("detail"))
        case "plugin": return .missing(.plugin, reason: try text("detail"))
        default: throw malformed("on")
        }
    }
}
