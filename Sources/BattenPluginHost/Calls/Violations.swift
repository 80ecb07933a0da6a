import BattenCore

extension JSONSchema {
    /// What does not fit in a value, for people; nil when all does.
    func violation(of value: JSONValue) -> String? {
        guard !acceptsAnything else { return nil }
        let violations = validate(value)
        guard !violations.isEmpty else { return nil }
        let shown = violations.prefix(5).map(\.description).joined(separator: "; ")
        return violations.count > 5 ? "\(shown); and \(violations.count - 5) more" : shown
    }
}
