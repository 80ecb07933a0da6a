import BattenCore

/// What one check found out about a plugin.
struct CheckFindings {
    /// A rule of the header that does not hold.
    struct Broken: Hashable {
        /// The rule's id.
        let rule: String
        /// What was seen.
        let message: String
    }

    private(set) var broken: [Broken] = []
    private var shapes: Set<String> = []
    /// What is worth knowing and breaks no rule.
    private(set) var notes: [String] = []
    /// Calls and what came of them, for the other side to compare.
    var calls: [JSONValue] = []
    /// Why the check does not apply; nil when it does.
    var skipped: String?

    /// Notes a broken rule, once for messages that differ in numbers alone.
    mutating func breaks(_ rule: String, _ message: String) {
        let shape = rule + message.filter { !$0.isNumber }
        guard broken.count < 20, shapes.insert(shape).inserted else { return }
        broken.append(Broken(rule: rule, message: message))
    }

    /// Notes something that breaks no rule.
    mutating func note(_ text: String) {
        if notes.count < 20, !notes.contains(text) { notes.append(text) }
    }

    /// The findings as data.
    var json: JSONValue {
        .object([
            "broken": .array(
                broken.map { .object(["rule": .string($0.rule), "message": .string($0.message)]) }),
            "notes": .array(notes.map(JSONValue.string)), "calls": .array(calls),
            "skipped": skipped.map { .string($0) } ?? .null,
        ])
    }
}
