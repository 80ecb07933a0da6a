import BattenPlugin

/// A tool that is offered to the model.
struct ChatTool {
    var name: String
    var description: String
    /// The JSON Schema of its arguments.
    var parameters: JSON

    /// Reads the field `tools`.
    static func list(_ json: JSON?) throws(Failure) -> [ChatTool] {
        guard let json, !json.isNull else { return [] }
        guard let list = json.array else { throw .badInput(field: "tools", "must be a list, is \(json.kind)") }
        var tools: [ChatTool] = []
        for (index, one) in list.enumerated() {
            let field = "tools[\(index)]"
            guard one["uses"] == nil, one.string == nil else {
                throw .badInput(
                    field: field, "names an executor; only a stage of a workflow can have executors as tools")
            }
            guard let name = one["name"]?.string, isName(name) else {
                throw .badInput(
                    field: "\(field).name",
                    "must be 1 to 64 letters, digits, '_' and '-', is \((one["name"] ?? .null).text)")
            }
            guard !tools.contains(where: { $0.name == name }) else {
                throw .badInput(field: "\(field).name", "is '\(name)' a second time")
            }
            let parameters = one["parameters"] ?? ["type": "object", "properties": [:]]
            guard parameters.object != nil else {
                throw .badInput(field: "\(field).parameters", "must be a JSON Schema of an object")
            }
            tools.append(
                ChatTool(name: name, description: one["description"]?.string ?? "", parameters: parameters))
        }
        return tools
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 95
            }
    }

    var openAI: JSON {
        [
            "type": "function",
            "function": [
                "name": .string(name), "description": .string(description), "parameters": parameters,
            ],
        ]
    }

    var anthropic: JSON {
        ["name": .string(name), "description": .string(description), "input_schema": parameters]
    }

    /// Which tools the model may or must use.
    enum Choice: Equatable {
        case auto
        case none
        case required
        case one(String)

        /// Reads the field `tool_choice`.
        init(_ json: JSON?, tools: [ChatTool]) throws(Failure) {
            switch json {
            case nil, .null?, .string("auto")?: self = .auto
            case .string("none")?: self = .none
            case .string("required")?: self = .required
            case .object(let object)?:
                guard let name = object["name"]?.string, tools.contains(where: { $0.name == name }) else {
                    throw .badInput(field: "tool_choice.name", "must be the name of one of the tools")
                }
                self = .one(name)
            default: throw .badInput(field: "tool_choice", "must be auto, none, required or {name: …}")
            }
        }

        var openAI: JSON {
            switch self {
            case .auto: "auto"
            case .none: "none"
            case .required: "required"
            case .one(let name): ["type": "function", "function": ["name": .string(name)]]
            }
        }

        var anthropic: JSON {
            switch self {
            case .auto: ["type": "auto"]
            case .none: ["type": "none"]
            case .required: ["type": "any"]
            case .one(let name): ["type": "tool", "name": .string(name)]
            }
        }
    }
}
