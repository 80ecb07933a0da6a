import BattenFiles
import BattenPlugin
import CSQLite

/// Carries out statements and gathers what they give.
struct Query {
    let database: Database
    let givesObjects: Bool
    var rowsLeft: Int
    var bytesLeft: Int
    private var results: [JSON] = []
    private var columns: [JSON] = []
    private var rows: [JSON] = []
    private var changes: Int64 = 0

    init(database: Database, givesObjects: Bool, rowsLeft: Int, bytesLeft: Int) {
        self.database = database
        self.givesObjects = givesObjects
        self.rowsLeft = rowsLeft
        self.bytesLeft = bytesLeft
    }

    var output: JSON {
        [
            "columns": .array(columns), "rows": .array(rows), "row_count": .integer(Int64(rows.count)),
            "changes": .integer(changes),
            "last_insert_rowid": .integer(sqlite3_last_insert_rowid(database.connection)),
            "results": .array(results),
        ]
    }

    /// Carries out all statements of a text.
    mutating func run(_ part: QueryInput.Part, _ field: String) throws(Failure) {
        let place = field == "sql" ? "parameters" : String(field.dropLast(3)) + "parameters"
        let sets: [(values: JSON?, field: String)]
        if let each = part.each {
            guard part.parameters == nil else { throw .badInput(field: place, "goes not together with each") }
            let start = String(field.dropLast(3)) + "each"
            sets = each.enumerated().map { ($0.element, "\(start)[\($0.offset)]") }
        } else {
            sets = [(part.parameters, place)]
        }
        var script = try Script(part.sql, field, database)
        for (values, valuesField) in sets {
            var used: Set<String> = []
            var count = 0
            script.rewind()
            while let statement = try script.next() {
                count += 1
                if values?.array != nil, count > 1 {
                    throw .badInput(field: valuesField, "is a list, and the SQL has several statements; give an object")
                }
                used.formUnion(try Binding.bind(values, to: statement, field: valuesField))
                try step(statement, field)
            }
            guard count > 0 else { throw .badInput(field: field, "holds no statement") }
            if let unused = values?.object?.names.first(where: { !used.contains($0) }) {
                throw .badInput(field: "\(valuesField).\(unused)", "is no parameter of the SQL")
            }
        }
    }

    /// Carries out one statement whose parameters are bound.
    private mutating func step(_ statement: OpaquePointer, _ field: String) throws(Failure) {
        let width = sqlite3_column_count(statement)
        var names: [String] = []
        for index in 0..<width { names.append(sqlite3_column_name(statement, index).map { String(cString: $0) } ?? "") }
        if givesObjects, Set(names).count < names.count {
            let twice = names.first { name in names.count { $0 == name } > 1 } ?? ""
            throw .badInput(
                field: field, "has two columns named '\(twice)'; name one with AS, or let rows be arrays")
        }
        let before = sqlite3_total_changes64(database.connection)
        var found: [JSON] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else { throw database.failure(code, field: field) }
            rowsLeft -= 1
            guard rowsLeft >= 0 else {
                throw Failure(
                    .failed, code: "sql.limit", "\(field): gives more rows than max_rows; add a LIMIT or raise it",
                    effect: .none)
            }
            var values: [JSON] = []
            for index in 0..<width { values.append(try value(statement, index, field)) }
            found.append(
                givesObjects
                    ? .object(JSONObject(zip(names, values).map { (name: $0, value: $1) })) : .array(values))
        }
        sqlite3_reset(statement)
        let changed = sqlite3_total_changes64(database.connection) - before
        changes += changed
        let shownNames = names.map(JSON.string)
        if width > 0 {
            columns = shownNames
            rows = found
        }
        results.append([
            "columns": .array(shownNames), "rows": .array(found), "changes": .integer(changed),
        ])
    }

    private mutating func value(
        _ statement: OpaquePointer, _ index: Int32, _ field: String
    ) throws(Failure) -> JSON {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
        case SQLITE_FLOAT:
            let number = sqlite3_column_double(statement, index)
            return number.isFinite ? .number(number) : .null
        case SQLITE_NULL: return .null
        case let type:
            let start =
                type == SQLITE_BLOB
                ? sqlite3_column_blob(statement, index)
                : sqlite3_column_text(statement, index).map { UnsafeRawPointer($0) }
            let count = Int(sqlite3_column_bytes(statement, index))
            bytesLeft -= count
            guard bytesLeft >= 0 else {
                throw Failure(
                    .failed, code: "sql.limit",
                    "\(field): gives more text and blobs than max_bytes; ask for less or raise it", effect: .none)
            }
            let bytes = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
            return .string(type == SQLITE_BLOB ? Base64.encode(bytes) : String(decoding: bytes, as: UTF8.self))
        }
    }
}

/// The statements of a text, compiled one after the other, because later ones may need what earlier ones make.
private struct Script: ~Copyable {
    private let text: [CChar]
    private let field: String
    private let database: Database
    private var offset = 0
    private var compiled: [OpaquePointer] = []
    private var position = 0

    init(_ text: String, _ field: String, _ database: Database) throws(Failure) {
        guard !text.utf8.contains(0) else { throw .badInput(field: field, "must not hold a NUL character") }
        self.text = Array(text.utf8CString)
        self.field = field
        self.database = database
    }

    deinit {
        for statement in compiled { sqlite3_finalize(statement) }
    }

    /// Begins with the first statement again.
    mutating func rewind() {
        position = 0
    }

    /// The next statement.
    mutating func next() throws(Failure) -> OpaquePointer? {
        while position == compiled.count {
            guard offset < text.count - 1 else { return nil }
            var statement: OpaquePointer?
            var code = SQLITE_OK
            text.withUnsafeBufferPointer { text in
                guard let base = text.baseAddress else { return }
                var tail: UnsafePointer<CChar>?
                code = sqlite3_prepare_v3(
                    database.connection, base + offset, Int32(clamping: text.count - offset), 0, &statement, &tail)
                offset = tail.map { $0 - base } ?? text.count
            }
            guard code == SQLITE_OK else { throw database.failure(code, field: field) }
            // Blanks and comments give none.
            if let statement { compiled.append(statement) }
        }
        position += 1
        return compiled[position - 1]
    }
}
