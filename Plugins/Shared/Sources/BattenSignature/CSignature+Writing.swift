extension CSignature: CustomStringConvertible {
    /// The signature in the shortest words that mean the same, so that two of them can be compared by eye.
    public var description: String {
        var pieces: [String] = []
        for (index, parameter) in parameters.enumerated() {
            if index == fixedCount { pieces.append("...") }
            pieces.append(write(parameter, index))
        }
        if fixedCount == parameters.count { pieces.append("...") }
        return "\(result)\(name.map { " " + $0 } ?? "") (\(pieces.joined(separator: ", ")))"
    }

    /// Whether two signatures call a function in the same way, whatever their parameters are called.
    public func calls(like other: CSignature) -> Bool {
        result == other.result && fixedCount == other.fixedCount
            && parameters.map(\.passing) == other.parameters.map(\.passing)
    }

    /// What a parameter is called where names are needed.
    public func label(_ index: Int) -> String {
        parameters[index].name ?? "argument\(index + 1)"
    }

    private func write(_ parameter: CParameter, _ index: Int) -> String {
        let name = parameter.name.map { " " + $0 } ?? ""
        switch parameter.passing {
        case .value(let type):
            return "\(type)\(name)"
        case .reference(let type, let direction):
            return "\(direction.rawValue) \(type)\(name)"
        case .length(let of, let integer, let direction):
            let target = parameters[of].name.map { "(\($0))" } ?? ""
            return "\(direction == .inout ? "inout " : "")length\(target) \(integer.name)\(name)"
        case .buffer(let element, let direction, let extent, let used):
            let kind =
                switch element {
                case .bytes(let form): "\(form == .base64 ? "" : form.rawValue + " ")bytes"
                case .text(let form): "\(form == .text ? "" : form.rawValue + " ")char"
                case .values(let type): "\(type)"
                }
            let brackets =
                switch extent {
                case .given: if case .bytes = element { "" } else { "[]" }
                case .fixed(let count): "[\(count)]"
                case .parameter(let target): "[\(label(target))]"
                }
            var tail = ""
            switch used {
            case .all: break
            case .result: tail = " used result"
            case .parameter(let target):
                if case .length(of: index, _, .inout) = parameters[target].passing, parameters[target].name == nil {
                    break
                }
                tail = " used \(label(target))"
            }
            return "\(direction == .in ? "" : direction.rawValue + " ")\(kind)\(brackets)\(name)\(tail)"
        }
    }
}

extension CType: CustomStringConvertible {
    /// The type as a signature writes it.
    public var description: String {
        switch self {
        case .void: return "void"
        case .integer(let integer): return integer.name
        case .bool: return "bool"
        case .char: return "char"
        case .float: return "float"
        case .double: return "double"
        case .string(let form, let owner):
            let ownership =
                switch owner {
                case .borrowed: ""
                case .freed("free"): "free "
                case .freed(let function): "free(\(function)) "
                }
            return "\(ownership)\(form == .text ? "" : form.rawValue + " ")string"
        case .pointer(nil): return "pointer"
        case .pointer(let name?):
            return "\(name) *"
        case .structure(let structure):
            let members = structure.fields.map { "\($0.type.declared($0.name))" }
            return "{\(members.joined(separator: ", "))}"
        case .array, .text, .bytes:
            return declared(nil)
        }
    }

    fileprivate func declared(_ name: String?) -> String {
        let name = name.map { " " + $0 } ?? ""
        switch self {
        case .array(let element, let count): return "\(element)[\(count)]\(name)"
        case .text(let count, let form): return "\(form == .text ? "" : form.rawValue + " ")char[\(count)]\(name)"
        case .bytes(let count, let form): return "\(form == .base64 ? "" : form.rawValue + " ")bytes[\(count)]\(name)"
        default: return "\(self)\(name)"
        }
    }
}
