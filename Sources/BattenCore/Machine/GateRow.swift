/// How a gate was decided.
public enum GateDecision: String, Sendable, Hashable, CaseIterable {
    case approved, rejected
    /// Nobody decides it any more: its stage was cancelled or ran into its deadline.
    case closed
}

/// A gate as it stands: what is asked, whom, and who has answered.
public struct GateRow: Sendable, Hashable {
    /// One person's answer.
    public struct Vote: Sendable, Hashable {
        /// The answer.
        public var answer: GateAnswer
        /// When it was taken in.
        public var at: Timestamp

        /// Creates a vote.
        public init(answer: GateAnswer, at: Timestamp) {
            self.answer = answer
            self.at = at
        }
    }

    /// Place of its stage in the plan.
    public var stageIndex: Int
    /// What is asked.
    public var prompt: String
    /// Who may answer; empty lets everybody.
    public var approvers: [String]
    /// How many approvals it takes, from 1.
    public var required: Int
    /// JSON Schema of the values that an approval carries; nil when it carries none.
    public var form: JSONValue?
    /// Whether the gate is approved when its time has passed; else it is rejected.
    public var approvesOnTimeout: Bool
    /// When it was opened.
    public var openedAt: Timestamp
    /// When its time has passed; nil is never.
    public var expiresAt: Timestamp?
    /// The answers so far, at most one a person.
    public var votes: [Vote]
    /// How it was decided; nil while it is open.
    public var decision: GateDecision?
    /// Who decided it; nil when time did, or nobody.
    public var decidedBy: String?
    /// When it was decided.
    public var decidedAt: Timestamp?

    /// Creates an open gate.
    public init(
        stageIndex: Int, prompt: String, approvers: [String] = [], required: Int = 1, form: JSONValue? = nil,
        approvesOnTimeout: Bool = false, openedAt: Timestamp, expiresAt: Timestamp? = nil
    ) {
        self.stageIndex = stageIndex
        self.prompt = prompt
        self.approvers = approvers
        self.required = required
        self.form = form
        self.approvesOnTimeout = approvesOnTimeout
        self.openedAt = openedAt
        self.expiresAt = expiresAt
        self.votes = []
        self.decision = nil
        self.decidedBy = nil
        self.decidedAt = nil
    }

    /// How many have approved.
    public var approvals: Int { votes.count { $0.answer.approves } }

    /// The form's values from all approvals, later ones over earlier ones, and its defaults for what none of them says.
    public var values: JSONObject { values(adding: [:]) }

    /// Why an answer cannot be taken in; nil when it can.
    public func refusal(of answer: GateAnswer) -> String? {
        if let decision {
            switch decision {
            case .closed: return "\(answer.gate) is closed: its stage has ended"
            case .approved, .rejected:
                let whom = decidedBy.map { "by \($0)" } ?? "because its time had passed"
                return "\(answer.gate) is \(decision.rawValue) already, \(whom)"
            }
        }
        if answer.by.isEmpty { return "an answer needs the name of who gives it" }
        guard approvers.isEmpty || approvers.contains(answer.by) else {
            return "'\(answer.by)' may not answer \(answer.gate); its approvers are "
                + approvers.joined(separator: ", ")
        }
        guard !votes.contains(where: { $0.answer.by == answer.by }) else {
            return "'\(answer.by)' has answered \(answer.gate) already"
        }
        guard answer.approves else { return nil }
        if form == nil, !answer.form.isEmpty { return "\(answer.gate) has no form to fill in" }
        return mismatch(adding: answer.form)
    }

    /// What in the values does not fit the form; nil when all does.
    func mismatch(adding own: JSONObject = [:]) -> String? {
        guard let form else { return nil }
        do throws(SchemaError) {
            let found = try JSONSchema.compile(form).validate(.object(values(adding: own)))
            return found.isEmpty ? nil : "the form: " + found.map { "\($0)" }.joined(separator: "; ")
        } catch {
            return "the form is not a JSON Schema: \(error.message)"
        }
    }

    private func values(adding own: JSONObject) -> JSONObject {
        var values = JSONObject()
        for vote in votes where vote.answer.approves {
            for (name, value) in vote.answer.form { values[name] = value }
        }
        for (name, value) in own { values[name] = value }
        for (name, property) in form?["properties"]?.objectValue ?? [:] where values[name] == nil {
            if let standard = property["default"] { values[name] = standard }
        }
        return values
    }

    /// Takes an answer in that is not refused; it may decide the gate.
    public mutating func take(_ answer: GateAnswer, at: Timestamp) {
        votes.append(Vote(answer: answer, at: at))
        if let next = due { decide(next, by: answer.by, at: at) }
    }

    /// The decision that the votes give; nil while they give none.
    var due: GateDecision? {
        if votes.contains(where: { !$0.answer.approves }) { return .rejected }
        return approvals >= required ? .approved : nil
    }

    /// Decides the gate.
    mutating func decide(_ decision: GateDecision, by: String?, at: Timestamp) {
        self.decision = decision
        decidedBy = by
        decidedAt = at
    }
}

/// A signal that a run was handed.
public struct SignalRow: Sendable, Hashable {
    /// Position in the run's journal at which it came in.
    public var seq: Int64
    /// The signal.
    public var signal: RunSignal
    /// When it came in.
    public var at: Timestamp
    /// Place of the stage that took it; nil while it is kept.
    public var takenBy: Int?
    /// When that was.
    public var takenAt: Timestamp?

    /// Creates a signal that no stage has taken.
    public init(seq: Int64, signal: RunSignal, at: Timestamp) {
        self.seq = seq
        self.signal = signal
        self.at = at
        self.takenBy = nil
        self.takenAt = nil
    }
}
