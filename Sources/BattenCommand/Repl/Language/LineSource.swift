import BattenCore
import BattenSpec

/// One statement of a session as it was typed: a line, or several that belong together.
struct LineSource: Sendable {
    /// Name for diagnostics: a script's path, or `line`.
    let path: String
    /// Number of its first line, from 1.
    let firstLine: Int
    /// What was typed, without the last line end.
    let bytes: [UInt8]

    /// What was typed.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text as diagnostics are drawn with it: its lines have the numbers they have in the script.
    var source: SourceText {
        SourceText(path: path, bytes: [UInt8](repeating: 0x0A, count: firstLine - 1) + bytes)
    }

    /// A problem at a range of bytes.
    func diagnostic(
        _ code: DiagnosticCode, _ message: String, at range: Range<Int>, label: String = "", help: String? = nil
    ) -> Diagnostic {
        let source = source
        let start = range.lowerBound + firstLine - 1
        return Diagnostic(
            code, message, file: path, start: source.position(at: start),
            end: source.position(at: max(start, range.upperBound + firstLine - 1)), label: label, help: help)
    }

    /// A problem at a range of bytes, as an error.
    func fault(
        _ code: DiagnosticCode, _ message: String, at range: Range<Int>, label: String = "", help: String? = nil
    ) -> LineFault {
        LineFault(diagnostics: [diagnostic(code, message, at: range, label: label, help: help)], source: source)
    }
}

/// Why a line cannot be understood, with the places.
struct LineFault: Error {
    /// What is wrong, at least one error among it.
    let diagnostics: [Diagnostic]
    /// The text they are about.
    let source: SourceText
}

extension DiagnosticCode {
    /// The code that a fault of the expression language has in files and lines.
    init(of error: ExpressionError) {
        switch error.code {
        case .unknownName: self = .unknownNamespace
        case .unknownFunction: self = .unknownFunction
        case .arity, .argument: self = .wrongArguments
        case .type: self = .typeMismatch
        case .unavailable: self = .misplacedNamespace
        default: self = .expressionSyntax
        }
    }
}
