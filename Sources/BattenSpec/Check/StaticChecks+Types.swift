import BattenCore

/// Declared types of what expressions read.
extension StaticChecks {
    /// The declared type of a reference; nil when it has none.
    func declaredType(_ reference: Reference, _ site: ExpressionSite) -> ValueType? {
        let path = reference.path
        switch reference.namespace {
        case .parameters:
            guard path.count == 2, let key = path[1].key else { return path.count == 1 ? .object : nil }
            return names.parameters[key]
        case .inputs:
            guard path.count == 2, let key = path[1].key, let place = site.place else { return nil }
            let input = index.stages[place].definition.inputs.first { $0.name == key }
            return input?.required == true ? input?.type : nil
        case .env, .secrets: return path.count == 2 ? .string : nil
        case .workflow: return path.count == 2 ? .string : nil
        case .run:
            guard path.count == 2 else { return nil }
            switch path[1].key {
            case "attempt": return .integer
            // Null for a run that somebody asked for.
            case "scheduled_for", "event": return nil
            default: return .string
            }
        case .index: return path.count == 1 ? .integer : nil
        case .stages: return stageType(path, isNullSafe: reference.nullSafe)
        case .context, .item, .matrix, .result: return nil
        }
    }

    private func stageType(_ path: [PathPart], isNullSafe: Bool) -> ValueType? {
        guard path.count >= 3, !isNullSafe, let id = path[1].key, let place = index.places[id] else { return nil }
        let stage = index.stages[place]
        switch path[2].key {
        case "status": return path.count == 3 ? .string : nil
        case "outputs":
            guard path.count >= 4, let name = path[3].key else { return path.count == 3 ? .object : nil }
            if stage.definition.forEach != nil || stage.definition.matrix != nil {
                return path.count == 4 ? .array : nil
            }
            if !stage.definition.outputs.isEmpty {
                return path.count == 4 ? stage.definition.outputs.first { $0.name == name }.flatMap(\.type) : nil
            }
            if let child = children[BodyPlace(place)] {
                return path.count == 4 ? child.outputs.first { $0.name == name }.flatMap(\.type) : nil
            }
            guard case .found(let info)? = executors[stage.definition.uses],
                let schema = info.output.property(at: Array(path[3...]))
            else { return nil }
            return Self.type(of: schema)
        default: return nil
        }
    }

    /// The one type that a schema declares, if it is one.
    static func type(of schema: JSONSchema) -> ValueType? {
        let types = schema.declaredTypes
        return types.count == 1 ? ValueType(rawValue: types[0]) : nil
    }

    /// The outputs of a stage by name.
    mutating func shape(of place: Int) -> OutputShape {
        if let known = shapes[place] { return known }
        let shape = makeShape(index.stages[place].definition)
        shapes[place] = shape
        return shape
    }

    private mutating func makeShape(_ stage: StageDefinition) -> OutputShape {
        var shape = OutputShape()
        guard stage.outputs.isEmpty else {
            for output in stage.outputs { shape.add(output.name, output.type) }
            return shape
        }
        switch stage.uses {
        case "set":
            for key in stage.with.keys { shape.add(key, nil) }
        case "sleep": break
        case "gate": shape.isOpen = true
        case "workflow":
            let child = index.places[stage.id].flatMap { children[BodyPlace($0)] }
            for output in child?.outputs ?? [] { shape.add(output.name, output.type) }
            shape.isOpen = child == nil
        case "signal": for name in ["data", "sent_by", "sent_at"] { shape.add(name, name == "data" ? nil : .string) }
        default:
            if let known = executorShapes[stage.uses] { return known }
            guard case .found(let info)? = lookup(stage.uses) else {
                shape.isOpen = true
                return shape
            }
            let properties = info.output.declaredProperties
            for property in properties { shape.add(property.name, Self.type(of: property.schema)) }
            shape.isOpen = info.output.allowsAdditionalProperties || Self.hasAlternatives(info.outputSchema)
            executorShapes[stage.uses] = shape
        }
        return shape
    }

    /// Whether some fields of an output schema are named only in alternatives.
    private static func hasAlternatives(_ schema: JSONValue) -> Bool {
        ["anyOf", "oneOf", "if"].contains { schema[$0] != nil }
    }
}

extension OutputShape {
    mutating func add(_ name: String, _ type: ValueType?) {
        if types.updateValue(type, forKey: name) == nil { names.append(name) }
    }
}
