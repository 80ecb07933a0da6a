import BattenCore

/// Outputs for people: one `name: value` a line, texts as they are.
enum OutputText {
    /// The lines of an object's members, or of a value that is none; nothing has no line.
    static func lines(_ outputs: JSONValue?) -> [String] {
        guard let outputs, outputs != .null else { return [] }
        guard let object = outputs.objectValue else { return lines(of: outputs) }
        var lines: [String] = []
        for (name, value) in object {
            let parts = self.lines(of: value)
            if parts.count == 1 {
                lines.append("\(name): \(parts[0])")
            } else {
                lines.append("\(name):")
                lines += parts.map { "  \($0)" }
            }
        }
        return lines
    }

    private static func lines(of value: JSONValue) -> [String] {
        let text = value.stringValue ?? JSONWriter.string(value)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { TextFit.clean(String($0)) }
    }
}
