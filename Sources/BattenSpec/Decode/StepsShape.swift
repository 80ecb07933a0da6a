import BattenCore

/// Agent workflows of the shape `steps: [{key, agent, prompt, dependencies, parallel}]`, turned into native nodes.
///
/// The nodes keep their places, so that diagnostics point into the file as it was written.
struct StepsShape {
    private let root: SourceNode
    private let settings: ReaderSettings
    private var nodes: NodeDecoder
    /// Identifier of each step by its key.
    private var ids: [String: String] = [:]
    /// Names that placeholders used, in order, and where first.
    private var parameters: [(name: String, range: Range<Int>)] = []
    private var seenParameters: Set<String> = []

    /// Whether a root is of this shape.
    static func applies(to root: SourceNode) -> Bool { root["steps"] != nil && root["stages"] == nil }

    /// The same workflow as native nodes.
    static func native(
        _ root: SourceNode, source: SourceText, settings: ReaderSettings, _ problems: inout DiagnosticList
    ) -> SourceNode {
        var shape = StepsShape(
            root: root, settings: settings, nodes: NodeDecoder(source, problems: problems))
        let result = shape.convert()
        problems = shape.nodes.problems
        return result
    }

    private mutating func convert() -> SourceNode {
        guard let steps = root.member("steps") else { return root }
        let elements = nodes.list(steps, of: "a workflow")
        for element in elements {
            if let key = element["key"]?.string { ids[key] = LanguageName.identifier(from: key) }
        }
        let stages = elements.compactMap { step($0) }
        var members = (root.members ?? []).filter { !["steps", "parameters", "agents", "name"].contains($0.key) }
        members.insert(nameMember(steps), at: 0)
        if let parameters = parameterMember(steps) { members.append(parameters) }
        if let agents = agentMember(elements, steps) { members.append(agents) }
        members.append(member("stages", .sequence(stages), steps.keyRange, steps.value.range))
        return SourceNode(.mapping(members), range: root.range)
    }

    // MARK: Steps

    private mutating func step(_ node: SourceNode) -> SourceNode? {
        guard let members = node.members else {
            nodes.wrongType(node, "a step", wanted: "a mapping of fields")
            return nil
        }
        let owner = node["key"]?.string.map { "step '\(shortened($0))'" } ?? "a step"
        for field in ["key", "agent", "prompt"] where node[field] == nil {
            nodes.missing(field, of: owner, at: members.first?.keyRange ?? node.range)
        }
        let known = LanguageFields.step + LanguageFields.stage
        var out: [SourceNode.Member] = []
        for entry in members {
            switch entry.key {
            case "key":
                guard let key = nodes.text(entry, of: owner, allowsEmpty: false) else { continue }
                out.append(renamed(entry, "id", text(LanguageName.identifier(from: key), entry.value)))
                if !LanguageName.isIdentifier(key), node["name"] == nil {
                    out.append(renamed(entry, "name", entry.value))
                }
            case "dependencies":
                let names = nodes.texts(entry, of: owner, acceptsOne: true).map { name, range in
                    SourceNode(.scalar(.string(ids[name] ?? name), .derived), range: range)
                }
                if !entry.value.isNull {
                    out.append(renamed(entry, "depends_on", SourceNode(.sequence(names), range: entry.value.range)))
                }
            case "id", "depends_on", "uses", "stages":
                nodes.unknownField(
                    entry, of: owner, known: known, help: "a step has 'key', 'agent', 'prompt', 'dependencies'")
            case "agent", "parallel": out.append(entry)
            default:
                guard known.contains(entry.key) else {
                    nodes.unknownField(entry, of: owner, known: known)
                    continue
                }
                out.append(renamed(entry, entry.key, filled(entry.value)))
            }
        }
        return SourceNode(.mapping(out), range: node.range)
    }

    // MARK: Placeholders

    /// A value with the placeholders of its texts turned into expressions.
    private mutating func filled(_ node: SourceNode) -> SourceNode {
        switch node.content {
        case .scalar(.string(let content), _):
            guard content.contains("{{"), let changed = filled(content, node) else { return node }
            return text(changed, node)
        case .scalar: return node
        case .sequence(let elements):
            return SourceNode(.sequence(elements.map { filled($0) }), range: node.range)
        case .mapping(let members):
            return SourceNode(.mapping(members.map { renamed($0, $0.key, filled($0.value)) }), range: node.range)
        }
    }

    /// A text with its placeholders turned into expressions; nil when it has none.
    private mutating func filled(_ content: String, _ node: SourceNode) -> String? {
        let bytes = Array(content.utf8)
        var out: [UInt8] = []
        var place = 0
        var changed = false
        while place < bytes.count {
            guard bytes[place] == 0x7B, place + 1 < bytes.count, bytes[place + 1] == 0x7B,
                place == 0 || bytes[place - 1] != 0x24, let end = closing(bytes, from: place + 2)
            else {
                out.append(bytes[place])
                place += 1
                continue
            }
            let inner = String(decoding: bytes[place + 2..<end], as: UTF8.self)
            let range = nodes.source.range(of: place..<end + 2, in: node)
            out += Array(expression(for: inner, at: range).utf8)
            changed = true
            place = end + 2
        }
        return changed ? String(decoding: out, as: UTF8.self) : nil
    }

    private func closing(_ bytes: [UInt8], from start: Int) -> Int? {
        var place = start
        while place + 1 < bytes.count {
            if bytes[place] == 0x7D, bytes[place + 1] == 0x7D { return place }
            place += 1
        }
        return nil
    }

    private mutating func expression(for inner: String, at range: Range<Int>) -> String {
        let name = String(inner.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        if name.hasSuffix(".result") {
            let key = String(name.dropLast(7))
            guard let id = ids[key] else {
                nodes.problems.add(
                    .unknownStage, "no step has the key '\(shortened(key))'", at: range,
                    help: nodes.problems.suggestion(for: key, among: ids.keys.sorted()))
                return ""
            }
            return "${{ stages.\(id).outputs.text }}"
        }
        guard LanguageName.isIdentifier(name) else {
            nodes.problems.add(
                .badPlaceholder, "'{{\(shortened(inner))}}' is no placeholder", at: range,
                help: "write {{key.result}} for the answer of a step, or {{name}} for a parameter")
            return ""
        }
        if seenParameters.insert(name).inserted { parameters.append((name, range)) }
        return "${{ parameters.\(name) }}"
    }

    // MARK: Top fields

    private mutating func nameMember(_ steps: SourceNode.Member) -> SourceNode.Member {
        if let written = root.member("name") {
            guard let name = written.value.string, let usable = LanguageName.workflowName(from: name) else {
                return written
            }
            return renamed(written, "name", usable == name ? written.value : text(usable, written.value))
        }
        let file = nodes.source.path.split(separator: "/").last.map(String.init) ?? ""
        let stem = file.split(separator: ".").first.map(String.init) ?? file
        let name = LanguageName.workflowName(from: stem) ?? "steps"
        return member("name", .scalar(.string(name), .derived), steps.keyRange, steps.keyRange)
    }

    /// The parameters as written, and those that placeholders name besides.
    private func parameterMember(_ steps: SourceNode.Member) -> SourceNode.Member? {
        let written = root.member("parameters")
        if let written, written.value.members == nil { return written }
        var members = written?.value.members ?? []
        let known = Set(members.map(\.key))
        for parameter in parameters where !known.contains(parameter.name) {
            let type = member("type", .scalar(.string("string"), .derived), parameter.range, parameter.range)
            members.append(member(parameter.name, .mapping([type]), parameter.range, parameter.range))
        }
        guard written != nil || !members.isEmpty else { return nil }
        return member(
            "parameters", .mapping(members), written?.keyRange ?? steps.keyRange, written?.value.range ?? steps.keyRange
        )
    }

    /// The agents as written, and those that steps name besides: with the configured model and their name as role.
    private mutating func agentMember(_ steps: [SourceNode], _ field: SourceNode.Member) -> SourceNode.Member? {
        let written = root.member("agents")
        if let written, written.value.members == nil { return written }
        var members = written?.value.members ?? []
        var known = Set(members.map(\.key))
        for step in steps {
            guard let agent = step.member("agent"), let name = agent.value.string, !name.isEmpty,
                known.insert(name).inserted
            else { continue }
            let range = agent.value.range
            guard let model = settings.defaultModel else {
                nodes.problems.add(
                    .noDefaultModel, "the agent '\(shortened(name))' is not described and no default model is set",
                    at: range,
                    help: "describe it under 'agents', or set llm.default_model in the configuration")
                let unknown = member("model", .scalar(.string("unknown"), .derived), range, range)
                members.append(member(name, .mapping([unknown]), range, range))
                continue
            }
            let system = "You are \(name)."
            members.append(
                member(
                    name,
                    .mapping([
                        member("model", .scalar(.string(model), .derived), range, range),
                        member("system", .scalar(.string(system), .derived), range, range),
                    ]), range, range))
        }
        guard written != nil || !members.isEmpty else { return nil }
        return member(
            "agents", .mapping(members), written?.keyRange ?? field.keyRange, written?.value.range ?? field.keyRange)
    }

    private func text(_ content: String, _ node: SourceNode) -> SourceNode {
        SourceNode(.scalar(.string(content), .derived), range: node.range)
    }

    private func renamed(_ entry: SourceNode.Member, _ key: String, _ value: SourceNode) -> SourceNode.Member {
        SourceNode.Member(key: key, keyRange: entry.keyRange, value: value)
    }

    private func member(
        _ key: String, _ content: SourceNode.Content, _ keyRange: Range<Int>, _ range: Range<Int>
    ) -> SourceNode.Member {
        SourceNode.Member(key: key, keyRange: keyRange, value: SourceNode(content, range: range))
    }
}
