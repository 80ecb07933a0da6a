import BattenCore
import BattenSpec

/// A YAML or JSON file that is not a workflow: configuration or parameters.
struct DocumentFile {
    /// The text with its lines.
    let source: SourceText
    /// The document; nil when the file is empty.
    let root: SourceNode?

    /// Reads a document; JSON is YAML too.
    static func parse(_ path: String, _ bytes: [UInt8]) throws(CommandFailure) -> DocumentFile {
        let document = YAMLReader.read(path: path, bytes: bytes)
        if let problem = document.diagnostics.first(where: { $0.severity == .error }) {
            throw .usage(
                "bad_setting", "\(path):\(problem.start.line):\(problem.start.column): \(problem.message)",
                help: problem.help ?? "")
        }
        return DocumentFile(source: document.source, root: document.root)
    }

    /// An error at a place of the file.
    func failure(
        _ range: Range<Int>, _ message: String, help: String = "", code: String = "bad_setting"
    ) -> CommandFailure {
        let place = source.position(at: range.lowerBound)
        return .usage(code, "\(source.path):\(place.line):\(place.column): \(message)", help: help)
    }
}
