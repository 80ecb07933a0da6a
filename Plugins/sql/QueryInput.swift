import BattenPlugin

/// What a call of `sql.query` is given.
struct QueryInput: Decodable {
    /// What may be done to the file.
    enum Mode: String, Decodable, CaseIterable {
        case readOnly = "read_only"
        case readWrite = "read_write"
        case create
    }

    /// Some SQL with its parameters.
    struct Part: Decodable {
        var sql: String
        var parameters: JSON?
        var each: [JSON]?
    }

    var database: String
    var mode: Mode?
    var sql: String?
    var parameters: JSON?
    var statements: [Part]?
    var attach: JSONObject?
    var rows: String?
    var maxRows: Int?
    var maxBytes: Int?
    var busyTimeout: String?

    private enum Key: String, CodingKey {
        case database, mode, sql, parameters, statements, attach, rows
        case maxRows = "max_rows"
        case maxBytes = "max_bytes"
        case busyTimeout = "busy_timeout"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        database = try fields.decode(String.self, forKey: .database)
        mode = try fields.decodeIfPresent(Mode.self, forKey: .mode)
        sql = try fields.decodeIfPresent(String.self, forKey: .sql)
        parameters = try fields.decodeIfPresent(JSON.self, forKey: .parameters)
        statements = try fields.decodeIfPresent([Part].self, forKey: .statements)
        attach = try fields.decodeIfPresent(JSON.self, forKey: .attach)?.object
        rows = try fields.decodeIfPresent(String.self, forKey: .rows)
        maxRows = try fields.decodeIfPresent(Int.self, forKey: .maxRows)
        maxBytes = try fields.decodeIfPresent(Int.self, forKey: .maxBytes)
        busyTimeout = try fields.decodeIfPresent(String.self, forKey: .busyTimeout)
    }

    /// What is carried out, in order, and where it was given.
    func parts() throws(Failure) -> [(field: String, part: Part)] {
        switch (sql, statements) {
        case (let sql?, nil): return [("sql", Part(sql: sql, parameters: parameters))]
        case (nil, let statements?):
            guard parameters == nil else {
                throw .badInput(field: "parameters", "goes with sql; write parameters beside each of the statements")
            }
            guard !statements.isEmpty else { throw .badInput(field: "statements", "must not be empty") }
            return statements.enumerated().map { ("statements[\($0.offset)].sql", $0.element) }
        default: throw .badInput(field: "sql", "exactly one of sql and statements must be given")
        }
    }

    static let defaultRows = 10_000
    static let defaultBytes = 16 << 20

    private static let text = Schema.string(
        "SQL. Values go into parameters: ?1, ?, or :name; never into the text.", minLength: 1,
        examples: ["SELECT name FROM users WHERE age > :age"]
    ).code("sql").titled("SQL")
    private static let bound = Schema.anything(
        "Values of the parameters: a list for ?, an object for :name, @name and $name. Lists and objects as values are "
            + "bound as JSON text, {\"base64\": …} as bytes.", examples: [["age": 18], [18]]
    ).titled("Parameters")

    static let schema = Schema.object(
        [
            .required(
                "database",
                .string(
                    "The SQLite file, relative to the stage's working directory; :memory: is an empty one that lives as "
                        + "long as the call.", minLength: 1, examples: ["data/app.db"]
                ).titled("Database")),
            .optional(
                "mode",
                .choice(
                    "What may be done: create also makes the file.", of: Mode.allCases.map(\.rawValue),
                    default: "read_only"
                ).titled("Mode")),
            .optional("sql", text), .optional("parameters", bound),
            .optional(
                "statements",
                .list(
                    of: .object([
                        .required("sql", text), .optional("parameters", bound),
                        .optional(
                            "each",
                            .list(of: .anything(), "Runs it once for each of these parameters.").titled("For each")),
                    ]), "Several, in one transaction, in place of sql.", maxItems: 1000
                ).titled("Statements")),
            .optional(
                "attach",
                .map(
                    of: .string("A SQLite file.", minLength: 1),
                    "Further databases by the name they have in the SQL; with the same mode.",
                    examples: [["other": "data/other.db"]]
                ).titled("Further databases")),
            .optional(
                "rows",
                .choice("What a row is given as.", of: ["objects", "arrays"], default: "objects").titled("Rows as")),
            .optional(
                "max_rows",
                .integer(
                    "The most rows of all statements together.", minimum: 0, maximum: 1_000_000,
                    default: .integer(Int64(defaultRows))
                ).titled("Row limit")),
            .optional(
                "max_bytes",
                .integer(
                    "The most bytes of text and blobs in the rows.", minimum: 0, maximum: 256 << 20,
                    default: .integer(Int64(defaultBytes))
                ).titled("Size limit")),
            .optional(
                "busy_timeout",
                .string(
                    "How long to wait for others that use the file.", examples: ["500ms", "30s"], default: "5s"
                ).titled("Wait for locks")),
        ], "Exactly one of sql and statements.",
        examples: [
            ["database": "app.db", "sql": "SELECT * FROM jobs WHERE state = :state", "parameters": ["state": "new"]]
        ])

    private static let columns = Schema.list(of: .string(), "Column names.").titled("Columns")
    private static let rowList = Schema.list(
        of: .anything(), "Rows; blobs are base 64 text, 64-bit integers exact."
    ).titled("Rows")

    static let output = Schema.object([
        .required("columns", columns), .required("rows", rowList),
        .required("row_count", .integer("How many rows there are.").titled("Row count")),
        .required("changes", .integer("How many rows all statements changed.").titled("Changes")),
        .required(
            "last_insert_rowid", .integer("The row id of the last inserted row, 0 if none.").titled("Last row id")),
        .required(
            "results",
            .list(
                of: .object([
                    .required("columns", columns), .required("rows", rowList),
                    .required("changes", .integer("How many rows it changed.")),
                ]),
                "What each statement gave, in order; columns and rows above are those of the last one that has some."
            ).titled("Results")),
    ])
}
