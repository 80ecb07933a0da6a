import BattenCore
import BattenSpec

/// A YAML or JSON file that is not a workflow: configuration or parameters.
struct DocumentFile {
    /// The text with its lines.
    let source: SourceText
    /// The document; nil when the file is empty.
    let root: SourceNode?

    /// Reads a document.
    static func parse(_ path: String, _ bytes: [UInt8]) throws(CommandFailure) -> DocumentFile {
        let source = SourceText(path: path, bytes: bytes)
        do throws(JSONError) {
            let node = try JSONReader.parse(bytes)
            return DocumentFile(source: source, root: SourceNode(.scalar(node, .plain), range: 0..<bytes.count))
        } catch {
            throw DocumentFile(source: source, root: nil).failure(error.offset..<error.offset, error.message)
        }
    }

    /// An error at a place of the file.
    func failure(
        _ range: Range<Int>, _ message: String, help: String = "", code: String = "bad_setting"
    ) -> CommandFailure {
        let place = source.position(at: range.lowerBound)
        return .usage(code, "\(source.path):\(place.line):\(place.column): \(message)", help: help)
    }
}
