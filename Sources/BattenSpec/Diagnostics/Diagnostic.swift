public import BattenCore

/// One problem of an authored file: what, where, and what to do about it.
public struct Diagnostic: Sendable, Hashable {
    /// How much a problem matters.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// The file cannot be used.
        case error
        /// The file can be used; something in it is probably not meant.
        case warning
    }

    /// What kind of problem it is.
    public var code: DiagnosticCode
    /// The problem in one line, without a final stop.
    public var message: String
    /// File as given by whoever read it.
    public var file: String
    /// First place.
    public var start: SourcePosition
    /// Place behind the last character.
    public var end: SourcePosition
    /// Short text beside the caret; empty when there is nothing to add.
    public var label: String
    /// What to do; nil when the message says it.
    public var help: String?

    /// Creates a diagnostic.
    public init(
        _ code: DiagnosticCode, _ message: String, file: String, start: SourcePosition, end: SourcePosition,
        label: String = "", help: String? = nil
    ) {
        self.code = code
        self.message = message
        self.file = file
        self.start = start
        self.end = end
        self.label = label
        self.help = help
    }

    /// How much it matters.
    public var severity: Severity { code.severity }

    /// The diagnostic as data, keys in the promised order; `end_line` and `end_column` lie behind the last character.
    public var json: JSONValue {
        .object([
            "code": .string(code.rawValue), "severity": .string(severity.rawValue), "message": .string(message),
            "file": .string(file), "line": .int(Int64(start.line)), "column": .int(Int64(start.column)),
            "end_line": .int(Int64(end.line)), "end_column": .int(Int64(end.column)),
            "help": help.map { .string($0) } ?? .null,
        ])
    }

    /// Whether the left one is told first: by place, errors before warnings, then by code.
    static func precedes(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        if left.start != right.start { return left.start < right.start }
        if left.severity != right.severity { return left.severity == .error }
        if left.code != right.code { return left.code.rawValue < right.code.rawValue }
        return left.message < right.message
    }
}

/// The problems found in one file so far, up to a limit that keeps a hopeless file readable.
struct DiagnosticList {
    /// Problems told of one file; a last one says that there are more.
    static let limit = 1_000

    let source: SourceText
    private(set) var diagnostics: [Diagnostic] = []
    private var isFull = false
    /// Comparisons left for suggestions, so that a file with many misspelt names stays fast.
    var suggestionBudget = 2_000_000

    init(_ source: SourceText) { self.source = source }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Adds a problem at a byte range.
    mutating func add(
        _ code: DiagnosticCode, _ message: String, at range: Range<Int>, label: String = "", help: String? = nil
    ) {
        guard diagnostics.count < Self.limit else {
            if !isFull {
                isFull = true
                append(
                    .tooManyProblems, "this file has more than \(Self.limit) problems; the others are not shown",
                    range, "", "mend the first ones and look again")
            }
            return
        }
        append(code, message, range, label, help)
    }

    /// The problems in the order they are told.
    func sorted() -> [Diagnostic] { diagnostics.sorted(by: Diagnostic.precedes) }

    /// The nearest of some names, as a sentence for `help`.
    mutating func suggestion(for name: String, among names: some Collection<String>) -> String? {
        nearest(to: name, among: names).map { "did you mean '\($0)'?" }
    }

    /// The nearest of some names.
    mutating func nearest(to name: String, among names: some Collection<String>) -> String? {
        guard suggestionBudget > 0 else { return nil }
        suggestionBudget -= names.count
        return Spelling.nearest(to: name, in: names)
    }

    private mutating func append(
        _ code: DiagnosticCode, _ message: String, _ range: Range<Int>, _ label: String, _ help: String?
    ) {
        diagnostics.append(
            Diagnostic(
                code, message, file: source.path, start: source.position(at: range.lowerBound),
                end: source.position(at: Swift.max(range.lowerBound, range.upperBound)), label: label,
                help: help?.isEmpty == true ? nil : help))
    }
}
