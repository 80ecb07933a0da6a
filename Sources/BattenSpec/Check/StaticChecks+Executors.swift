import BattenCore

/// Executors: that they exist, and that `with` is what they take.
extension StaticChecks {
    mutating func lookup(_ type: String) -> ExecutorLookup? {
        if let known = executors[type] { return known }
        guard let catalog, LanguageName.isExecutor(type) else { return nil }
        let answer = catalog.executor(type)
        executors[type] = answer
        return answer
    }

    mutating func checkExecutor(_ type: String, at range: Range<Int>) {
        if case .found? = executors[type] { return }
        guard !type.isEmpty, !LanguageFields.engineKinds.contains(type) else { return }
        guard LanguageName.isExecutor(type) else {
            let known = LanguageFields.engineKinds
            problems.add(
                .unknownExecutor, "'\(shortened(type))' names no executor", at: range,
                label: "must be <plugin>.<executor> or one of: \(known.joined(separator: ", "))",
                help: problems.suggestion(for: type, among: known))
            return
        }
        switch lookup(type) {
        case .found, nil: return
        case .unknownPlugin(let id, let searched):
            let near = catalog.flatMap { problems.suggestion(for: type, among: $0.knownTypes()) }
            let folders = searched.isEmpty ? "no plugin folders" : searched.joined(separator: ", ")
            problems.add(
                .unknownExecutor, "there is no plugin '\(shortened(id))'", at: range,
                help: near ?? "looked in: \(folders); 'batten plugin list' shows what there is")
        case .unknownExecutor(let plugin, let offers):
            let near = problems.suggestion(for: type, among: offers.map { $0.contains(".") ? $0 : "\(plugin).\($0)" })
            problems.add(
                .unknownExecutor, "the plugin '\(plugin)' does not offer '\(shortened(type))'", at: range,
                label: "it offers: \(offers.joined(separator: ", "))", help: near)
        case .refused(let code, let message, let help):
            problems.add(
                .refusedPlugin, "the plugin of '\(shortened(type))' is refused: \(message)", at: range, label: code,
                help: help.isEmpty ? nil : help)
        }
    }

    /// A stage may ask for more isolation than its plugin has, never for less.
    mutating func checkIsolation(_ stage: StageDefinition, _ node: SourceNode) {
        guard let wanted = stage.isolation, wanted != .inherit, let place = node["isolation"],
            case .found(let info)? = lookup(stage.uses)
        else { return }
        if wanted == .inProcess, info.isIsolated {
            problems.add(
                .wrongIsolation, "the plugin of '\(shortened(stage.uses))' runs in worker processes", at: place.range,
                help: "leave 'isolation' out; a stage can ask for more isolation, never for less")
        } else if wanted == .process, info.isHostProcessOnly {
            problems.add(
                .wrongIsolation, "'\(shortened(stage.uses))' cannot run in a worker process", at: place.range,
                help: "leave 'isolation' out")
        }
    }

    /// Holds the input of a stage or body against its executor's schema.
    mutating func checkInput(_ with: SourceNode, _ body: StageBody, usesRange: Range<Int>, place: BodyPlace) {
        let input = InputCheck(node: with, usesRange: usesRange, uses: body.uses)
        if LanguageFields.engineKinds.contains(body.uses) {
            guard let schema = kindSchema(body.uses) else { return }
            checkSchema(schema, body.with, input)
            checkKind(body.uses, with, usesRange, place)
        } else if case .found(let info)? = lookup(body.uses) {
            checkSchema(info.input, Planner.effectiveInput(of: body, agents: workflow.definition.agents), input)
            checkCode(info.input, input)
            if body.uses == "llm.chat" { checkTools(with["tools"]) }
        }
    }

    /// The executors that a model may have called.
    mutating func checkTools(_ tools: SourceNode?) {
        for entry in tools?.elements ?? [] {
            if let type = entry.string {
                checkExecutor(type, at: entry.range)
            } else if let uses = entry["uses"], let type = uses.string {
                checkExecutor(type, at: uses.range)
            }
        }
    }

    /// An input with what is needed to point into it.
    struct InputCheck {
        let node: SourceNode
        let usesRange: Range<Int>
        let uses: String
    }

    private mutating func checkSchema(_ schema: JSONSchema, _ value: JSONObject, _ input: InputCheck) {
        guard !schema.acceptsAnything else { return }
        var templates: [(path: [PathPart], text: String, node: SourceNode)] = []
        Self.collect(input.node, &templates)
        var unknown = templates.map(\.path)
        // Fields of an agent are not in the node.
        if input.node["agent"] != nil { Self.collectUnknown(.object(value), at: [], &unknown) }
        for violation in schema.validate(.object(value), unknown: unknown) { tell(violation, schema, input) }
        for template in templates {
            guard let type = inputTypes[template.node.range.lowerBound],
                let wanted = schema.property(at: template.path)?.declaredTypes, !wanted.isEmpty,
                !wanted.contains(where: { ValueType(rawValue: $0).map(type.canBe) ?? false })
            else { continue }
            problems.add(
                .typeMismatch, "this field takes \(wanted.joined(separator: " or "))",
                at: source.firstBytes(of: template.node.range), label: "the expression gives \(article(type))")
        }
    }

    private mutating func tell(_ violation: SchemaViolation, _ schema: JSONSchema, _ input: InputCheck) {
        var help: String?
        if case .key(let key)? = violation.path.last,
            violation.keyword.hasSuffix("roperties") || violation.keyword == "false"
        {
            let parent = schema.property(at: Array(violation.path.dropLast()))
            help = problems.suggestion(for: key, among: parent?.declaredProperties.map(\.name) ?? [])
        }
        let field = violation.path.isEmpty ? "" : "'\(violation.path.pathText)': "
        problems.add(
            .badInput, "'with' does not fit \(input.uses): \(field)\(violation.message)",
            at: range(of: violation, input),
            help: help)
    }

    /// The narrowest place that a violation's path leads to.
    private func range(of violation: SchemaViolation, _ input: InputCheck) -> Range<Int> {
        var node = input.node
        var range = input.usesRange
        let isKey = violation.keyword.hasSuffix("roperties") || violation.keyword == "false"
        for (step, part) in violation.path.enumerated() {
            switch (part, node.content) {
            case (.key(let key), .mapping(let members)):
                guard let member = members.first(where: { $0.key == key }) else {
                    // A field that an agent gave.
                    return node.member("agent")?.value.range ?? range
                }
                node = member.value
                range = isKey && step == violation.path.count - 1 ? member.keyRange : node.range
                if !isKey, node.members != nil { range = member.keyRange }
            case (.index(let position), .sequence(let elements)) where elements.indices.contains(position):
                node = elements[position]
                range = node.range
            default: return source.firstBytes(of: range)
            }
        }
        return source.firstBytes(of: range)
    }

    /// Collects the texts with expressions in them.
    private static func collect(
        _ node: SourceNode, _ found: inout [(path: [PathPart], text: String, node: SourceNode)]
    ) {
        var path: [PathPart] = []
        collect(node, &path, &found)
    }

    private static func collect(
        _ node: SourceNode, _ path: inout [PathPart],
        _ found: inout [(path: [PathPart], text: String, node: SourceNode)]
    ) {
        switch node.content {
        case .scalar(.string(let text), _):
            if text.holdsExpression { found.append((path, text, node)) }
        case .scalar(_, let style):
            if style == .broken { found.append((path, "", node)) }
        case .sequence(let elements):
            for (position, element) in elements.enumerated() {
                path.append(.index(position))
                collect(element, &path, &found)
                path.removeLast()
            }
        case .mapping(let members):
            for member in members {
                path.append(.key(member.key))
                collect(member.value, &path, &found)
                path.removeLast()
            }
        }
    }

    /// Collects the places of texts with expressions in a value; as deep as the reader let it be.
    private static func collectUnknown(_ value: JSONValue, at path: [PathPart], _ found: inout [[PathPart]]) {
        switch value {
        case .string(let text):
            if text.holdsExpression { found.append(path) }
        case .array(let elements):
            for (position, element) in elements.enumerated() {
                collectUnknown(element, at: path + [.index(position)], &found)
            }
        case .object(let object):
            for (key, member) in object { collectUnknown(member, at: path + [.key(key)], &found) }
        default: break
        }
    }

    // MARK: Code

    /// An expression inside code would be run as code: it is refused with the fix.
    private mutating func checkCode(_ schema: JSONSchema, _ input: InputCheck) {
        let fields = codeFields(input.uses, schema)
        guard !fields.isEmpty else { return }
        var templates: [(path: [PathPart], text: String, node: SourceNode)] = []
        Self.collect(input.node, &templates)
        for (path, text, node) in templates {
            guard let field = fields.first(where: { Self.matches($0.path, path) }),
                let template = try? parsed.template(text)
            else { continue }
            let language = field.value.stringValue ?? "code"
            for expression in template.expressions where language != "shell" || expression.wholeCall != "shellquote" {
                tellInjection(expression, path, language, node, input)
            }
        }
    }

    private mutating func codeFields(_ uses: String, _ schema: JSONSchema) -> [JSONSchema.MarkedField] {
        if let known = codeFieldsByExecutor[uses] { return known }
        let fields = schema.codeFields
        codeFieldsByExecutor[uses] = fields
        return fields
    }

    private mutating func tellInjection(
        _ expression: Expression, _ path: [PathPart], _ language: String, _ node: SourceNode, _ input: InputCheck
    ) {
        let name = Self.variable(for: expression)
        let range = expression.references.first?.range ?? expression.functions.first?.range
        let place = range.map { source.range(of: $0, in: node) } ?? source.firstBytes(of: node.range)
        let text = shortened(expression.text, to: 60)
        let help =
            language == "shell"
            ? "pass it through the stage's env and quote the variable: env: {\(name): \"${{ \(text) }}\"} and "
                + "\"$\(name)\" in the \(path.pathText); or wrap it: ${{ shellquote(\(text)) }}"
            : "pass the value beside the code: through env: {\(name): \"${{ \(text) }}\"} or another field of 'with'"
        problems.add(
            .codeInjection, "an expression inside \(language) code could be run as code", at: place,
            label: "'\(path.pathText)' of \(input.uses) is code", help: help)
    }

    /// A variable's name for an expression: the last name it reads, in capitals.
    private static func variable(for expression: Expression) -> String {
        let key = expression.references.first?.path.reversed().lazy.compactMap(\.key).first ?? "VALUE"
        let name = String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return LanguageName.isVariable(name) ? name : "VALUE"
    }

    /// Whether a path is at or below a marked one.
    private static func matches(_ marked: [PathPart], _ path: [PathPart]) -> Bool {
        guard path.count >= marked.count else { return false }
        return zip(marked, path).allSatisfy { $0 == .any || $0 == $1 }
    }
}
