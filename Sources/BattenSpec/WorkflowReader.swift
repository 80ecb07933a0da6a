public import BattenCore

/// What a reader needs to know of the configuration.
public struct ReaderSettings: Sendable, Hashable {
    /// `llm.default_model`: the model of agents that a `steps:` file names without describing them.
    public var defaultModel: String?
    /// What keeps hostile files cheap.
    public var limits: ReadLimits

    /// Creates settings.
    public init(defaultModel: String? = nil, limits: ReadLimits = .standard) {
        self.defaultModel = defaultModel
        self.limits = limits
    }
}

/// What came out of reading a workflow file.
public struct ReadResult: Sendable {
    /// The workflow; nil when there is any error.
    public let definition: WorkflowDefinition?
    /// Texts of the definition with expressions, parsed when they were checked.
    public let parsed: ParsedTexts
    /// All problems, ordered by place.
    public let diagnostics: [Diagnostic]
    /// The file, for drawing the diagnostics.
    public let source: SourceText

    /// Whether there is any error.
    public var hasErrors: Bool { definition == nil }
}

/// Reads and checks workflow files.
public enum WorkflowReader {
    /// Reads one file: syntax, fields and static checks, all problems told at once.
    ///
    /// - Parameters:
    ///   - path: name for diagnostics; its ending tells the syntax.
    ///   - bytes: the content.
    ///   - catalog: the executors that exist; nil leaves out what needs to know them.
    ///   - settings: what the configuration says.
    ///   - children: finds the workflows that stages name; nil leaves them out.
    public static func read(
        path: String, bytes: [UInt8], catalog: (any ExecutorCatalog)? = nil,
        settings: ReaderSettings = ReaderSettings(), children: ChildFinder? = nil
    ) -> ReadResult {
        let source = SourceText(path: path, bytes: bytes)
        var problems = DiagnosticList(source)
        var parsed = ParsedTexts()
        let definition = read(source, catalog, settings, children, &parsed, &problems)
        return ReadResult(
            definition: problems.hasErrors ? nil : definition, parsed: parsed, diagnostics: problems.sorted(),
            source: source)
    }

    private static func read(
        _ source: SourceText, _ catalog: (any ExecutorCatalog)?, _ settings: ReaderSettings, _ children: ChildFinder?,
        _ parsed: inout ParsedTexts, _ problems: inout DiagnosticList
    ) -> WorkflowDefinition? {
        guard var root = DocumentReader.read(source, limits: settings.limits, &problems) else { return nil }
        if StepsShape.applies(to: root) {
            root = StepsShape.native(root, source: source, settings: settings, &problems)
        }
        var decoder = WorkflowDecoder(source, limits: settings.limits, problems: problems)
        let decoded = decoder.decode(root)
        problems = decoder.nodes.problems
        guard let decoded, decoded.definition.stages.count <= settings.limits.stages else { return nil }
        var complete: WorkflowDefinition?
        parsed = StaticChecks.run(
            decoded, source: source, catalog: catalog, children: children, &problems, &complete)
        return complete
    }
}
