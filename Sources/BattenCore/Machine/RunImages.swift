/// The rows of a run's stages and attempts, brought up to date with facts of its journal and without its plan.
///
/// Only facts that say all there is to say about their rows can be followed; the run's own row changes with none of
/// them. A store may put the rows of such facts off and still show them as they are.
public struct RunImages: Sendable {
    /// The stages, in the order of the plan, and after them the items.
    public private(set) var stages: [StageRow]
    /// The attempts, by stage and number.
    public private(set) var attempts: [AttemptRow]
    /// Places of the stages that facts have changed.
    public private(set) var changedStages: Set<Int> = []
    /// Places of the attempts that facts have added or changed.
    public private(set) var changedAttempts: Set<Int> = []
    private let run: String
    private let places: [Instance: Int]
    private var attemptPlaces: [AttemptKey: Int]

    private struct Instance: Hashable {
        let stage: String
        let item: Int?
    }

    private struct AttemptKey: Hashable {
        let stage: Int
        let number: Int
    }

    /// Starts from the rows as they are stored.
    ///
    /// - Parameters:
    ///   - run: run id.
    ///   - stages: all stages of the run.
    ///   - attempts: its attempts.
    public init(run: String, stages: [StageRow], attempts: [AttemptRow]) {
        self.run = run
        self.stages = stages
        self.attempts = attempts
        places = Dictionary(
            zip(stages.map { Instance(stage: $0.id, item: $0.item) }, stages.indices),
            uniquingKeysWith: { first, _ in first })
        attemptPlaces = Dictionary(
            zip(attempts.map { AttemptKey(stage: $0.stageIndex, number: $0.number) }, attempts.indices),
            uniquingKeysWith: { first, _ in first })
    }

    /// Whether rows can follow facts of this type.
    public static func follow(_ type: String) -> Bool { type == "stage_started" || type == "stage_completed" }

    /// Brings the rows up to date with the next fact of the journal.
    ///
    /// - Throws: when the fact cannot be followed or names what the rows do not have.
    public mutating func apply(_ record: JournalRecord) throws(ReplayError) {
        guard let stage = record.stage, let place = places[Instance(stage: stage, item: record.item)] else {
            throw problem(record, "it names the stage '\(record.stage ?? "")', which the run does not have")
        }
        switch record.type {
        case "stage_started":
            guard let number = record.attempt, let reason = record.data["reason"]?.stringValue else {
                throw problem(record, "'attempt' or 'reason' is missing")
            }
            let body = record.data["body"]?.stringValue.flatMap { StageBodyChoice(rawValue: $0) } ?? .main
            stages[place].status = .running
            stages[place].waiting = nil
            stages[place].attempts = number
            if stages[place].startedAt == nil { stages[place].startedAt = record.at }
            add(
                AttemptRow(
                    stageIndex: stages[place].index, item: record.item, number: number, reason: reason,
                    idempotencyKey: body.idempotencyKey(
                        run: run, stage: stage, item: record.item,
                        round: Int(clamping: record.data["round"]?.intValue ?? 1),
                        step: Int(clamping: record.data["step"]?.intValue ?? 0)),
                    startedAt: record.at))
        case "stage_completed":
            guard let outputs = record.data["outputs"],
                let effect = record.data["effect"]?.stringValue.flatMap({ Effect(rawValue: $0) })
            else { throw problem(record, "'outputs' or 'effect' is missing") }
            stages[place].status = .completed
            stages[place].waiting = nil
            stages[place].outputs = outputs
            stages[place].cachedFrom = record.data["cached_from"]?.stringValue
            stages[place].error = nil
            stages[place].endedAt = record.at
            if stages[place].startedAt == nil { stages[place].startedAt = record.at }
            if let number = record.attempt {
                let key = AttemptKey(stage: stages[place].index, number: number)
                guard let attempt = attemptPlaces[key] else {
                    throw problem(record, "attempt \(number) of stage '\(stage)' has not begun")
                }
                attempts[attempt].endedAt = record.at
                attempts[attempt].outcomeClass = .ok
                attempts[attempt].effect = effect
                changedAttempts.insert(attempt)
            }
        default: throw problem(record, "rows cannot follow a fact of the type '\(record.type)'")
        }
        changedStages.insert(place)
    }

    private mutating func add(_ attempt: AttemptRow) {
        let key = AttemptKey(stage: attempt.stageIndex, number: attempt.number)
        let place = attemptPlaces[key] ?? attempts.count
        if place == attempts.count { attempts.append(attempt) } else { attempts[place] = attempt }
        attemptPlaces[key] = place
        changedAttempts.insert(place)
    }

    private func problem(_ record: JournalRecord, _ what: String) -> ReplayError {
        ReplayError(
            seq: record.seq, message: "record \(record.seq) of the journal of run \(run) cannot be followed: \(what)",
            help: "the journal was written by another version, or damaged: 'batten db check' tells")
    }
}

extension StageBodyChoice {
    /// The key under which all attempts of a stage's body are one request to the outside.
    ///
    /// An undo has a name of its own, and so needs no ending.
    ///
    /// - Parameters:
    ///   - round: which time the stage is carried out in the run; each time is another request.
    ///   - step: how many steps of the stage are behind it; each is another request too.
    func idempotencyKey(run: String, stage: String, item: Int?, round: Int = 1, step: Int = 0) -> String {
        var key = run + "/" + stage
        if round > 1 { key += "#\(round)" }
        if let item { key += "/\(item)" }
        if step > 0 { key += "/step-\(step)" }
        return self == .fallback ? key + "/fallback" : key
    }
}
