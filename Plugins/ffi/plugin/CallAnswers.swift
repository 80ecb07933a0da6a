internal import BattenPlugin
internal import CForeign

/// What the calls of a list gave so far.
struct CallAnswers {
    private var answers: [(step: Request.Step, answer: Invocation.Answer)] = []
    private let isList: Bool

    init(isList: Bool) {
        self.isList = isList
    }

    /// Whether no function was called yet.
    var isEmpty: Bool { answers.isEmpty }

    /// Keeps what a call gave.
    mutating func add(_ answer: Invocation.Answer, of step: Request.Step) {
        answers.append((step, answer))
    }

    // MARK: Use by later calls

    /// Puts values of earlier calls in the place of what names them.
    func resolve(_ value: Value, _ field: String) throws(Failure) -> Value {
        switch value {
        case .use(let path):
            return try find(path, "\(field).use")
        case .list(let elements):
            var values: [Value] = []
            for (index, element) in elements.enumerated() { values.append(try resolve(element, "\(field)[\(index)]")) }
            return .list(values)
        case .object(let members):
            var values: [(name: String, value: Value)] = []
            for member in members { values.append((member.name, try resolve(member.value, "\(field).\(member.name)"))) }
            return .object(values)
        default:
            return value
        }
    }

    private func find(_ path: String, _ field: String) throws(Failure) -> Value {
        let steps = path.split(separator: ".", omittingEmptySubsequences: false)
        guard let id = steps.first, let found = answers.first(where: { $0.step.id.map { $0 == id } ?? false }) else {
            throw .badInput(field: field, "there is no earlier call of this name")
        }
        let start: Value?
        switch steps.dropFirst().first {
        case nil, "result": start = found.answer.result
        case "errno": start = .integer(Int64(found.answer.error))
        case let name?: start = found.answer.outputs.first { $0.name == name }?.value
        }
        guard let value = start?.at(steps.dropFirst(2)) else {
            throw .badInput(
                field: field, "the call '\(id)' gave no value '\(steps.dropFirst().joined(separator: "."))'")
        }
        return value
    }

    // MARK: Failures

    /// Fails if the result means so by the call's `fails_on`.
    func check(_ answer: Invocation.Answer, of step: Request.Step) throws(Failure) {
        guard let failsOn = step.failsOn else { return }
        let number: Double? =
            switch answer.result {
            case .integer(let value): Double(value)
            case .unsigned(let value): Double(value)
            case .real(let value): value
            case .bool(let value): value ? 1 : 0
            default: nil
            }
        let isNull = if case .null = answer.result { true } else { false }
        let fails =
            switch failsOn {
            case .null: isNull
            case .zero: number == 0
            case .nonzero: number != 0
            case .negative: (number ?? 0) < 0
            }
        guard fails else { return }
        let reason = answer.error == 0 ? "" : " with errno \(Self.describe(answer.error))"
        throw Failure(
            .failed, code: "ffi.failed", "\(step.prefix)\(step.function) gave \(answer.result.json.text)\(reason)",
            effect: .unknown, details: ["function": .string(step.function), "errno": .integer(Int64(answer.error))])
    }

    /// A failure with what the calls before it gave.
    func failure(_ failure: Failure) -> Failure {
        var failure = failure
        guard !answers.isEmpty else { return failure }
        failure.output = json
        if failure.effect == .none { failure.effect = .unknown }
        return failure
    }

    private static func describe(_ error: Int32) -> String {
        guard let name = cforeign_error_name(error), let text = cforeign_error_text(error) else { return "\(error)" }
        return "\(error) (\(String(cString: name)): \(String(cString: text)))"
    }

    // MARK: Output

    /// The stage's output.
    var json: JSON {
        var output = answers.last.map { Self.members(of: $0.answer) } ?? [:]
        if isList {
            var calls: [JSON] = []
            for (step, answer) in answers {
                var call: JSONObject = [:]
                if let id = step.id { call["id"] = .string(id) }
                call["function"] = .string(step.function)
                for member in Self.members(of: answer) { call[member.name] = member.value }
                calls.append(.object(call))
            }
            output["calls"] = .array(calls)
        }
        return .object(output)
    }

    private static func members(of answer: Invocation.Answer) -> JSONObject {
        var members: JSONObject = ["result": answer.result.json, "errno": .integer(Int64(answer.error))]
        if let name = cforeign_error_name(answer.error), answer.error != 0 {
            members["errno_name"] = .string(String(cString: name))
        }
        members["outputs"] = .object(JSONObject(answer.outputs.map { (name: $0.name, value: $0.value.json) }))
        return members
    }
}
