/// Compiles the texts of a definition, and says of a broken one where it stands.
struct TemplateCompiler {
    /// What was parsed before.
    let parsed: ParsedTexts

    func environment(
        _ entries: [EnvironmentEntry], stage: String?
    ) throws(PlanError) -> [PlannedEnvironmentEntry] {
        var planned: [PlannedEnvironmentEntry] = []
        for entry in entries {
            switch entry.source {
            case .text(let text):
                planned.append(
                    PlannedEnvironmentEntry(
                        name: entry.name, source: .template(try template(text, "env.\(entry.name)", stage))))
            case .fromHost(let name, let fallback):
                planned.append(
                    PlannedEnvironmentEntry(name: entry.name, source: .fromHost(name: name, default: fallback)))
            }
        }
        return planned
    }

    func outputs(
        _ declared: [OutputDefinition], _ stage: String?
    ) throws(PlanError) -> [PlannedOutput] {
        var planned: [PlannedOutput] = []
        for output in declared {
            let value = try output.value.map { value throws(PlanError) in
                try self.value(value, "outputs.\(output.name)", stage)
            }
            planned.append(PlannedOutput(definition: output, value: value))
        }
        return planned
    }

    func template(_ text: String, _ field: String, _ stage: String?) throws(PlanError) -> Template {
        do throws(ExpressionError) {
            return try parsed.template(text)
        } catch {
            throw Self.expression(error, field, stage)
        }
    }

    func value(_ value: JSONValue, _ field: String, _ stage: String?) throws(PlanError) -> TemplateValue {
        do throws(ExpressionError) {
            return try TemplateValue.compile(value, parsed: parsed)
        } catch {
            throw Self.expression(error, field, stage)
        }
    }

    func condition(_ text: String, _ stage: String) throws(PlanError) -> Expression {
        do throws(ExpressionError) {
            return try parsed.condition(text)
        } catch {
            throw Self.expression(error, "if", stage)
        }
    }

    private static func expression(_ error: ExpressionError, _ field: String, _ stage: String?) -> PlanError {
        let place = error.location.isEmpty ? field : field + "." + error.location.pathText
        let whose = stage.map { "stage '\($0)'" } ?? "the workflow"
        return PlanError(
            .expression, stage: stage, "\(place) of \(whose): \(error.message)",
            help: error.help ?? "correct the expression")
    }
}
