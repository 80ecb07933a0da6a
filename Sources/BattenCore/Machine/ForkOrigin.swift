/// Where a run comes from that begins with what another one has committed.
public struct ForkOrigin: Sendable, Hashable {
    /// How the run was asked for.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// From a stage on.
        case fork
        /// From what had not completed.
        case retry
        /// From a checkpoint.
        case restore
    }

    /// Run whose stages are kept.
    public var run: String
    /// Position in its journal up to which they are kept.
    public var seq: Int64
    /// How the run was asked for.
    public var kind: Kind

    /// Creates an origin.
    ///
    /// - Parameters:
    ///   - run: run whose stages are kept.
    ///   - seq: position in its journal, from 1.
    ///   - kind: how the run was asked for.
    public init(run: String, seq: Int64, kind: Kind) {
        self.run = run
        self.seq = seq
        self.kind = kind
    }

    /// Reads what ``json`` has written; nil for anything else.
    public init?(json: JSONValue) {
        guard let run = json["run"]?.stringValue, let seq = json["seq"]?.intValue,
            let kind = json["kind"]?.stringValue.flatMap(Kind.init(rawValue:))
        else { return nil }
        self.init(run: run, seq: seq, kind: kind)
    }

    /// The origin as data.
    public var json: JSONValue {
        ["run": .string(run), "seq": .int(seq), "kind": .string(kind.rawValue)]
    }
}

/// A stage that a run takes from the run it comes from, decided and without attempts of its own.
public struct KeptStage: Sendable, Hashable {
    /// Stage id, the same in both runs.
    public var id: String
    /// Its outputs; nil for a stage that its condition had skipped.
    public var outputs: JSONValue?
    /// Its gate with everybody's answers; nil for a stage that asked nobody.
    public var gate: GateRow?
    /// The summary of its outputs; nil when none was asked for.
    public var summary: JSONValue?
    /// What `stages.<id>.items` gives, for a stage with items that is kept whole.
    public var views: JSONValue?
    /// Items that completed, of a stage that did not: it runs again and takes these over.
    public var items: [Item] = []
    /// The run that has decided it, where that is not the run which this one continues.
    public var run: String?

    /// An item that is taken over when the list still has it at its place.
    public struct Item: Sendable, Hashable {
        /// Its place in the list, from 0.
        public var number: Int
        /// The item.
        public var value: JSONValue
        /// Its outputs.
        public var outputs: JSONValue
    }

    /// Creates a kept stage.
    public init(id: String, outputs: JSONValue?, gate: GateRow? = nil) {
        self.id = id
        self.outputs = outputs
        self.gate = gate
    }
}

extension KeptStage {
    /// The stage as data of the journal; of one that runs again, its items alone.
    var data: JSONObject {
        guard items.isEmpty else {
            return [
                "items": .array(
                    items.map { ["item": .int(Int64($0.number)), "value": $0.value, "outputs": $0.outputs] })
            ]
        }
        var data: JSONObject = ["outputs": outputs ?? .null]
        if let gate { data["gate"] = gate.json }
        if let views { data["views"] = views }
        if let run { data["run"] = .string(run) }
        if let summary { data["summary"] = summary }
        return data
    }

    /// Reads what ``data`` has written; nil for anything else.
    init?(id: String, data: JSONValue, stageIndex: Int) {
        if let list = data["items"]?.arrayValue {
            self.init(id: id, outputs: JSONValue?.none)
            for json in list {
                guard let number = json["item"]?.intValue, let value = json["value"], let outputs = json["outputs"]
                else { return nil }
                items.append(Item(number: Int(clamping: number), value: value, outputs: outputs))
            }
            return
        }
        guard let outputs = data["outputs"] else { return nil }
        self.init(id: id, outputs: outputs.isNull ? JSONValue?.none : outputs)
        if let json = data["gate"] {
            guard let gate = GateRow(json: json, stageIndex: stageIndex) else { return nil }
            self.gate = gate
        }
        views = data["views"]
        run = data["run"]?.stringValue
        summary = data["summary"]
    }
}

extension StageRow {
    private static let keptPrefix = "kept from run "

    /// The reason that the row of a kept stage gives.
    static func keptReason(of origin: String) -> String { keptPrefix + origin }

    /// The run that the stage was kept from; nil for a stage that this run has decided.
    public var keptFrom: String? {
        guard attempts == 0, let reason, reason.hasPrefix(Self.keptPrefix) else { return nil }
        return String(reason.dropFirst(Self.keptPrefix.count))
    }
}

extension GateRow {
    /// The gate as data, everybody's answers included.
    var json: JSONValue {
        .object([
            "prompt": .string(prompt), "approvers": .array(approvers.map { .string($0) }),
            "required": .int(Int64(required)), "form": form ?? .null,
            "on_timeout": .string(approvesOnTimeout ? "approve" : "reject"), "opened_at": .string(openedAt.exact),
            "until": expiresAt.map { .string($0.exact) } ?? .null,
            "votes": .array(
                votes.map { vote in
                    .object([
                        "at": .string(vote.at.exact), "stage": .string(vote.answer.stage),
                        "decision": .string(vote.answer.approves ? "approve" : "reject"),
                        "by": .string(vote.answer.by), "form": .object(vote.answer.form),
                        "reason": .string(vote.answer.reason),
                    ])
                }), "decision": decision.map { .string($0.rawValue) } ?? .null,
            "decided_by": decidedBy.map { .string($0) } ?? .null,
            "decided_at": decidedAt.map { .string($0.exact) } ?? .null,
        ])
    }

    /// Reads what ``json`` has written; nil for anything else.
    init?(json: JSONValue, stageIndex: Int) {
        func instant(_ name: String) -> Timestamp? {
            json[name]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        }
        guard let prompt = json["prompt"]?.stringValue, let required = json["required"]?.intValue,
            let approvers = json["approvers"]?.arrayValue?.compactMap(\.stringValue),
            let openedAt = instant("opened_at"), let votes = json["votes"]?.arrayValue
        else { return nil }
        self.init(
            stageIndex: stageIndex, prompt: prompt, approvers: approvers, required: Int(clamping: required),
            form: json["form"].flatMap { $0.isNull ? JSONValue?.none : $0 },
            approvesOnTimeout: json["on_timeout"]?.stringValue == "approve", openedAt: openedAt,
            expiresAt: instant("until"))
        for vote in votes {
            guard let answer = GateAnswer(json: vote),
                let at = vote["at"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) })
            else { return nil }
            self.votes.append(Vote(answer: answer, at: at))
        }
        decision = json["decision"]?.stringValue.flatMap(GateDecision.init(rawValue:))
        decidedBy = json["decided_by"]?.stringValue
        decidedAt = instant("decided_at")
    }
}
