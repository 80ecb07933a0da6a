import BattenCore

extension SettingKey {
    /// Whether its option takes no value.
    var isFlag: Bool {
        if case .boolean = kind { return true }
        return false
    }

    /// Why a value cannot be this setting's; nil when it can.
    func trouble(with value: JSONValue) -> (message: String, help: String)? {
        let written = value.stringValue.map { "'\($0)'" } ?? JSONWriter.string(value)
        switch kind {
        case .path, .text:
            guard value.stringValue?.isEmpty != false else { return nil }
            return ("needs a text, not \(written)", help)
        case .choice(let names):
            if let name = value.stringValue, names.contains(name) { return nil }
            let near = value.stringValue.map { DidYouMean.help(for: $0, in: names) } ?? ""
            return ("does not take \(written)", [near, "it takes: \(names.joined(separator: ", "))"].joined(" "))
        case .integer(let range):
            if let number = value.intValue, let number = Int(exactly: number), range.contains(number) { return nil }
            return (
                "needs a whole number from \(range.lowerBound) to \(range.upperBound), not \(written)", help
            )
        case .duration:
            if let text = value.stringValue, (try? DurationText.parse(text)) != nil { return nil }
            return ("needs a duration, not \(written)", "for example 500ms, 5s or 1m30s")
        case .size:
            if let number = value.intValue, number >= 0 { return nil }
            if let text = value.stringValue, ByteSize.parse(text) != nil { return nil }
            return ("needs a size in bytes, not \(written)", "for example 1048576 or '16 MiB'")
        case .boolean:
            return value.boolValue == nil ? ("needs true or false, not \(written)", help) : nil
        case .paths:
            if let paths = value.arrayValue, paths.allSatisfy({ $0.stringValue?.isEmpty == false }) { return nil }
            return ("needs a list of folders, not \(written)", "for example [/opt/batten/plugins]")
        case .integers(let range):
            guard let object = value.objectValue else {
                return ("needs a mapping, not \(written)", "for example {shell: 4}")
            }
            for (name, limit) in object {
                if let number = limit.intValue, let number = Int(exactly: number), range.contains(number) { continue }
                return (
                    "needs whole numbers from \(range.lowerBound), not \(limit) for '\(name)'", "for example {shell: 4}"
                )
            }
            return nil
        case .objects:
            guard let object = value.objectValue else {
                return ("needs a mapping of plugin ids to their configuration, not \(written)", help)
            }
            for (id, configuration) in object where configuration.objectValue == nil {
                return ("needs a mapping for the plugin '\(id)', not \(configuration)", help)
            }
            return nil
        }
    }
}

extension [String] {
    /// The parts that say something, with a separator between them.
    func joined(_ separator: String) -> String {
        filter { !$0.isEmpty }.joined(separator: separator)
    }
}
