import BattenCore

/// Outputs for people: one `name: value` a line, texts as they are.
enum OutputText {
    /// The lines of an object's members.
    static func lines(_ outputs: JSONValue?) -> [String] {
        guard let object = outputs?.objectValue else { return [] }
        var lines: [String] = []
        for (name, value) in object {
            let text = value.stringValue ?? JSONWriter.string(value)
            let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map { TextFit.clean(String($0)) }
            if parts.count == 1 {
                lines.append("\(name): \(parts[0])")
            } else {
                lines.append("\(name):")
                lines += parts.map { "  \($0)" }
            }
        }
        return lines
    }
}
