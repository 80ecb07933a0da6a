import BattenFiles
import BattenPlugin
import CSQLite

/// Queries a SQLite file.
final class QueryExecutor: BlockingExecutor {
    typealias Owner = SQLPlugin
    typealias Input = QueryInput
    typealias Output = JSON

    static let type = "sql.query"
    static let title = "Query a SQLite file"
    static let summary = """
        Carries out SQL on a SQLite file with bound parameters and gives the rows. All statements of a call are one \
        transaction: all of it happens, or nothing.
        """
    static let inputSchema = QueryInput.schema
    static let outputSchema = QueryInput.output
    static let traits: ExecutorTraits = .cancellable
    static let capabilities = Capabilities(readPaths: ["."], writePaths: ["."])

    private let plugin: SQLPlugin
    private let config: RootSettings

    init(config: JSON, plugin: SQLPlugin) throws {
        self.plugin = plugin
        self.config = try (config.isNull ? [:] : config).decode(RootSettings.self)
    }

    func run(_ input: QueryInput, context: Context) throws -> JSON {
        let mode = input.mode ?? .readOnly
        let parts = try input.parts()
        let patience = input.busyTimeout ?? "5s"
        guard let wait = DurationText.parse(patience) else {
            throw Failure.badInput(
                field: "busy_timeout", "is '\(patience)'; must be a length of time such as 500ms or 5s")
        }
        let roots = try plugin.roots(config, context)
        let path = try Self.path(input.database, field: "database", mode: mode, roots: roots)
        let database = try Database(path, mode: mode, patience: wait, context: context)
        for member in input.attach ?? [:] {
            let field = "attach.\(member.name)"
            guard let other = member.value.string else { throw Failure.badInput(field: field, "must be a path") }
            try database.attach(try Self.path(other, field: field, mode: mode, roots: roots), as: member.name)
        }
        try database.restrict(isReadOnly: mode == .readOnly)
        var query = Query(
            database: database, givesObjects: input.rows != "arrays",
            rowsLeft: max(0, input.maxRows ?? QueryInput.defaultRows),
            bytesLeft: max(0, input.maxBytes ?? QueryInput.defaultBytes))
        do {
            try database.begin(isReadOnly: mode == .readOnly)
            for (field, part) in parts { try query.run(part, field) }
            try context.checkStop(effect: .none)
            try database.commit()
        } catch {
            database.rollBack()
            throw error
        }
        return query.output
    }

    /// The path of a file without any symbolic link on the way, so that SQLite can be told to follow none.
    private static func path(
        _ given: String, field: String, mode: QueryInput.Mode, roots: Roots
    ) throws(Failure) -> String {
        if given == ":memory:" { return given }
        let place = try roots.place(given, field: field, writing: mode != .readOnly)
        // Opened as a path alone: to close it again must not give up locks that SQLite holds on the same file.
        if let file = try place.openIfThere(.path) {
            let status = try file.status(place.path)
            guard status.kind == .regular else { throw FileFailure.notRegular(place.path, status.kind) }
            if let path = file.realPath { return path }
        }
        guard mode == .create else {
            throw Failure(
                .failed, code: "file.missing",
                "\(field): there is no file '\(place.path)'; mode create makes one", effect: .none,
                details: ["field": .string(field), "path": .string(place.path)])
        }
        guard let folder = try place.parent?.openFolder(makes: true), let path = folder.realPath else {
            throw FileFailure.notRegular(place.path, .folder)
        }
        return path == "/" ? "/\(place.name)" : "\(path)/\(place.name)"
    }
}
