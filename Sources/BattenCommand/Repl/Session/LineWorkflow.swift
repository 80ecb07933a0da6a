import BattenCore
import BattenEngine
import BattenSpec

/// The workflow that one line's run is locked to: the line's stage, and a stand-in for each earlier one that it reads.
///
/// Stand-ins declare what was observed and take their outputs over from the runs that gave them, so that a line costs what it
/// reads and not what the session has grown to.
struct LineWorkflow {
    /// The line's stage as it was checked.
    let definition: StageDefinition
    /// What the run is started with.
    let submission: RunSubmission
    /// Warnings about the line.
    let warnings: [Diagnostic]

    /// Key of `ui` under which a run remembers its line.
    static let note = "repl"

    /// Makes the workflow of a line.
    ///
    /// - Throws: ``LineFault`` when the line is not valid, ``CommandFailure`` for what is missing around it.
    static func make(
        _ text: StageText, id: String, line: LineSource, note: JSONObject, session: Session, in context: CommandContext
    ) throws -> LineWorkflow {
        var document = LineDocument()
        document.raw("{\"name\":")
        document.raw(.string(session.name))
        if !text.usage.secrets.isEmpty {
            document.raw(",\"secrets\":")
            document.raw(.array(text.usage.secrets.map { .string($0) }))
        }
        var parameters = JSONObject()
        let used = session.parameters.filter { text.usage.parameters.contains($0.name) }
        if !used.isEmpty {
            var declarations = JSONObject()
            for parameter in used {
                declarations[parameter.name] = ["type": .string(parameter.type.rawValue)]
                parameters[parameter.name] = parameter.value
            }
            document.raw(",\"parameters\":")
            document.raw(.object(declarations))
        }
        document.raw(",\"stages\":[")
        var kept: [KeptStage] = []
        for place in text.usage.entries {
            let entry = session.entries[place]
            document.raw(standIn(entry))
            document.raw(",")
            kept.append(keptStage(entry))
        }
        text.write(
            id: id, dependencies: text.usage.entries.map { session.entries[$0].id }, ui: [Self.note: .object(note)],
            to: &document)
        document.raw("]}")
        let result = try CheckedWorkflow.read(WorkflowText(label: "line.json", bytes: document.bytes), in: context)
        let diagnostics = document.diagnostics(result.diagnostics, of: line).map { session.table.spoken($0) }
        guard result.definition != nil else { throw LineFault(diagnostics: diagnostics, source: line.source) }
        return try finished(result, parameters, kept, diagnostics, in: context)
    }

    /// Makes the workflow of a stage of a workflow that was loaded.
    ///
    /// - Parameter head: what stands around the stage in its file.
    static func make(
        _ stage: StageDefinition, _ usage: LineUsage, head: inout WorkflowDefinition, line: LineSource,
        session: Session, in context: CommandContext
    ) throws -> LineWorkflow {
        head.name = session.name
        head.stages = []
        head.finally = []
        head.hooks = []
        head.outputs = []
        head.schedule = []
        var object = WorkflowWriter.json(head).objectValue ?? [:]
        var stages: [JSONValue] = []
        var kept: [KeptStage] = []
        for place in usage.entries {
            let entry = session.entries[place]
            stages.append(standIn(entry))
            kept.append(keptStage(entry))
        }
        var own = stage
        own.dependsOn = usage.entries.map { session.entries[$0].id }
        own.ui = [note: ["name": .string(stage.id), "loaded": true]]
        stages.append(WorkflowWriter.json(WorkflowDefinition(name: "one", stages: [own]))["stages"]?[0] ?? .null)
        object["stages"] = .array(stages)
        let bytes = JSONWriter.bytes(.object(object))
        let result = try CheckedWorkflow.read(WorkflowText(label: "\(stage.id).json", bytes: bytes), in: context)
        guard result.definition != nil else {
            throw LineFault(diagnostics: result.diagnostics, source: result.source)
        }
        let parameters = JSONObject(
            session.parameters.filter { parameter in head.parameters.contains { $0.name == parameter.name } }
                .map { ($0.name, $0.value) })
        return try finished(result, parameters, kept, [], in: context)
    }

    /// The stages of a line's workflow that stand for earlier lines.
    static func standIns(in definition: WorkflowDefinition) -> Set<String> {
        Set(definition.stages.filter { $0.ui?[note]?["stands_for"] != nil }.map(\.id))
    }

    private static func keptStage(_ entry: SessionEntry) -> KeptStage {
        var isSkipped = false
        if case .ended(.skipped, _) = entry.state { isSkipped = true }
        var stage = KeptStage(id: entry.id, outputs: isSkipped ? nil : entry.outputs ?? .object([:]))
        stage.run = entry.run.isEmpty ? nil : entry.run
        return stage
    }

    private static func finished(
        _ result: ReadResult, _ parameters: JSONObject, _ kept: [KeptStage], _ warnings: [Diagnostic],
        in context: CommandContext
    ) throws -> LineWorkflow {
        guard let definition = result.definition, let stage = definition.stages.last else {
            throw CheckedWorkflow.invalid(result)
        }
        let plan = try CheckedWorkflow.plan(
            definition, snapshot: WorkflowWriter.canonical(definition), parsed: result.parsed, in: context)
        try CheckedWorkflow.requireRunnable(plan)
        let host = try HostEnvironment.read(for: definition, from: context.environment)
        try context.requireSecrets(of: definition)
        return LineWorkflow(
            definition: stage,
            submission: RunSubmission(
                plan: plan, parameters: parameters, trigger: "repl", hostEnvironment: host,
                directory: context.directory, workflowFolder: context.workflowFolder,
                workdir: PathText.join(try context.settings().home, "work/{run}"),
                kept: kept),
            warnings: warnings)
    }

    /// What stands for an earlier line: a stage that declares the outputs which that one has given.
    private static func standIn(_ entry: SessionEntry) -> JSONValue {
        var with = JSONObject()
        var outputs = JSONObject()
        var isDeclared = true
        for (name, value) in entry.outputs?.objectValue ?? [:] {
            with[name] = .null
            isDeclared =
                isDeclared && name.utf8.first?.beginsName == true
                && name.utf8.allSatisfy { $0.continuesName || $0 == UInt8(ascii: "-") }
            outputs[name] = value.isNull ? .object([:]) : ["type": .string(value.typeName)]
        }
        // Nothing of an earlier line is computed here: the value comes from its run.
        var stage: JSONObject = ["id": .string(entry.id), "uses": "set"]
        if with.isEmpty {
            // What gave nothing, for example because it was skipped, may be asked for anything.
            stage["uses"] = "gate"
            with["prompt"] = "Nothing was given."
        }
        stage["with"] = .object(with)
        if isDeclared, !outputs.isEmpty { stage["outputs"] = .object(outputs) }
        stage["ui"] = [
            note: ["stands_for": .string(entry.definition.uses), "run": .string(entry.run)]
        ]
        return .object(stage)
    }
}
