/// The stage attempt that a run was started by, when it is another run's child.
public struct ParentStage: Sendable, Hashable {
    /// Run id of the parent.
    public var run: String
    /// Stage id.
    public var stage: String
    /// Item of the stage; nil unless it runs over a list.
    public var item: Int?
    /// Attempt number, from 1.
    public var attempt: Int

    /// Names an attempt of a stage.
    public init(run: String, stage: String, item: Int? = nil, attempt: Int) {
        self.run = run
        self.stage = stage
        self.item = item
        self.attempt = attempt
    }

    /// Key under which the attempt has one child, however often it is started.
    public var idempotencyKey: String { "child:\(run)/\(stage)\(item.map { "[\($0)]" } ?? "")/\(attempt)" }

    /// The child's run id: it follows from the attempt, so that whoever takes the parent up finds the child.
    public var childRun: String {
        let digest = Array(idempotencyKey.utf8).withUnsafeBytes { SHA256.digest($0) }
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        return String(decoding: digest.prefix(12).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }

    /// Seed of everything random in the child.
    public var childSeed: UInt64 {
        let digest = Array(idempotencyKey.utf8).withUnsafeBytes { SHA256.digest($0) }
        return digest.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The attempt as data; `item` where there is one.
    public var members: JSONObject {
        var members: JSONObject = ["run": .string(run), "stage": .string(stage)]
        if let item { members["item"] = .int(Int64(item)) }
        members["attempt"] = .int(Int64(attempt))
        return members
    }

    var json: JSONValue { .object(members) }

    init?(json: JSONValue) {
        guard let run = json["run"]?.stringValue, let stage = json["stage"]?.stringValue,
            let attempt = json["attempt"]?.intValue
        else { return nil }
        let item = json["item"]?.intValue.map { Int(clamping: $0) }
        self.init(run: run, stage: stage, item: item, attempt: Int(clamping: attempt))
    }
}

/// A child run to start or to go on with.
public struct ChildStart: Sendable, Hashable {
    /// Stage's place in the plan.
    public var stageIndex: Int
    /// Attempt number, from 1.
    public var attempt: Int
    /// Bound on the child's run.
    public var timeout: Duration
    /// Whether an engine before this one may have started it.
    public var mayExist: Bool
    /// Whether it is started when it does not exist.
    public var mayBegin: Bool

    /// Names a child of an attempt.
    public init(stageIndex: Int, attempt: Int, timeout: Duration, mayExist: Bool, mayBegin: Bool) {
        self.stageIndex = stageIndex
        self.attempt = attempt
        self.timeout = timeout
        self.mayExist = mayExist
        self.mayBegin = mayBegin
    }
}

extension RunMachine {
    /// Codes of the errors of a stage whose child did not complete.
    public static let childFailedCode = "batten.child_failed"
    static let childCancelledCode = "batten.child_cancelled"
    static let childTimeoutCode = "batten.child_timeout"

    /// Evaluates the parameters that a stage gives its child, and holds them against the child's declarations.
    ///
    /// - Returns: all parameters of the child, or the outcome to report for the attempt. No secret can be read here:
    ///   parameters are stored as they are.
    public func childParameters(stageIndex: Int) -> Result<JSONObject, ChildRefusal> {
        guard state.stages.indices.contains(stageIndex), let child = childPlan(stageIndex: stageIndex) else {
            return .failure(ChildRefusal(.permanent("batten.child", "stage \(stageIndex) has no child workflow")))
        }
        switch ownInput(stageIndex) {
        case .failure(let thrown): return .failure(ChildRefusal(thrown.failure.outcome))
        case .success(let input):
            var given = JSONObject()
            if let value = input["parameters"], !value.isNull {
                guard case .object(let object) = value else {
                    return refusal(stageIndex, "'parameters' is \(value.described), not a mapping")
                }
                given = object
            }
            switch child.definition.complete(parameters: given) {
            case .success(let parameters): return .success(parameters)
            case .failure(let mismatch): return refusal(stageIndex, mismatch.message)
            }
        }
    }

    private func refusal(_ index: Int, _ what: String) -> Result<JSONObject, ChildRefusal> {
        let message = "stage '\(planned(index).id)' cannot start its child: \(what)"
        return .failure(ChildRefusal(.permanent("batten.child_parameters", message)))
    }

    /// The attempt of a stage as the parent of its child.
    public func parentStage(stageIndex: Int, attempt: Int) -> ParentStage {
        let row = state.stages[stageIndex].row
        return ParentStage(run: state.row.id, stage: row.id, item: row.item, attempt: attempt)
    }

    /// The plan of the workflow that the current body of a stage runs as a child; nil when it runs none.
    public func childPlan(stageIndex: Int) -> Plan? {
        guard state.stages.indices.contains(stageIndex) else { return nil }
        return planned(stageIndex).child(of: state.stages[stageIndex].body)
    }

    /// What the end of a child means for the attempt that started it.
    ///
    /// - Parameter row: the child's row; its run has ended.
    public static func outcome(ofChild row: RunRow) -> StageOutcome {
        let name = "child run \(row.id) of workflow '\(row.workflow)'"
        let details: JSONValue = .object([
            "run": .string(row.id), "workflow": .string(row.workflow), "status": .string(row.status.rawValue),
            "error": row.error?.json ?? .null,
        ])
        let why = row.error.map { ": \($0.message)" } ?? ""
        switch row.status {
        case .completed: return StageOutcome(.ok, effect: .made, output: row.outputs ?? .object([:]))
        case .timedOut:
            return StageOutcome(
                .timeout, effect: .unknown, code: childTimeoutCode, message: "\(name) timed out\(why)",
                details: details)
        case .cancelled:
            return StageOutcome(
                .cancelled, effect: .unknown, code: childCancelledCode, message: "\(name) was cancelled\(why)",
                details: details)
        case .failed, .pending, .running, .paused, .waiting:
            return StageOutcome(
                row.error?.outcomeClass ?? .failed, effect: .unknown, code: childFailedCode,
                message: "\(name) failed\(why)", details: details)
        }
    }

    // MARK: Attempts that are children

    /// Whether the current body of a stage is a child run: it uses no slot, and is not lost with its engine.
    func isChild(_ index: Int) -> Bool { state.isChild(index, plan) }

    /// The effect that starts the child of an attempt, or finds it again.
    func childEffect(_ index: Int, timeout: Duration, mayExist: Bool) -> RunEffect {
        .startChild(
            ChildStart(
                stageIndex: index, attempt: state.stages[index].row.attempts, timeout: timeout, mayExist: mayExist,
                mayBegin: state.stages[index].stopping == nil))
    }

    /// Has the engine find the children of a run that was taken up.
    mutating func findChildren(_ at: Timestamp) {
        for index in state.stages.indices where state.stages[index].mode == .running && isChild(index) {
            let begun = state.stages[index].attempt?.startedAt ?? at
            let bound = planned(index).other(state.stages[index].body)?.timeout ?? planned(index).timeout
            let left = max(.zero, bound - (at - begun))
            effects.append(childEffect(index, timeout: left, mayExist: true))
            guard state.stages[index].stopping != nil else { continue }
            effects.append(.cancelAttempt(stage: index, attempt: state.stages[index].row.attempts, now: false))
        }
    }
}

/// Why a child cannot be started: the outcome of the attempt.
public struct ChildRefusal: Error, Sendable {
    /// The outcome to report.
    public let outcome: StageOutcome

    init(_ outcome: StageOutcome) { self.outcome = outcome }
}

extension RunState {
    /// Whether the current body of a stage is a child run.
    func isChild(_ index: Int, _ plan: Plan) -> Bool {
        planned(index, plan).child(of: stages[index].body) != nil
    }
}
