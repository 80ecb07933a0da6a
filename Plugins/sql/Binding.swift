import BattenFiles
import BattenPlugin
import CSQLite

/// Puts values into the parameters of a statement.
enum Binding {
    static func text(_ text: String, _ index: Int32, _ statement: OpaquePointer?) {
        var text = text
        text.withUTF8 { bytes in
            // An empty text has no address, and none would be NULL.
            _ =
                bytes.isEmpty
                ? batten_sqlite_bind_text_copy(statement, index, "", 0)
                : batten_sqlite_bind_text_copy(statement, index, bytes.baseAddress, UInt64(bytes.count))
        }
    }

    /// Binds all parameters of a statement.
    ///
    /// - Parameters:
    ///   - values: a list, an object, or nil for none.
    ///   - field: where they were given.
    /// - Returns: the names that were used.
    /// - Throws: ``Failure`` for bad input that names the parameter without a value.
    static func bind(_ values: JSON?, to statement: OpaquePointer, field: String) throws(Failure) -> Set<String> {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
        let count = sqlite3_bind_parameter_count(statement)
        var used: Set<String> = []
        guard count > 0 else {
            if let list = values?.array, !list.isEmpty {
                throw .badInput(field: field, "has \(list.count) values, the SQL has no parameters")
            }
            return used
        }
        for index in 1...count {
            let name = sqlite3_bind_parameter_name(statement, index).map { String(cString: $0) }
            switch values ?? .null {
            case .array(let list):
                guard name.map({ $0.hasPrefix("?") }) ?? true else {
                    throw .badInput(field: field, "the SQL has the parameter \(name ?? ""); give an object")
                }
                guard Int(index) <= list.count else {
                    throw .badInput(field: field, "has \(list.count) values, the SQL has \(count) parameters")
                }
                try bind(list[Int(index) - 1], index, statement, "\(field)[\(index - 1)]")
            case .object(let members):
                guard let name, !name.hasPrefix("?") else {
                    throw .badInput(
                        field: field, "the SQL has parameters without name; give a list, or name them :name")
                }
                let bare = String(name.dropFirst())
                guard let value = members[bare] else {
                    throw .badInput(field: field, "lacks a value for the parameter \(name)")
                }
                used.insert(bare)
                try bind(value, index, statement, "\(field).\(bare)")
            case .null:
                throw .badInput(field: field, "lacks a value for the parameter \(name ?? "?\(index)")")
            default: throw .badInput(field: field, "must be a list or an object")
            }
        }
        if let list = values?.array, list.count > Int(count) {
            throw .badInput(field: field, "has \(list.count) values, the SQL has \(count) parameters")
        }
        return used
    }

    private static func bind(
        _ value: JSON, _ index: Int32, _ statement: OpaquePointer, _ field: String
    ) throws(Failure) {
        switch value {
        case .null: sqlite3_bind_null(statement, index)
        case .bool(let flag): sqlite3_bind_int64(statement, index, flag ? 1 : 0)
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .number(let number): sqlite3_bind_double(statement, index, number)
        case .string(let text): Self.text(text, index, statement)
        case .object(let members) where members.names == ["base64"]:
            guard let bytes = members["base64"]?.string.flatMap(Base64.decode) else {
                throw .badInput(field: "\(field).base64", "is not base 64")
            }
            if bytes.isEmpty {
                sqlite3_bind_zeroblob(statement, index, 0)
            } else {
                _ = bytes.withUnsafeBytes {
                    batten_sqlite_bind_blob_copy(statement, index, $0.baseAddress, UInt64(bytes.count))
                }
            }
        case .array, .object: Self.text(value.text, index, statement)
        }
    }
}
