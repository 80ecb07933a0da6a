/// Computes the value of a tree in a scope.
///
/// Total: there is no loop or recursion in the language, and the work of
/// operators and functions is bounded by a budget.
struct ExpressionEvaluator {
    /// Bytes of compact JSON that a result may have.
    static let greatestResult = 16 << 20
    /// Bytes and elements that operators and functions may go through in one evaluation.
    static let greatestWork = 256 << 20

    let scope: any ExpressionScope
    private var work = 0

    init(scope: any ExpressionScope) { self.scope = scope }

    /// The value of a whole expression, within the bounds of a result.
    mutating func result(of node: ExpressionNode) throws(ExpressionError) -> JSONValue {
        let value =
            switch node.kind {
            case .namespace, .access: try read(node, isWhole: true)
            default: try value(of: node)
            }
        try checkResult(value, range: node.range)
        return value
    }

    /// Refuses a result that is too large or too deep.
    func checkResult(_ value: JSONValue, range: Range<Int>) throws(ExpressionError) {
        var left = Self.greatestResult
        guard value.fits(&left, depth: JSONLimits.standard.depth) else {
            throw ExpressionError(
                code: .limit,
                message: left < 0 ? "the result is larger than 16 MiB" : "the result is nested too deeply",
                range: range, help: "take what is needed of it, or pass large data on as a file")
        }
    }

    /// Charges work against the budget.
    mutating func charge(_ amount: Int, _ range: Range<Int>) throws(ExpressionError) {
        work += min(amount, Self.greatestWork + 1)
        guard work <= Self.greatestWork else {
            throw ExpressionError(
                code: .limit, message: "the expression handles more than 256 MiB of data", range: range,
                help: "split it over several stages' outputs")
        }
    }

    /// The value of a part.
    mutating func value(of node: ExpressionNode) throws(ExpressionError) -> JSONValue {
        switch node.kind {
        case .literal(let value): return value
        case .namespace, .access: return try read(node, isWhole: false)
        case .now: return try now(node.range)
        case .unknown(let name): throw ExpressionAnalysis.unknownName(name, range: node.range)
        case .call(let call): return try self.call(call, node)
        case .list(let nodes):
            var elements: [JSONValue] = []
            elements.reserveCapacity(nodes.count)
            for child in nodes { elements.append(try value(of: child)) }
            return .array(elements)
        case .object(let entries):
            var object = JSONObject()
            object.reserveCapacity(entries.count)
            for entry in entries { object.updateValue(try value(of: entry.value), forKey: entry.key) }
            return .object(object)
        case .not(let child): return .bool(try !truth(of: child, for: "'!'"))
        case .negate(let child): return try negated(try value(of: child), child.range)
        case .binary(let first, let rest):
            var left = try value(of: first)
            for operand in rest {
                let right = try value(of: operand.node)
                left = try apply(operand, left, right, first.range.lowerBound..<operand.node.range.upperBound)
            }
            return left
        case .and(let nodes):
            for child in nodes where try !truth(of: child, for: "'&&'") { return .bool(false) }
            return .bool(true)
        case .or(let nodes):
            for child in nodes where try truth(of: child, for: "'||'") { return .bool(true) }
            return .bool(false)
        case .coalesce(let nodes):
            for child in nodes.dropLast() {
                if let value = try present(child), !value.isNull { return value }
            }
            guard let last = nodes.last else { return .null }
            return try value(of: last)
        case .conditional(let condition, let then, let otherwise):
            return try value(of: try truth(of: condition, for: "the condition before '?'") ? then : otherwise)
        }
    }

    /// The value of a part, or nil when it fails on a missing key.
    mutating func present(_ node: ExpressionNode) throws(ExpressionError) -> JSONValue? {
        do throws(ExpressionError) {
            return try value(of: node)
        } catch {
            guard error.code == .missingKey else { throw error }
            return nil
        }
    }

    private mutating func truth(of node: ExpressionNode, for what: String) throws(ExpressionError) -> Bool {
        let value = try value(of: node)
        if case .bool(let truth) = value { return truth }
        throw ExpressionError(
            code: .type, message: "\(what) needs a boolean, here is \(value.nameWithArticle)", range: node.range,
            help: value.isNull ? "write '?? false' behind it" : "compare it, for example with '== …'")
    }

    // MARK: Names

    private func whole(_ namespace: ExpressionNamespace, _ range: Range<Int>) throws(ExpressionError) -> JSONValue {
        switch scope.lookup(namespace) {
        case .value(let value): return value
        case .missing, .unavailable: throw unavailable(namespace, range)
        }
    }

    private func unavailable(_ namespace: ExpressionNamespace, _ range: Range<Int>) -> ExpressionError {
        let help: String? =
            switch namespace {
            case .item, .index: "it is defined inside a stage with 'for_each'"
            case .matrix: "it is defined inside a stage with 'matrix'"
            case .result: "it is defined inside a stage's own 'outputs'"
            default: nil
            }
        return ExpressionError(
            code: .unavailable, message: "'\(namespace.rawValue)' is not defined here", range: range, help: help)
    }

    func now(_ range: Range<Int>) throws(ExpressionError) -> JSONValue {
        guard let now = scope.now else {
            throw ExpressionError(code: .unavailable, message: "there is no recorded time here", range: range)
        }
        return .string(now.rfc3339)
    }

    // MARK: Access

    /// The value of a name or of what is reached from one; a secret that is sealed in it is the scope's affair.
    private mutating func read(_ node: ExpressionNode, isWhole: Bool) throws(ExpressionError) -> JSONValue {
        let value: JSONValue
        switch node.kind {
        case .namespace(let namespace): value = try whole(namespace, node.range)
        case .access(let base, let steps): value = try access(base, steps)
        default: return try self.value(of: node)
        }
        guard SealedText.isIn(value) else { return value }
        if case .value(let opened) = scope.sealed(value, isWhole: isWhole) { return opened }
        throw ExpressionError(
            code: .unavailable, message: "this value holds a secret, and is not read here", range: node.range,
            help: "values with secrets are read in the 'with' or 'env' of a stage that calls an executor")
    }

    private mutating func access(
        _ base: ExpressionNode, _ steps: [AccessStep]
    ) throws(ExpressionError) -> JSONValue {
        var steps = steps[...]
        let start: JSONValue
        if case .namespace(let namespace) = base.kind, let first = steps.first, case .key(let key) = first.kind {
            steps = steps.dropFirst()
            switch scope.lookup(namespace, member: key) {
            case .value(let value): start = value
            case .missing where first.isNullSafe: start = .null
            case .missing:
                throw missing(key, in: try whole(namespace, base.range), called: "'\(namespace.rawValue)'", first.range)
            case .unavailable: throw unavailable(namespace, base.range)
            }
        } else if case .namespace(let namespace) = base.kind {
            // What is reached from it is looked at, not all of it.
            start = try whole(namespace, base.range)
        } else {
            start = try value(of: base)
        }
        // Computed steps are evaluated once, also behind a projection.
        var keys: [JSONValue] = []
        for step in steps {
            if case .computed(let index) = step.kind { keys.append(try value(of: index)) }
        }
        return try follow(steps, keys[...], from: start)
    }

    private mutating func follow(
        _ steps: ArraySlice<AccessStep>, _ keys: ArraySlice<JSONValue>, from start: JSONValue
    ) throws(ExpressionError) -> JSONValue {
        var value = start
        var keys = keys
        for place in steps.indices {
            let step = steps[place]
            switch step.kind {
            case .key(let key): value = try member(key, of: value, step)
            case .position(let position): value = try element(position, of: value, step)
            case .computed:
                guard let key = keys.popFirst() else { return .null }
                value = try computed(key, of: value, step)
            case .each:
                switch value {
                case .array(let elements):
                    let rest = steps[(place + 1)...]
                    if rest.isEmpty { return value }
                    try charge(elements.count, step.range)
                    var results: [JSONValue] = []
                    results.reserveCapacity(elements.count)
                    for element in elements { results.append(try follow(rest, keys, from: element)) }
                    return .array(results)
                case .null where step.isNullSafe: return .null
                case .null: throw nullHas("elements", step)
                case .object:
                    throw ExpressionError(
                        code: .type, message: "'.*' goes over lists, here is an object", range: step.range,
                        help: "values(…) gives an object's values as a list")
                default:
                    throw ExpressionError(
                        code: .type, message: "'.*' goes over lists, here is \(value.nameWithArticle)",
                        range: step.range)
                }
            }
        }
        return value
    }

    private func computed(
        _ key: JSONValue, of value: JSONValue, _ step: AccessStep
    ) throws(ExpressionError) -> JSONValue {
        if case .string(let key) = key { return try member(key, of: value, step) }
        if let position = key.intValue { return try element(Int(clamping: position), of: value, step) }
        throw ExpressionError(
            code: .type, message: "inside [ ] stands a string or an integer, here is \(key.nameWithArticle)",
            range: step.range)
    }

    private func member(
        _ key: String, of value: JSONValue, _ step: AccessStep
    ) throws(ExpressionError) -> JSONValue {
        switch value {
        case .object(let object):
            if let found = object[key] { return found }
            if step.isNullSafe { return .null }
            throw missing(key, in: value, called: "the object", step.range)
        case .null:
            if step.isNullSafe { return .null }
            throw nullHas("'\(key)'", step)
        default:
            let help: String? =
                if case .array = value { "write .*.\(key) for that of every element, or [0] for one element" } else {
                    nil
                }
            throw ExpressionError(
                code: .type, message: "\(value.nameWithArticle) has no members such as '\(key)'", range: step.range,
                help: help)
        }
    }

    private func element(
        _ position: Int, of value: JSONValue, _ step: AccessStep
    ) throws(ExpressionError) -> JSONValue {
        switch value {
        case .array(let elements):
            let index = position < 0 ? position &+ elements.count : position
            if elements.indices.contains(index) { return elements[index] }
            if step.isNullSafe { return .null }
            throw ExpressionError(
                code: .missingKey,
                message: elements.isEmpty
                    ? "the list is empty, there is no [\(position)]"
                    : "the list has \(elements.count) elements, there is no [\(position)]",
                range: step.range, help: "'?.[\(position)]' gives null instead")
        case .null:
            if step.isNullSafe { return .null }
            throw nullHas("[\(position)]", step)
        default:
            throw ExpressionError(
                code: .type, message: "\(value.nameWithArticle) has no elements", range: step.range,
                help: value.stringValue == nil ? nil : "slice(text, from, to) takes a part of a text")
        }
    }

    private func nullHas(_ what: String, _ step: AccessStep) -> ExpressionError {
        ExpressionError(
            code: .missingKey, message: "null has no \(what)", range: step.range,
            help: "'?.' gives null instead, '?? …' another value")
    }

    private func missing(
        _ key: String, in value: JSONValue, called name: String, _ range: Range<Int>
    ) -> ExpressionError {
        let keys = value.objectValue?.keys ?? []
        let listed = keys.prefix(12).joined(separator: ", ") + (keys.count > 12 ? ", …" : "")
        let near = Spelling.nearest(to: key, in: keys)
        return ExpressionError(
            code: .missingKey,
            message: keys.isEmpty
                ? "\(name) has no '\(key)': it is empty" : "\(name) has no '\(key)', it has: \(listed)",
            range: range, help: near.map { "did you mean '\($0)'?" } ?? "'?.' gives null instead, '?? …' another value")
    }
}

extension JSONValue {
    /// The type's name as it stands in a sentence.
    var nameWithArticle: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// Takes the length of the value as compact JSON off what is left, and stops when nothing is.
    ///
    /// Escapes count as one byte, numbers by an upper estimate.
    /// - Returns: false when the value is longer than what was left or deeper than allowed.
    func fits(_ left: inout Int, depth: Int) -> Bool {
        switch self {
        case .null, .bool: left -= 5
        case .int(let value): left -= value > -10 && value < 10 ? 2 : 20
        case .double: left -= 24
        case .string(let text): left -= text.utf8.count + 2
        case .array(let elements):
            guard depth > 0 else { return false }
            left -= elements.count + 2
            for element in elements where !element.fits(&left, depth: depth - 1) { return false }
        case .object(let object):
            guard depth > 0 else { return false }
            left -= 2
            for member in object.members {
                left -= member.key.utf8.count + 4
                if !member.value.fits(&left, depth: depth - 1) { return false }
            }
        }
        return left >= 0
    }
}
