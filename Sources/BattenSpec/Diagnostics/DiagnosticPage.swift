/// What `batten explain` tells of one diagnostic code.
public struct DiagnosticPage: Sendable, Hashable {
    /// The code.
    public let code: DiagnosticCode
    /// The problem in a few words.
    public let title: String
    /// What the code means, why it is a problem, and what to do; several sentences.
    public let explanation: String
    /// A file that has the problem; empty where no text can show it.
    public let example: String
    /// Name under which the example is read.
    public let exampleName: String

    init(
        _ code: DiagnosticCode, _ title: String, _ explanation: String, example: String, name: String = "example.yaml"
    ) {
        self.code = code
        self.title = title
        self.explanation = explanation
        self.example = example
        self.exampleName = name
    }

    /// The page of a code.
    public static func of(_ code: DiagnosticCode) -> DiagnosticPage {
        byCode[code] ?? DiagnosticPage(code, code.rawValue, "", example: "")
    }

    /// The page of a code as a user writes it, in any case; nil when there is no such code.
    public static func named(_ text: String) -> DiagnosticPage? {
        DiagnosticCode(rawValue: text.uppercased()).map(of)
    }

    /// All pages in the order of their codes.
    public static let all: [DiagnosticPage] = DiagnosticCode.allCases.map(of)

    /// The page as text for a terminal, ending with a line feed.
    public var text: String {
        var out = "\(code.severity.rawValue)[\(code.rawValue)]: \(title)\n\n\(explanation)\n"
        if !example.isEmpty {
            out += "\nAn example:\n\n"
            for line in example.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                out += line.isEmpty ? "\n" : "    \(line)\n"
            }
        }
        return out
    }

    /// The page as a section of a Markdown document.
    public var markdown: String {
        let language = exampleName.hasSuffix(".json") ? "json" : "yaml"
        let shown = example.isEmpty ? "" : "\n```\(language)\n\(example)```\n"
        return "## \(code.rawValue): \(title)\n\n\(explanation)\n\(shown)"
    }

    private static let byCode: [DiagnosticCode: DiagnosticPage] = {
        var pages: [DiagnosticCode: DiagnosticPage] = [:]
        for page in reading + fields + references { pages[page.code] = page }
        return pages
    }()
}
