import BattenCore
import BattenSpec

/// A line's stage, read and resolved, ready to be written into a workflow.
struct StageText: Sendable {
    /// Fields of a stage that a line may give.
    static let stageFields = [
        "description", "if", "env", "timeout", "deadline", "retry", "on_failure", "fallback", "compensate", "for_each",
        "matrix", "max_parallel", "fail_fast", "cache", "isolation", "priority", "budget", "context", "handoff",
        "on_lost", "working_directory", "outputs",
    ]

    /// The executor.
    var uses: LineWord
    /// The executor's input.
    var with: [(key: LineWord, value: LineValue)] = []
    /// Fields of the stage itself.
    var fields: [(key: LineWord, value: LineValue)] = []
    /// The output that the name stands for; nil for all.
    var member: String?
    /// What it reads.
    var usage = LineUsage()
    /// Calls of declared functions that have to be made before.
    var calls: [ForeignCall] = []

    /// Reads the stage of a line.
    ///
    /// - Parameters:
    ///   - bytes: the line without comments.
    ///   - catalog: knows what executors take.
    /// - Returns: nil for a line that has none.
    static func read(
        _ statement: LineStatement, _ line: LineSource, _ bytes: [UInt8], names: NameTable,
        catalog: any ExecutorCatalog
    ) throws(LineFault) -> StageText? {
        var reader = LineValueReader(line, bytes, names)
        var text: StageText
        switch statement {
        case .nothing, .command, .expression: return nil
        case .value(_, let range, _):
            if let call = ForeignCall.find(bytes, range, names.functions) {
                text = try call.stage(&reader)
            } else {
                text = StageText(uses: LineWord(text: "set", range: range), member: "value")
                text.with = [(LineWord(text: "value", range: range), try reader.value(range))]
            }
        case .stage(let stage, _):
            text = StageText(uses: stage.uses)
            var input: JSONSchema?
            if case .found(let info) = catalog.executor(stage.uses.text) { input = info.input }
            for field in stage.fields { try text.add(field, input, &reader) }
        }
        text.usage = reader.usage
        text.calls = reader.calls
        return text
    }

    private mutating func add(
        _ field: StageLine.Field, _ input: JSONSchema?, _ reader: inout LineValueReader
    ) throws(LineFault) {
        let key = field.key
        let schema = input?.property(at: [.key(key.text)])
        let isDeclared = input?.declaredProperties.contains { $0.name == key.text } ?? false
        let isOfStage = field.isOfStage || (!isDeclared && Self.stageFields.contains(key.text) && !isOwn(key.text))
        guard isOfStage else {
            with.append((key, try reader.value(field.value, .init(types: schema?.declaredTypes ?? []))))
            return
        }
        if key.text == "if" {
            fields.append((key, .text(try reader.expression(field.value))))
        } else {
            fields.append((key, try reader.value(field.value, .init(types: ["string", "integer"]))))
        }
    }

    /// Whether the engine's own kinds of stages take a field of this name as their input.
    private func isOwn(_ field: String) -> Bool {
        switch uses.text {
        case "gate", "signal": field == "timeout"
        case "set": field != "outputs"
        default: false
        }
    }

    /// Writes the stage.
    ///
    /// - Parameters:
    ///   - dependencies: ids of the stages that it reads.
    ///   - ui: free-form data.
    func write(id: String, dependencies: [String], ui: JSONValue? = nil, to document: inout LineDocument) {
        document.raw("{\"id\":")
        document.word(id, uses.range)
        document.raw(",\"uses\":")
        document.word(uses.text, uses.range)
        document.raw(",\"with\":")
        document.value(.object(with, uses.range))
        for field in fields {
            document.raw(",")
            document.word(field.key.text, field.key.range)
            document.raw(":")
            document.value(field.value)
        }
        if !dependencies.isEmpty {
            document.raw(",\"depends_on\":")
            document.raw(.array(dependencies.map { .string($0) }))
        }
        if let ui {
            document.raw(",\"ui\":")
            document.raw(ui)
        }
        document.raw("}")
    }
}
