import BattenCore

/// The engine's own stage kinds.
extension StaticChecks {
    private static let schemas: [String: JSONValue] = [
        "gate": [
            "type": "object", "required": ["prompt"], "additionalProperties": false,
            "properties": [
                "prompt": ["type": "string", "minLength": 1],
                "approvers": ["type": "array", "items": ["type": "string"]],
                "required_approvals": ["type": "integer", "minimum": 1],
                "form": ["type": "object"],
                "timeout": ["type": "string"],
                "on_timeout": ["enum": ["reject", "approve"]],
                "rewind_to": ["type": "string"],
                "max_rewinds": ["type": "integer", "minimum": 1, "maximum": 1000],
            ],
        ],
        "sleep": [
            "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
            "properties": ["for": ["type": "string"], "until": ["type": "string"]],
        ],
        "signal": [
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": ["name": ["type": "string", "minLength": 1], "timeout": ["type": "string"]],
        ],
        "workflow": [
            "type": "object", "additionalProperties": false,
            "properties": [
                "name": ["type": "string", "minLength": 1], "path": ["type": "string", "minLength": 1],
                "parameters": ["type": "object"],
            ],
            "not": ["required": ["name", "path"]],
        ],
    ]

    mutating func kindSchema(_ kind: String) -> JSONSchema? {
        if let known = kindSchemas[kind] { return known }
        guard let source = Self.schemas[kind], let compiled = try? JSONSchema.compile(source) else { return nil }
        kindSchemas[kind] = compiled
        return compiled
    }

    /// What a schema cannot say of an engine's own kind.
    mutating func checkKind(_ kind: String, _ with: SourceNode, _ usesRange: Range<Int>, _ place: BodyPlace) {
        for field in ["for", "timeout"] { checkDuration(with[field], field) }
        if kind == "sleep", let until = with["until"], let text = until.string, !text.holdsExpression,
            Timestamp(rfc3339: text) == nil
        {
            problems.add(
                .badInput, "'until' is not a time", at: until.range, label: "this is \(until.described)",
                help: "write it as 2026-03-01T06:00:00Z")
        }
        if kind == "workflow" { checkChild(with, usesRange, place) }
        guard kind == "gate" else { return }
        checkGateNumbers(with)
        if let form = with["form"], form.members != nil, !Self.holdsExpression(form) {
            do throws(SchemaError) {
                _ = try JSONSchema.compile(form.value)
            } catch {
                problems.add(
                    .badInput, "'form' is not a JSON Schema: \(error.message)", at: source.firstBytes(of: form.range),
                    help: error.help)
            }
        }
        if let member = with.member("rewind_to"), place.field == "compensate" || index.isHook(place.stage) {
            problems.add(
                .misplacedField,
                place.field == "compensate"
                    ? "the gate of an undo cannot send the run back" : "a hook cannot send the run back",
                at: member.keyRange,
                help: place.field == "compensate"
                    ? "undos are made when the main stages have ended; leave 'rewind_to' out"
                    : "hooks follow a run and never change it; leave 'rewind_to' out")
            return
        }
        guard let rewind = with["rewind_to"], let id = rewind.string, !id.holdsExpression else { return }
        guard let target = index.places[id] else {
            problems.add(
                .unknownStage, "there is no stage '\(shortened(id))'", at: rewind.range,
                help: problems.suggestion(for: id, among: index.stages.lazy.map(\.definition.id)))
            return
        }
        questions.upstream.append(GraphQuestions.Question(from: place.stage, to: target, range: rewind.range))
    }

    /// What can never come about: an answer of time without a time, and more approvals than people who may give one.
    private mutating func checkGateNumbers(_ with: SourceNode) {
        if let member = with.member("on_timeout"), with["timeout"] == nil {
            problems.add(
                .missingPartner, "'on_timeout' of a gate needs 'timeout'", at: member.keyRange,
                help: "write for example timeout: 2h; without one the gate waits until it is answered")
        }
        guard let required = with["required_approvals"], case .int(let number) = required.value,
            let approvers = with["approvers"]?.elements, !approvers.isEmpty,
            !approvers.contains(where: Self.holdsExpression)
        else { return }
        let people = Set(approvers.compactMap(\.string)).count
        guard number > Int64(people) else { return }
        problems.add(
            .outOfRange,
            "the gate takes \(number) approvals and names \(people) \(people == 1 ? "approver" : "approvers")",
            at: required.range, help: "each person answers once: name more approvers, or take fewer approvals")
    }

    private mutating func checkDuration(_ node: SourceNode?, _ field: String) {
        guard let node, let text = node.string, !text.holdsExpression else { return }
        do throws(DurationText.Failure) {
            _ = try DurationText.parse(text)
        } catch {
            problems.add(
                .badDuration, "'\(field)': \(error.description)", at: node.range,
                help: "write for example 500ms, 30s, 10m or 1h30m")
        }
    }

    /// Parameters: their constraints must be a JSON Schema that the default fits.
    mutating func checkParameters() {
        for parameter in workflow.definition.parameters {
            guard let member = workflow.root["parameters"]?.member(parameter.name) else { continue }
            var schema: JSONObject = ["type": .string(parameter.type.rawValue)]
            for (key, value) in parameter.constraints { schema[key] = value }
            do throws(SchemaError) {
                let compiled = try JSONSchema.compile(.object(schema))
                guard let value = parameter.defaultValue, let written = member.value.member("default") else { continue }
                for violation in compiled.validate(value) {
                    problems.add(
                        .badParameter, "the default of '\(parameter.name)' does not fit: \(violation)",
                        at: source.firstBytes(of: written.value.range))
                }
            } catch {
                let key = error.path.first?.key
                problems.add(
                    .badParameter, "the parameter '\(parameter.name)': \(error.message)",
                    at: key.flatMap { member.value.member($0)?.keyRange } ?? member.keyRange, help: error.help)
            }
        }
    }
}
