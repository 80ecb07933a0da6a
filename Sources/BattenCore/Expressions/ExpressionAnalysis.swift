/// What can be said of an expression without evaluating it.
struct ExpressionAnalysis: Sendable {
    private(set) var references: [Reference] = []
    private(set) var functions: [FunctionUse] = []
    private(set) var problems: [ExpressionError] = []

    init(_ node: ExpressionNode) { visit(node, isGuarded: false) }

    private mutating func visit(_ node: ExpressionNode, isGuarded: Bool) {
        switch node.kind {
        case .literal, .now: break
        case .namespace, .access: access(node, isGuarded: isGuarded)
        case .unknown(let name): problems.append(Self.unknownName(name, range: node.range))
        case .call(let call): visit(call, node, isGuarded: isGuarded)
        case .coalesce(let nodes):
            for (index, child) in nodes.enumerated() { visit(child, isGuarded: isGuarded || index < nodes.count - 1) }
        case .list(let nodes), .and(let nodes), .or(let nodes):
            for child in nodes { visit(child, isGuarded: isGuarded) }
        case .object(let entries):
            for entry in entries { visit(entry.value, isGuarded: isGuarded) }
        case .not(let child), .negate(let child): visit(child, isGuarded: isGuarded)
        case .binary(let first, let rest):
            visit(first, isGuarded: isGuarded)
            for operand in rest { visit(operand.node, isGuarded: isGuarded) }
        case .conditional(let condition, let then, let otherwise):
            visit(condition, isGuarded: isGuarded)
            visit(then, isGuarded: isGuarded)
            visit(otherwise, isGuarded: isGuarded)
        }
    }

    private mutating func visit(_ call: ExpressionCall, _ node: ExpressionNode, isGuarded: Bool) {
        functions.append(FunctionUse(name: call.name, range: call.nameRange))
        guard let function = call.function else {
            problems.append(ExpressionFunction.unknown(call.name, range: call.nameRange))
            for argument in call.arguments { visit(argument, isGuarded: isGuarded) }
            return
        }
        let count = call.arguments.count
        if let fault = function.arityFault(count, range: node.range) { problems.append(fault) }
        if function == .matches, count == 2, case .literal(.string(let pattern)) = call.arguments[1].kind {
            do throws(SearchPattern.Failure) {
                _ = try SearchPattern.cached(pattern)
            } catch {
                problems.append(Self.badPattern(error.reason, range: call.arguments[1].range))
            }
        }
        for (index, argument) in call.arguments.enumerated() {
            visit(argument, isGuarded: isGuarded || function.forgivesMissing(argument: index, of: count))
        }
    }

    /// Records the longest path that is known, and looks into computed steps.
    private mutating func access(_ node: ExpressionNode, isGuarded: Bool) {
        var base = node
        var steps: [AccessStep] = []
        while case .access(let inner, let more) = base.kind {
            steps = steps.isEmpty ? more : more + steps
            base = inner
        }
        for step in steps {
            if case .computed(let index) = step.kind { visit(index, isGuarded: isGuarded) }
        }
        guard case .namespace(let namespace) = base.kind else {
            visit(base, isGuarded: isGuarded)
            return
        }
        var path: [PathPart] = []
        var ranges: [Range<Int>] = []
        var safe: [Bool] = []
        path.reserveCapacity(steps.count + 1)
        ranges.reserveCapacity(steps.count + 1)
        safe.reserveCapacity(steps.count + 1)
        path.append(.key(namespace.rawValue))
        ranges.append(base.range)
        safe.append(false)
        for step in steps {
            ranges.append(step.range)
            safe.append(step.isNullSafe)
            switch step.kind {
            case .key(let key): path.append(.key(key))
            case .position(let position): path.append(.index(position))
            case .computed, .each: path.append(.any)
            }
        }
        references.append(
            Reference(
                namespace: namespace, path: path, partRanges: ranges, nullSafeParts: safe, range: node.range,
                isGuarded: isGuarded))
    }

    static func unknownName(_ name: String, range: Range<Int>) -> ExpressionError {
        let help: String?
        if let function = ExpressionFunction(rawValue: name) {
            help = "to call the function write \(function.signature)"
        } else if let near = Spelling.guess(name, in: ExpressionNamespace.allCases.lazy.map(\.rawValue)) {
            help = "did you mean '\(near)'?"
        } else {
            help =
                "text is written in quotes: '\(name)'; names are "
                + ExpressionNamespace.allCases.map(\.rawValue).joined(separator: ", ")
        }
        return ExpressionError(
            code: .unknownName, message: "'\(name)' is no name an expression can use", range: range, help: help)
    }

    static func badPattern(_ reason: String, range: Range<Int>) -> ExpressionError {
        ExpressionError(
            code: .argument, message: "the pattern is not one RE2 can search with: \(reason)", range: range,
            help: "RE2 has no look-around and no back-references")
    }
}
