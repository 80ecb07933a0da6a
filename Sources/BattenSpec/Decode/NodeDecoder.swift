import BattenCore

/// Reads typed values out of nodes and tells what does not fit.
struct NodeDecoder {
    let source: SourceText
    var problems: DiagnosticList

    init(_ source: SourceText, problems: DiagnosticList) {
        self.source = source
        self.problems = problems
    }

    typealias Member = SourceNode.Member

    // MARK: Mappings

    /// The members of a mapping whose fields are known; others are told, with the field that was probably meant.
    mutating func fields(_ node: SourceNode, of owner: String, known: [String]) -> Bool {
        guard let members = node.members else {
            wrongType(node, owner, wanted: "a mapping of fields", at: node.range)
            return false
        }
        for member in members where !Self.holds(known, member.key) { unknownField(member, of: owner, known: known) }
        return true
    }

    /// Whether a field is among the known ones; lengths are compared before texts.
    private static func holds(_ known: [String], _ key: String) -> Bool {
        let length = key.utf8.count
        return known.contains { $0.utf8.count == length && $0 == key }
    }

    mutating func unknownField(_ member: Member, of owner: String, known: [String], help: String? = nil) {
        let near = help ?? problems.suggestion(for: member.key, among: known)
        let list = known.count <= 10 ? "fields are: \(known.joined(separator: ", "))" : nil
        problems.add(
            .unknownField, "\(owner) has no field '\(shortened(member.key))'", at: member.keyRange,
            label: "unknown field", help: near ?? list)
    }

    /// The members of a mapping whose keys are names.
    mutating func named(_ member: Member?, of owner: String) -> [Member] {
        guard let member, !isAbsent(member) else { return [] }
        guard let members = member.value.members else {
            wrongType(member.value, "'\(member.key)' of \(owner)", wanted: "a mapping of names")
            return []
        }
        return members
    }

    /// The elements of a list.
    mutating func list(_ member: Member?, of owner: String, help: String? = nil) -> [SourceNode] {
        guard let member, !isAbsent(member) else { return [] }
        guard let elements = member.value.elements else {
            wrongType(member.value, "'\(member.key)' of \(owner)", wanted: "a list", help: help)
            return []
        }
        return elements
    }

    /// A list of texts; a lone text counts as a list of one where that is told.
    mutating func texts(_ member: Member?, of owner: String, acceptsOne: Bool = false) -> [(String, Range<Int>)] {
        guard let member else { return [] }
        if acceptsOne, let text = member.value.string { return [(text, member.value.range)] }
        return list(member, of: owner).compactMap { element in
            guard let text = element.string else {
                wrongType(element, "an entry of '\(member.key)' of \(owner)", wanted: "text")
                return nil
            }
            return (text, element.range)
        }
    }

    // MARK: Scalars

    /// A text; numbers and words that YAML reads as something else are told to be quoted.
    mutating func text(_ member: Member?, of owner: String, allowsEmpty: Bool = true) -> String? {
        guard let member else { return nil }
        guard let text = member.value.string else {
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "text",
                help: member.value.scalar == nil ? nil : "quote it to mean the text")
            return nil
        }
        if text.isEmpty, !allowsEmpty {
            problems.add(.outOfRange, "'\(member.key)' of \(owner) is empty", at: member.value.range)
            return nil
        }
        return text
    }

    /// A scalar as it was written: `1.0` stays `1.0`.
    mutating func written(_ member: Member, of owner: String) -> String? {
        guard case .scalar(let value, _) = member.value.content, !value.isNull else {
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "text",
                help: member.value.isNull ? "write \"\" for an empty text" : nil)
            return nil
        }
        if case .string(let text) = value { return text }
        return source.text(member.value.range)
    }

    mutating func bool(_ member: Member?, of owner: String) -> Bool? {
        guard let member else { return nil }
        guard case .bool(let flag)? = member.value.scalar else {
            let word = member.value.string?.lowercased()
            let meant = word == "yes" || word == "on" ? "true" : word == "no" || word == "off" ? "false" : nil
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "true or false",
                help: meant.map { "write \($0)" } ?? expressionHelp(member.value))
            return nil
        }
        return flag
    }

    mutating func integer(_ member: Member?, of owner: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let member else { return nil }
        guard case .int(let number)? = member.value.scalar else {
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "a whole number",
                help: expressionHelp(member.value))
            return nil
        }
        guard range.contains(number) else {
            let high = range.upperBound == .max ? "" : " and at most \(range.upperBound)"
            problems.add(
                .outOfRange, "'\(member.key)' of \(owner) is \(number)", at: member.value.range,
                label: "must be at least \(range.lowerBound)\(high)")
            return nil
        }
        return number
    }

    mutating func number(_ member: Member?, of owner: String, atLeast least: Double) -> Double? {
        guard let member else { return nil }
        guard let number = member.value.scalar?.doubleValue else {
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "a number", help: expressionHelp(member.value))
            return nil
        }
        guard number >= least else {
            let shown = least == least.rounded() ? String(Int64(least)) : String(least)
            problems.add(
                .outOfRange, "'\(member.key)' of \(owner) is too small", at: member.value.range,
                label: "must be at least \(shown)")
            return nil
        }
        return number
    }

    mutating func duration(_ member: Member?, of owner: String, allowsZero: Bool = false) -> Duration? {
        guard let member else { return nil }
        guard let text = member.value.string else {
            let unit = member.value.scalar?.doubleValue == nil ? nil : "a number alone has no unit: write for example "
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "a duration",
                help: unit.map { "\($0)\(source.text(member.value.range))s" }
                    ?? "write for example 500ms, 30s, 10m or 1h30m",
                code: .badDuration)
            return nil
        }
        if text.utf8.contains(UInt8(ascii: "$")), text.contains("${{") {
            wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "a duration", help: expressionHelp(member.value),
                code: .badDuration)
            return nil
        }
        do {
            let duration = try DurationText.parse(text)
            guard allowsZero || duration > .zero else {
                problems.add(
                    .badDuration, "'\(member.key)' of \(owner) is zero", at: member.value.range,
                    help: "write a duration above zero, or leave the field away")
                return nil
            }
            return duration
        } catch {
            problems.add(
                .badDuration, "'\(member.key)' of \(owner): '\(shortened(text))' is not a duration",
                at: member.value.range, help: Self.remedy(error.description))
            return nil
        }
    }

    /// One of the words of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ member: Member?, of owner: String, as type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let member else { return nil }
        guard let text = word(member, of: owner, among: type.allCases.map(\.rawValue)) else { return nil }
        return Choice(rawValue: text)
    }

    /// One of some words, as text.
    mutating func word(_ member: Member?, of owner: String, among words: [String]) -> String? {
        guard let member, let text = text(member, of: owner) else { return nil }
        return word(text, at: member.value.range, what: "'\(member.key)' of \(owner)", among: words)
    }

    mutating func word(_ text: String, at range: Range<Int>, what: String, among words: [String]) -> String? {
        if words.contains(text) { return text }
        problems.add(
            .unknownChoice, "\(what) cannot be '\(shortened(text))'", at: range,
            label: "must be one of: \(words.joined(separator: ", "))",
            help: problems.suggestion(for: text, among: words))
        return nil
    }

    // MARK: Words

    mutating func wrongType(
        _ node: SourceNode, _ what: String, wanted: String, at range: Range<Int>? = nil, help: String? = nil,
        code: DiagnosticCode = .wrongType
    ) {
        guard !node.isBroken else { return }
        problems.add(
            code, "\(what) must be \(wanted)", at: source.firstBytes(of: range ?? node.range),
            label: "this is \(node.described)", help: help)
    }

    mutating func missing(_ field: String, of owner: String, at range: Range<Int>, help: String? = nil) {
        problems.add(
            .missingField, "\(owner) needs '\(field)'", at: source.firstBytes(of: range), help: help)
    }

    /// Whether a field is written without a value; that is told.
    mutating func isAbsent(_ member: Member) -> Bool {
        guard member.value.isNull else { return false }
        guard !member.value.isBroken else { return true }
        problems.add(
            .wrongType, "'\(member.key)' has no value", at: member.keyRange,
            help: "write the value, or leave the field away")
        return true
    }

    /// Help for an expression where none can stand.
    func expressionHelp(_ node: SourceNode) -> String? {
        guard let text = node.string, text.contains("${{") else { return nil }
        return "this field is read before the run starts: an expression cannot stand here"
    }

    private static func remedy(_ text: String) -> String {
        // The reader's sentence is `'x' is not a duration: reason; remedy`.
        guard let colon = text.range(of: ": ") else { return text }
        return String(text[colon.upperBound...])
    }
}

extension String {
    /// The first occurrence of a text.
    func range(of wanted: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(wanted) { return start..<index(start, offsetBy: wanted.count) }
            start = index(after: start)
        }
        return nil
    }
}
