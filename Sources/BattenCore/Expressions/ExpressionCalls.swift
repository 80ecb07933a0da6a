// Calls of functions: arity, arguments, and who computes what.
extension ExpressionEvaluator {
    /// The arguments of a call with what is needed to report a fault in one of them.
    struct Arguments {
        let function: ExpressionFunction
        let nodes: [ExpressionNode]
        var values: [JSONValue]
        let range: Range<Int>

        var count: Int { values.count }

        subscript(_ index: Int) -> JSONValue { values[index] }

        func fault(_ message: String, at index: Int, help: String? = nil) -> ExpressionError {
            ExpressionError(
                code: .argument, message: "\(function.rawValue): \(message)", range: nodes[index].range, help: help)
        }

        func mismatch(_ wanted: String, at index: Int) -> ExpressionError {
            ExpressionError(
                code: .type,
                message: "\(function.rawValue) needs \(wanted), here is \(values[index].nameWithArticle)",
                range: nodes[index].range, help: "write \(function.signature)")
        }

        func string(_ index: Int) throws(ExpressionError) -> String {
            if case .string(let text) = values[index] { return text }
            throw mismatch("a string", at: index)
        }

        func list(_ index: Int) throws(ExpressionError) -> [JSONValue] {
            if case .array(let elements) = values[index] { return elements }
            throw mismatch("a list", at: index)
        }

        func object(_ index: Int) throws(ExpressionError) -> JSONObject {
            if case .object(let object) = values[index] { return object }
            throw mismatch("an object", at: index)
        }

        func integer(_ index: Int) throws(ExpressionError) -> Int64 {
            if let number = values[index].intValue { return number }
            throw mismatch("an integer", at: index)
        }

        func bool(_ index: Int) throws(ExpressionError) -> Bool {
            if case .bool(let truth) = values[index] { return truth }
            throw mismatch("a boolean", at: index)
        }
    }

    /// The value of a call.
    mutating func call(_ call: ExpressionCall, _ node: ExpressionNode) throws(ExpressionError) -> JSONValue {
        guard let function = call.function else {
            throw ExpressionFunction.unknown(call.name, range: call.nameRange)
        }
        let count = call.arguments.count
        if let fault = function.arityFault(count, range: node.range) { throw fault }
        if let status = function.status { return try answer(status, node.range) }
        if function == .default || function == .coalesce { return try firstPresent(function, call.arguments) }
        var values: [JSONValue] = []
        values.reserveCapacity(count)
        for argument in call.arguments {
            let value = try value(of: argument)
            try charge(value.shallowSize, node.range)
            values.append(value)
        }
        return try compute(Arguments(function: function, nodes: call.arguments, values: values, range: node.range))
    }

    private func answer(_ status: StatusFunction, _ range: Range<Int>) throws(ExpressionError) -> JSONValue {
        if let truth = scope.status(status) { return .bool(truth) }
        throw ExpressionError(
            code: .unavailable, message: "\(status.rawValue)() has no meaning here", range: range,
            help: "status functions stand in 'if'")
    }

    private mutating func firstPresent(
        _ function: ExpressionFunction, _ nodes: [ExpressionNode]
    ) throws(ExpressionError) -> JSONValue {
        for (index, node) in nodes.enumerated() {
            if function.forgivesMissing(argument: index, of: nodes.count) {
                if let value = try present(node), !value.isNull { return value }
            } else {
                let value = try value(of: node)
                if !value.isNull { return value }
            }
        }
        return .null
    }

    private mutating func compute(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        switch arguments.function {
        case .length, .contains, .startsWith, .endsWith, .upper, .lower, .trim, .split, .join, .replace, .matches,
            .format:
            return try text(arguments)
        case .keys, .values, .entries, .first, .last, .slice, .sort, .unique, .flatten, .sum, .min, .max, .range,
            .has:
            return try collection(arguments)
        case .toJSON, .fromJSON, .int, .float, .string, .bool, .sha256, .base64, .unbase64, .urlencode, .shellquote:
            return try conversion(arguments)
        case .now: return try now(arguments.range)
        case .date, .duration: return try time(arguments)
        case .default, .coalesce, .success, .failure, .cancelled, .always: return .null
        }
    }

    /// A value as it stands inside a longer text: strings as they are, everything else as compact JSON.
    mutating func rendered(_ value: JSONValue, _ range: Range<Int>) throws(ExpressionError) -> String {
        switch value {
        case .string(let text): return text
        case .null:
            throw ExpressionError(
                code: .nullInText, message: "the value is null and stands inside a text", range: range,
                help: "write ?? '' behind it to have nothing there")
        case .array, .object:
            try checkResult(value, range: range)
            let text = JSONWriter.string(value)
            try charge(text.utf8.count, range)
            return text
        default: return JSONWriter.string(value)
        }
    }
}

extension JSONValue {
    /// How much a function has to go through at least: bytes of a text, elements of a list.
    var shallowSize: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .array(let elements): elements.count
        case .object(let object): object.count
        default: 1
        }
    }
}
