import BattenCore
import BattenSpec

/// Writes a session as a workflow: what its names stand for, and what that was made from.
struct SessionWriter {
    let session: Session
    let context: CommandContext

    /// A session as a workflow.
    struct Written {
        /// The workflow as it was read back and checked.
        var definition: WorkflowDefinition
        /// Places of the entries behind its stages, in their order; nil for a stage that was not carried out.
        var places: [Int?]
        /// Texts with expressions, parsed when it was checked.
        var parsed: ParsedTexts
    }

    /// The session as a checked workflow.
    ///
    /// - Parameter name: name of the workflow.
    /// - Throws: ``LineFault`` when a line is not valid any more, for example because its plugin is gone.
    func workflow(named name: String) throws -> Written {
        let places = livePlaces()
        guard !places.isEmpty || session.loaded != nil else {
            throw CommandFailure.usage(
                "empty_session", "no name of this session stands for anything yet", help: "run a line first")
        }
        let ids = stageIDs(places)
        var stages: [String] = []
        var behind: [Int?] = []
        var usage = LineUsage()
        if let loaded = session.loaded {
            for stage in loaded.definition.stages {
                stages.append(Self.text(loaded.mocks[stage.id].map { stage.mocked($0) } ?? stage))
                behind.append(session.current[stage.id])
            }
        }
        for place in places {
            let entry = session.entries[place]
            for parameter in entry.usage.parameters { usage.add(parameter: parameter) }
            for secret in entry.usage.secrets { usage.add(secret: secret) }
            guard let text = try stage(entry, place, ids) else { continue }
            stages.append(text)
            behind.append(place)
        }
        var head = headJSON(name, usage)
        var outputs = head["outputs"]?.objectValue ?? [:]
        for (name, value) in self.outputs(places, ids) where outputs[name] == nil { outputs[name] = value }
        head["outputs"] = outputs.isEmpty ? nil : .object(outputs)
        var text = JSONWriter.string(.object(head))
        text.removeLast()
        text += ",\"stages\":[\(stages.joined(separator: ","))]"
        if let loaded = session.loaded, !loaded.definition.finally.isEmpty {
            text += ",\"finally\":[\(loaded.definition.finally.map(Self.text).joined(separator: ","))]"
        }
        text += "}"
        let result = try CheckedWorkflow.read(
            WorkflowText(label: "\(name).json", bytes: Array(text.utf8)), in: context)
        guard let definition = result.definition else {
            throw LineFault(diagnostics: result.diagnostics, source: result.source)
        }
        return Written(definition: definition, places: behind, parsed: result.parsed)
    }

    /// The workflow as YAML, with a comment about each stage.
    func yaml(_ written: Written) -> String {
        guard var head = WorkflowWriter.json(written.definition).objectValue else { return "" }
        let stages = head["stages"]?.arrayValue ?? []
        head["stages"] = nil
        let outputs = head["outputs"]
        head["outputs"] = nil
        let last = head["finally"]
        head["finally"] = nil
        var text = YAMLWriter.string(.object(head))
        text += "stages:\n"
        for (number, stage) in stages.enumerated() {
            let place = number < written.places.count ? written.places[number] : nil
            for line in place.map({ comment(session.entries[$0]) }) ?? [] { text += "  # \(line)\n" }
            for line in YAMLWriter.string(.array([stage])).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast()
            {
                text += line.isEmpty ? "\n" : "  \(line)\n"
            }
        }
        if let last { text += YAMLWriter.string(["finally": last]) }
        if let outputs { text += YAMLWriter.string(["outputs": outputs]) }
        return text
    }

    // MARK: Parts

    /// The entries that names stand for now, and those that they read, in their order.
    private func livePlaces() -> [Int] {
        var live: Set<Int> = []
        // Calls inside lines, and what came of other runs, belong to the lines that read them.
        var open = session.current.values.filter { place in
            if case .run = session.entries[place].origin { return false }
            return !session.entries[place].isInner
        }
        while let place = open.popLast() {
            guard session.entries[place].outputs != nil || session.entries[place].isRunning,
                live.insert(place).inserted
            else { continue }
            open += session.entries[place].usage.entries
        }
        return live.sorted()
    }

    /// An id for each entry: its name where it is what the name stands for, else the name with a number.
    private func stageIDs(_ places: [Int]) -> [Int: String] {
        var ids: [Int: String] = [:]
        var taken: Set<String> = []
        for place in places where session.current[session.entries[place].name] == place {
            ids[place] = session.entries[place].name
            taken.insert(session.entries[place].name)
        }
        for place in places where ids[place] == nil {
            var number = 1
            while taken.contains("\(session.entries[place].name)_\(number)") { number += 1 }
            let id = "\(session.entries[place].name)_\(number)"
            ids[place] = id
            taken.insert(id)
        }
        return ids
    }

    /// A stage of a file as JSON.
    private static func text(_ stage: StageDefinition) -> String {
        let definition = WorkflowWriter.json(WorkflowDefinition(name: "one", stages: [stage]))
        return JSONWriter.string(definition["stages"]?[0] ?? .null)
    }

    /// The stage of a line as JSON; nil for what comes from a file.
    private func stage(_ entry: SessionEntry, _ place: Int, _ ids: [Int: String]) throws -> String? {
        switch entry.origin {
        case .file: return nil
        case .run:
            var stage = StageDefinition(id: ids[place] ?? entry.name, uses: entry.definition.uses)
            stage.ui = ["run": .string(entry.run)]
            return Self.text(stage.mocked(entry.outputs?.objectValue ?? [:]))
        case .call(let call, var table):
            table.rename(ids)
            var reader = LineValueReader(entry.line, LineShape(entry.line.bytes).cleaned, table)
            return written(try call.stage(&reader), entry, place, ids)
        case .line(let statement, var table):
            table.rename(ids)
            let shape = LineShape(entry.line.bytes)
            guard
                let text = try StageText.read(
                    statement, entry.line, shape.cleaned, names: table, catalog: try context.catalog())
            else { return nil }
            return written(text, entry, place, ids)
        }
    }

    private func written(_ text: StageText, _ entry: SessionEntry, _ place: Int, _ ids: [Int: String]) -> String {
        var document = LineDocument()
        text.write(
            id: ids[place] ?? entry.name, dependencies: entry.usage.entries.compactMap { ids[$0] }, to: &document)
        return String(decoding: document.bytes, as: UTF8.self)
    }

    private func headJSON(_ name: String, _ usage: LineUsage) -> JSONObject {
        var head = JSONObject()
        if var loaded = session.loaded?.definition {
            loaded.stages = []
            loaded.finally = []
            for (key, value) in WorkflowWriter.json(loaded).objectValue ?? [:] where key != "stages" {
                head[key] = value
            }
        }
        head["name"] = .string(name)
        var parameters = head["parameters"]?.objectValue ?? [:]
        for parameter in session.parameters
        where usage.parameters.contains(parameter.name) || parameters[parameter.name] != nil {
            var declaration = parameters[parameter.name]?.objectValue ?? ["type": .string(parameter.type.rawValue)]
            declaration["default"] = parameter.value
            parameters[parameter.name] = .object(declaration)
        }
        if !parameters.isEmpty { head["parameters"] = .object(parameters) }
        var secrets = head["secrets"]?.arrayValue ?? []
        for secret in usage.secrets where !secrets.contains(.string(secret)) { secrets.append(.string(secret)) }
        if !secrets.isEmpty { head["secrets"] = .array(secrets) }
        return head
    }

    /// The run's outputs: what no other line reads, under its name.
    private func outputs(_ places: [Int], _ ids: [Int: String]) -> JSONObject {
        var read: Set<Int> = []
        for place in places { read.formUnion(session.entries[place].usage.entries) }
        var outputs = JSONObject()
        for place in places where !read.contains(place) {
            let entry = session.entries[place]
            guard session.current[entry.name] == place, let id = ids[place], case .line = entry.origin else { continue }
            let target = NameTable.Target(entry: place, id: id, member: entry.member)
            outputs[entry.name] = .string("${{ \(target.text) }}")
        }
        return outputs
    }

    /// What was observed of an entry.
    private func comment(_ entry: SessionEntry) -> [String] {
        guard let outputs = entry.outputs?.objectValue, !outputs.isEmpty else { return [] }
        let types = outputs.prefix(12).map { "\(TextFit.clean($0.key)): \(ValueText.type($0.value))" }
        let more = outputs.count > 12 ? ", …" : ""
        return TextFit.wrap("gave " + types.joined(separator: ", ") + more, to: 110)
    }
}
