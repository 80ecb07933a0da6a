import BattenCore
import BattenSpec

extension WorkflowSource {
    /// The workflow with stages whose outputs are given instead of being executed.
    ///
    /// - Parameter options: `STAGE=JSON` texts.
    /// - Throws: `bad_mock`, exit code 2, for a stage that does not exist and for outputs that are no object.
    func mocking(_ options: [String], in context: CommandContext) throws(CommandFailure) -> WorkflowSource {
        guard !options.isEmpty else { return self }
        var definition = definition
        var names: [String] = []
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let value = try? JSONReader.parse(parts[1]), let outputs = value.objectValue else {
                throw .usage(
                    "bad_mock", "'--mock \(option)' is not a stage with a JSON object",
                    help: "for example --mock fetch='{\"status\": 200}'")
            }
            let id = parts[0]
            let ids = definition.allStages.map(\.id)
            // A stage of a hook may be named as it is shown: on_failure:tell.
            let wanted = definition.stageID(named: id)
            guard ids.contains(wanted) else {
                throw .usage(
                    "unknown_stage", "workflow '\(definition.name)' has no stage '\(id)' (given by --mock)",
                    help: DidYouMean.help(for: id, in: ids))
            }
            definition = definition.mapStages { $0.id == wanted ? $0.mocked(outputs) : $0 }
            names.append(id)
        }
        context.console.note("mocked: \(names.joined(separator: ", "))")
        return WorkflowSource(definition: definition, parsed: parsed, snapshot: nil, isDisabled: isDisabled)
    }
}

extension StageDefinition {
    /// The stage as one that gives these outputs: its condition and wiring stay, its contract holds names and types.
    func mocked(_ outputs: JSONObject) -> StageDefinition {
        var stage = StageDefinition(id: id, uses: "set", with: [:], dependsOn: dependsOn)
        stage.name = name
        stage.description = description
        stage.condition = condition
        stage.onFailure = onFailure
        for (name, value) in outputs { stage.with[name] = Self.literal(value) }
        stage.outputs = self.outputs
        for place in stage.outputs.indices { stage.outputs[place].value = nil }
        var notes = ui?.objectValue ?? [:]
        notes["mocked"] = .string(uses)
        stage.ui = .object(notes)
        return stage
    }

    /// A value in which nothing is read as an expression.
    private static func literal(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return .string(text.replacing("${{", with: "$${{"))
        case .array(let elements): return .array(elements.map(literal))
        case .object(let object):
            var result = JSONObject()
            for (name, member) in object { result[name] = literal(member) }
            return .object(result)
        default: return value
        }
    }
}
