// What stages that talk to a language model have besides their input: tools, summaries, named texts.
extension PlanCompiler {
    /// The executors that a stage's model may have called, and what the model is told of them.
    mutating func tools(
        _ stage: StageDefinition
    ) throws(PlanError) -> (planned: [PlannedTool], offers: [JSONValue]) {
        guard stage.uses == "llm.chat" else { return ([], []) }
        let input = Planner.effectiveInput(
            of: StageBody(uses: stage.uses, with: stage.with), agents: definition.agents)
        guard let list = input["tools"]?.arrayValue, list.contains(where: { Self.executor(of: $0) != nil }) else {
            return ([], [])
        }
        var planned: [PlannedTool] = []
        var offers: [JSONValue] = []
        for (place, entry) in list.enumerated() {
            func problem(_ what: String, _ help: String) -> PlanError {
                PlanError(.tools, stage: stage.id, "with.tools[\(place)] of stage '\(stage.id)' \(what)", help: help)
            }
            guard let uses = Self.executor(of: entry) else {
                throw problem(
                    "is no executor, and others of the list are",
                    "write executors alone, or functions alone whose calls the outputs hand on")
            }
            guard case .executor(let info) = try kind(uses, stage.id) else {
                throw problem("is '\(uses)', which is the engine's own", "tools are executors of plugins")
            }
            var body = StageBody(uses: uses, with: entry["with"]?.objectValue ?? [:])
            for (name, value) in entry["env"]?.objectValue ?? [:] {
                guard let text = value.stringValue else {
                    throw problem("has the variable '\(name)', which is no text", "quote it")
                }
                body.env.append(EnvironmentEntry(name: name, source: .text(text)))
            }
            if let timeout = entry["timeout"] {
                guard let bound = timeout.stringValue.flatMap({ try? DurationText.parse($0) }) else {
                    throw problem("has a timeout that is none", "write for example 30s")
                }
                body.timeout = bound
            }
            let name = entry["name"]?.stringValue ?? String(uses.map { $0 == "." ? "_" : $0 })
            guard !planned.contains(where: { $0.name == name }) else {
                throw problem("is named '\(name)' like another", "give it a name of its own")
            }
            planned.append(PlannedTool(name: name, body: try self.body(body, "tools[\(place)]", stage.id)))
            offers.append([
                "name": .string(name), "description": .string(entry["description"]?.stringValue ?? info.summary),
                "parameters": entry["parameters"] ?? Self.parameters(info.inputSchema, without: body.with),
            ])
        }
        return (planned, offers)
    }

    /// The executor that an entry of `tools` names; nil for a function.
    private static func executor(of entry: JSONValue) -> String? { entry.stringValue ?? entry["uses"]?.stringValue }

    /// An executor's input schema without the fields that are written already.
    private static func parameters(_ schema: JSONValue, without written: JSONObject) -> JSONValue {
        guard var members = schema.objectValue else { return ["type": "object"] }
        if var properties = members["properties"]?.objectValue {
            for (name, _) in written { properties[name] = nil }
            members["properties"] = .object(properties)
        }
        if let required = members["required"]?.arrayValue {
            members["required"] = .array(required.filter { written[$0.stringValue ?? ""] == nil })
        }
        for note in ["title", "examples"] { members[note] = nil }
        if members["type"] == nil { members["type"] = "object" }
        return .object(members)
    }

    /// What summarises a stage's outputs.
    ///
    /// A prompt that holds no expression is followed by the outputs: their `text`, else all of them as JSON.
    mutating func handoff(_ stage: StageDefinition) throws(PlanError) -> PlannedBody? {
        guard let summary = stage.handoff?["summary"]?.objectValue else { return nil }
        var with = JSONObject()
        for (field, name) in [("agent", "agent"), ("model", "model"), ("max_tokens", "max_output_tokens")] {
            if let value = summary[field] { with[name] = value }
        }
        var prompt =
            summary["prompt"]?.stringValue
            ?? "Summarise what follows for those who go on with it: what was found or done, what matters, what is open."
        if !prompt.contains("${{") { prompt += "\n\n${{ result?.text ?? toJSON(result) }}" }
        with["prompt"] = .string(prompt)
        return try body(StageBody(uses: "llm.chat", with: with), "handoff", stage.id)
    }

    /// Named texts and files.
    func context(_ declared: JSONValue?, _ stage: String?) throws(PlanError) -> [PlannedContext] {
        var planned: [PlannedContext] = []
        for (name, entry) in declared?.objectValue ?? [:] {
            let text = entry.objectValue == nil ? entry : entry["text"]
            planned.append(
                PlannedContext(
                    name: name,
                    text: try text.map { text throws(PlanError) in try texts.value(text, "context.\(name)", stage) }))
        }
        return planned
    }
}

extension Planner {
    /// The named texts and files that a stage's model is given: the stage's own, then those of the workflow that it does
    /// not have itself, each in the order of the file.
    static func context(of stage: StageDefinition, in definition: WorkflowDefinition) -> [JSONValue] {
        let own = stage.context?.objectValue ?? [:]
        let shared = (definition.context?.objectValue ?? [:]).members.filter { own[$0.key] == nil }
        return (own.members + shared).map { member in
            var entry: JSONObject = ["name": .string(member.key)]
            if let fields = member.value.objectValue {
                for (name, value) in fields { entry[name] = value }
            } else {
                entry["text"] = member.value
            }
            return .object(entry)
        }
    }
}
