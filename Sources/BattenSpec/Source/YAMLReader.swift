public import BattenCore

/// Reads configuration and parameter files: one value with the place of each of its parts.
public enum YAMLReader {
    /// What came out of reading.
    public struct Document: Sendable {
        /// The root with all places; nil when the file cannot be read.
        public let root: SourceNode?
        /// The file, for drawing the diagnostics.
        public let source: SourceText
        /// All problems, ordered by place.
        public let diagnostics: [Diagnostic]

        /// The value without places; nil when the file cannot be read.
        public var value: JSONValue? { root?.value }

        /// Position of a node's first character.
        public func position(of node: SourceNode) -> SourcePosition { source.position(at: node.range.lowerBound) }
    }

    /// Reads YAML or JSON: the name's ending tells which, without one the content does.
    ///
    /// - Parameters:
    ///   - path: name for diagnostics.
    ///   - bytes: the content; an empty file gives E0113.
    ///   - limits: what keeps hostile files cheap.
    public static func read(path: String, bytes: [UInt8], limits: ReadLimits = .standard) -> Document {
        let source = SourceText(path: path, bytes: bytes)
        var problems = DiagnosticList(source)
        let root = DocumentReader.read(source, limits: limits, &problems)
        return Document(
            root: problems.hasErrors ? nil : root, source: source, diagnostics: problems.sorted())
    }
}
