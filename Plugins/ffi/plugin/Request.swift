internal import BattenPlugin
internal import BattenSignature

/// What a stage asks for: one or several calls in order.
struct Request {
    /// When a result means failure.
    enum FailsOn: String {
        case zero, nonzero, negative, null
    }

    /// One call, with its signature read.
    struct Step {
        /// Its name, by which later calls use its values; nil if it has none.
        let id: String?
        let library: String
        let function: String
        let signature: CSignature
        let arguments: [Value]
        let failsOn: FailsOn?
        /// Where its fields stand in the input: empty or `calls[2].`.
        let prefix: String
    }

    let steps: [Step]
    /// Whether the input has a list of calls.
    let isList: Bool

    static let mostSteps = 256

    /// Reads and checks the input.
    ///
    /// - Throws: ``Failure`` that names the field at fault.
    init(_ input: JSON) throws(Failure) {
        let types = try Self.types(input["types"]?.object ?? [:])
        guard let calls = input["calls"] else {
            isList = false
            let step = try Self.step(input, prefix: "", library: nil, types: types)
            for (place, argument) in step.arguments.enumerated() {
                try Self.checkUses(argument, "arguments[\(place)]", [])
            }
            steps = [step]
            return
        }
        for field in ["function", "signature", "arguments", "fails_on"] where input[field] != nil {
            throw .badInput(field: field, "belongs into each of calls")
        }
        guard let list = calls.array, !list.isEmpty, list.count <= Self.mostSteps else {
            throw .badInput(field: "calls", "must be a list of 1 to \(Self.mostSteps) calls")
        }
        isList = true
        var steps: [Step] = []
        for (index, call) in list.enumerated() {
            let step = try Self.step(
                call, prefix: "calls[\(index)].", library: input["library"]?.string, types: types)
            if let id = step.id, steps.contains(where: { $0.id == id }) {
                throw .badInput(field: "\(step.prefix)id", "there is an earlier call '\(id)'")
            }
            for (place, argument) in step.arguments.enumerated() {
                try Self.checkUses(argument, "\(step.prefix)arguments[\(place)]", steps)
            }
            steps.append(step)
        }
        self.steps = steps
    }

    private static func types(_ texts: JSONObject) throws(Failure) -> [String: CType] {
        do throws(NamedTypeError) {
            return try CSignature.readTypes(texts.map { (name: $0.name, text: $0.value.string ?? "") })
        } catch {
            throw .badInput(field: "types.\(error.name)", "\(error.error)")
        }
    }

    private static func step(
        _ call: JSON, prefix: String, library: String?, types: [String: CType]
    ) throws(Failure) -> Step {
        guard let library = call["library"]?.string ?? library else {
            throw .badInput(field: "\(prefix)library", "is missing: name a library such as libz.so.1")
        }
        guard let text = call["signature"]?.string else {
            throw .badInput(field: "\(prefix)signature", "is missing: write one such as \"double (double)\"")
        }
        let signature: CSignature
        do throws(SignatureError) {
            signature = try CSignature(text, types: types)
        } catch {
            throw .badInput(field: "\(prefix)signature", "\(error)")
        }
        guard let function = call["function"]?.string ?? signature.name else {
            throw .badInput(field: "\(prefix)function", "is missing: name the function here or in the signature")
        }
        guard CSignature.isName(function) else {
            throw .badInput(field: "\(prefix)function", "is no name of a function")
        }
        if let named = signature.name, named != function {
            throw .badInput(field: "\(prefix)signature", "is of \(named), and the function is \(function)")
        }
        if let id = call["id"]?.string, !CSignature.isName(id) {
            throw .badInput(field: "\(prefix)id", "must be letters, digits and _, not beginning with a digit")
        }
        var arguments: [Value] = []
        for (index, argument) in (call["arguments"]?.array ?? []).enumerated() {
            guard let value = Value(argument) else {
                throw .badInput(field: "\(prefix)arguments[\(index)]", "is nested deeper than any type")
            }
            arguments.append(value)
        }
        try checkCount(arguments.count, signature, "\(prefix)arguments")
        let failsOn = call["fails_on"]?.string.flatMap(FailsOn.init(rawValue:))
        if let failsOn { try check(failsOn, signature.result, "\(prefix)fails_on") }
        return Step(
            id: call["id"]?.string, library: library, function: function, signature: signature, arguments: arguments,
            failsOn: failsOn, prefix: prefix)
    }

    private static func checkCount(_ count: Int, _ signature: CSignature, _ field: String) throws(Failure) {
        let taking = signature.taking
        guard count != taking.count else { return }
        let names = taking.map { "\(signature.label($0))" }.joined(separator: ", ")
        let rest =
            taking.count == signature.parameters.count ? "" : "; parameters that are out or length take none"
        throw .badInput(
            field: field,
            "there are \(count), and the signature takes \(taking.count)\(taking.isEmpty ? "" : " (\(names))")\(rest)")
    }

    private static func check(_ failsOn: FailsOn, _ result: CType, _ field: String) throws(Failure) {
        switch (failsOn, result) {
        case (.null, .string), (.null, .pointer), (.zero, .integer), (.nonzero, .integer), (.zero, .bool),
            (.nonzero, .bool), (.negative, .double), (.negative, .float):
            return
        case (.negative, .integer(let integer)) where integer.isSigned:
            return
        default:
            throw .badInput(field: field, "\(failsOn.rawValue) is nothing that a result of type \(result.brief) can be")
        }
    }

    /// Refuses values of calls that do not come earlier.
    private static func checkUses(_ value: Value, _ field: String, _ earlier: [Step]) throws(Failure) {
        switch value {
        case .use(let path):
            let steps = path.split(separator: ".", omittingEmptySubsequences: false)
            guard let step = earlier.first(where: { $0.id.map { $0 == steps[0] } ?? false }) else {
                throw .badInput(field: "\(field).use", "there is no earlier call '\(steps[0])' in the list")
            }
            guard steps.count > 1, steps[1] != "result", steps[1] != "errno" else { return }
            let outputs = step.signature.parameters.indices.filter { step.signature.parameters[$0].isOutput }
                .map { step.signature.label($0) }
            guard !outputs.contains(String(steps[1])) else { return }
            throw .badInput(
                field: "\(field).use",
                "the call '\(steps[0])' has no output '\(steps[1])'; it has \((["result", "errno"] + outputs).joined(separator: ", "))"
            )
        case .list(let elements):
            for (index, element) in elements.enumerated() { try checkUses(element, "\(field)[\(index)]", earlier) }
        case .object(let members):
            for member in members { try checkUses(member.value, "\(field).\(member.name)", earlier) }
        default:
            return
        }
    }
}
