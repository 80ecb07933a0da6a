import BattenPlugin

/// Renders templates.
struct TemplateRenderer {
    /// How values are written so that nothing in them means something else.
    enum Escape: String, Decodable, CaseIterable {
        case html, json, none
    }

    let partials: [String: String]
    let escape: Escape
    let failsOnMissing: Bool
    let context: Context
    private var output: [UInt8] = []
    private var known: [PartialKey: Template] = [:]
    private var depth = 0
    private var steps = 0

    private struct PartialKey: Hashable {
        var name: String
        var indent: [UInt8]
    }

    /// How long a text may become, in bytes, and how deep partials may stand in one another.
    static let longest = 64 << 20
    static let deepest = 100

    init(partials: [String: String], escape: Escape, failsOnMissing: Bool, context: Context) {
        self.partials = partials
        self.escape = escape
        self.failsOnMissing = failsOnMissing
        self.context = context
    }

    /// The text of a template.
    mutating func text(of source: String, _ data: JSON) throws(Failure) -> String {
        output = []
        try render(try Template(Array(source.utf8), field: "template").nodes, [data], "template")
        return String(decoding: output, as: UTF8.self)
    }

    private mutating func render(_ nodes: [Template.Node], _ stack: [JSON], _ field: String) throws(Failure) {
        for node in nodes {
            steps += 1
            if steps % 1024 == 0 { try context.checkStop(effect: .none) }
            switch node {
            case .text(let bytes): output += bytes
            case .value(let name, let isEscaped):
                guard let value = find(name, stack) else {
                    if failsOnMissing { throw missing(name, stack, field) }
                    continue
                }
                write(value, isEscaped: isEscaped)
            case .section(let name, let isInverted, let inner):
                try section(find(name, stack), isInverted, inner, stack, field)
            case .partial(let name, let indent, let line):
                try partial(name, indent, line, stack, field)
            }
            guard output.count <= Self.longest else {
                throw Failure(
                    .failed, code: "transform.template.limit",
                    "the text is longer than \(Self.longest >> 20) MiB; write several, or less", effect: .none)
            }
        }
    }

    /// Finds a value: the first part of the name in the innermost value that has it, the other parts below it.
    private func find(_ name: Template.Name, _ stack: [JSON]) -> JSON? {
        guard let first = name.path.first else { return stack.last }
        guard let holder = stack.last(where: { $0.object?[first] != nil }) else { return nil }
        var value = holder
        for part in name.path {
            guard let next = value.object?[part] else { return nil }
            value = next
        }
        return value
    }

    private func missing(_ name: Template.Name, _ stack: [JSON], _ field: String) -> Failure {
        let names = stack.reversed().lazy.compactMap(\.object).first?.names.prefix(10).joined(separator: ", ") ?? ""
        return Failure(
            .failed, code: "transform.template.missing",
            "\(field): line \(name.line): there is no value '\(name.text)'"
                + (names.isEmpty ? "" : "; here are: \(names)") + " (missing: empty leaves it out)", effect: .none,
            details: ["name": .string(name.text), "line": .integer(Int64(name.line))])
    }

    private mutating func section(
        _ value: JSON?, _ isInverted: Bool, _ inner: [Template.Node], _ stack: [JSON], _ field: String
    ) throws(Failure) {
        let elements: [JSON]
        switch value {
        case nil, .null?, .bool(false)?: elements = []
        case .array(let list)?: elements = list
        case let single?: elements = [single]
        }
        if isInverted {
            if elements.isEmpty { try render(inner, stack, field) }
            return
        }
        for element in elements { try render(inner, stack + [element], field) }
    }

    private mutating func partial(
        _ name: String, _ indent: [UInt8], _ line: Int, _ stack: [JSON], _ field: String
    ) throws(Failure) {
        guard let source = partials[name] else {
            guard failsOnMissing else { return }
            throw .badInput(field: "partials", "lacks '\(name)', which line \(line) of \(field) names")
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw Failure(
                .failed, code: "transform.template.limit",
                "partials.\(name): more than \(Self.deepest) partials stand inside one another", effect: .none)
        }
        let key = PartialKey(name: name, indent: indent)
        let template: Template
        if let seen = known[key] {
            template = seen
        } else {
            template = try Template(Self.indented(Array(source.utf8), indent), field: "partials.\(name)")
            known[key] = template
        }
        try render(template.nodes, stack, "partials.\(name)")
    }

    /// Puts what stands before a partial's tag before each of its lines.
    private static func indented(_ source: [UInt8], _ indent: [UInt8]) -> [UInt8] {
        guard !indent.isEmpty else { return source }
        var result: [UInt8] = []
        var isStart = true
        for byte in source {
            if isStart { result += indent }
            result.append(byte)
            isStart = byte == UInt8(ascii: "\n")
        }
        return result
    }

    private mutating func write(_ value: JSON, isEscaped: Bool) {
        let text: String
        switch value {
        case .null: return
        case .string(let string): text = string
        default: text = value.text
        }
        guard isEscaped, escape != .none else {
            output += text.utf8
            return
        }
        if escape == .json {
            output += JSON.string(text).text.utf8.dropFirst().dropLast()
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): output += "&amp;".utf8
            case UInt8(ascii: "<"): output += "&lt;".utf8
            case UInt8(ascii: ">"): output += "&gt;".utf8
            case UInt8(ascii: "\""): output += "&quot;".utf8
            case UInt8(ascii: "'"): output += "&#39;".utf8
            default: output.append(byte)
            }
        }
    }
}
