import BattenCore

/// Declared capabilities in words.
enum CapabilityText {
    /// What an executor asks for, one phrase each; empty when it asks for nothing.
    static func phrases(_ capabilities: JSONValue) -> [String] {
        var phrases: [String] = []
        switch capabilities["network"] {
        case "any": phrases.append("network: anywhere")
        case .some(.object(let network)):
            let ports = (network["tcp_ports"]?.arrayValue ?? []).map { TextFit.clean(JSONWriter.string($0)) }
            phrases.append("network: TCP ports \(ports.joined(separator: ", "))")
        default: break
        }
        if capabilities["process"] == true { phrases.append("starts processes") }
        for (member, verb) in [("read", "reads"), ("write", "writes")] {
            let paths = texts(capabilities["paths"]?[member])
            if !paths.isEmpty { phrases.append("\(verb) \(paths.joined(separator: ", "))") }
        }
        let secrets = texts(capabilities["secrets"])
        if !secrets.isEmpty { phrases.append("secrets \(secrets.joined(separator: ", "))") }
        for (name, value) in capabilities.objectValue ?? [:]
        where !["network", "process", "paths", "secrets"].contains(name) {
            phrases.append("\(TextFit.clean(name)): \(TextFit.clean(JSONWriter.string(value)))")
        }
        return phrases
    }

    /// What an executor asks for in one line.
    static func line(_ capabilities: JSONValue) -> String {
        let phrases = phrases(capabilities)
        return phrases.isEmpty ? "nothing" : phrases.joined(separator: "; ")
    }

    private static func texts(_ value: JSONValue?) -> [String] {
        (value?.arrayValue ?? []).map { TextFit.clean($0.stringValue ?? JSONWriter.string($0)) }
    }
}
