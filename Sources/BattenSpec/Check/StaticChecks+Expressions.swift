import BattenCore

/// Expressions themselves: syntax, names, functions, types.
extension StaticChecks {
    /// Checks every expression in a value.
    ///
    /// - Parameter wanted: the declared type of the value, when it has one.
    mutating func checkExpressions(_ node: SourceNode, _ site: ExpressionSite, wanted: ValueType? = nil) {
        switch node.content {
        case .scalar(.string(let text), _):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return }
            checkTemplate(text, node, site, wanted)
        case .scalar: return
        case .sequence(let elements):
            for element in elements { checkExpressions(element, site) }
        case .mapping(let members):
            for member in members { checkExpressions(member.value, site) }
        }
    }

    private mutating func checkTemplate(
        _ text: String, _ node: SourceNode, _ site: ExpressionSite, _ wanted: ValueType?
    ) {
        do throws(ExpressionError) {
            let template = try parsed.keepTemplate(text)
            guard template.constant == nil else { return }
            for expression in template.expressions {
                let type = check(expression, node, site)
                if site.isInput { inputTypes[node.range.lowerBound] = template.wholeExpression == nil ? .string : type }
                guard template.wholeExpression != nil, let wanted, let type, !type.canBe(wanted) else { continue }
                problems.add(
                    .typeMismatch, "this value is declared as \(wanted.rawValue)",
                    at: source.firstBytes(of: node.range),
                    label: "the expression gives \(article(type))")
            }
            if template.wholeExpression == nil, let wanted, wanted != .string {
                problems.add(
                    .typeMismatch, "this value is declared as \(wanted.rawValue)",
                    at: source.firstBytes(of: node.range),
                    label: "text around an expression makes a string",
                    help: "make the whole value one expression to keep its type")
            }
        } catch {
            tell(error, node)
        }
    }

    /// The condition of a stage: one expression that gives a boolean.
    mutating func checkCondition(_ place: Int, _ site: ExpressionSite) {
        guard let text = index.stages[place].definition.condition, let node = index.stages[place].node["if"] else {
            return
        }
        do throws(ExpressionError) {
            let expression = try parsed.keepCondition(text)
            conditions[place] = expression
            let type = check(expression, node, site)
            if let type, type != .boolean {
                problems.add(
                    .badCondition, "the condition of '\(index.stages[place].definition.id)' gives \(article(type))",
                    at: source.firstBytes(of: node.range), label: "must be true or false",
                    help: "compare it with something, as in x == 'y'")
            }
        } catch {
            tell(error, node)
        }
    }

    func article(_ type: ValueType) -> String {
        switch type {
        case .array: "a list"
        case .object, .integer: "an \(type.rawValue)"
        default: "a \(type.rawValue)"
        }
    }

    /// Checks one expression and gives its type.
    private mutating func check(_ expression: Expression, _ node: SourceNode, _ site: ExpressionSite) -> ValueType? {
        for problem in expression.problems { tell(problem, node) }
        for reference in expression.references { checkReference(reference, node, site) }
        if !site.allowsStatus {
            for use in expression.functions where use.name == "success" || use.name == "failure" {
                problems.add(
                    .misplacedNamespace, "\(use.name)() means nothing in \(site.words)",
                    at: source.range(of: use.range, in: node), help: "use it in the 'if' of a stage")
            }
        }
        let typing = expression.typing(expression.references.map { declaredType($0, site) })
        if expression.problems.isEmpty {
            for problem in typing.problems { tell(problem, node) }
        }
        return typing.type
    }

    /// Tells an error of the expression language.
    mutating func tell(_ error: ExpressionError, _ node: SourceNode) {
        let code: DiagnosticCode
        switch error.code {
        case .unknownName: code = .unknownNamespace
        case .unknownFunction: code = .unknownFunction
        case .arity, .argument: code = .wrongArguments
        case .type: code = .typeMismatch
        case .unavailable: code = .misplacedNamespace
        default: code = .expressionSyntax
        }
        problems.add(code, error.message, at: source.range(of: error.range, in: node), help: error.help)
    }
}
