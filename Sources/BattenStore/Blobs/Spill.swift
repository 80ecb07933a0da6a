internal import BattenCore

/// A value as a row holds it.
enum StoredValue {
    case absent
    /// JSON text in the row.
    case text([UInt8])
    /// SHA-256 of the file that holds the JSON text.
    case blob([UInt8])
}

/// Decides what goes into rows and what into files, and writes the files.
///
/// A spill lives as long as one batch; the files it wrote are durable when it hands out their hashes, so the transaction
/// that refers to them comes after.
struct Spill {
    let folder: BlobFolder
    let limit: Int
    /// Length of each file written, by hash.
    private(set) var written: [[UInt8]: Int] = [:]

    init(folder: BlobFolder, limit: Int) {
        self.folder = folder
        self.limit = limit
    }

    /// Prepares a value for its row.
    mutating func store(_ value: JSONValue?) throws(StoreError) -> StoredValue {
        guard let value else { return .absent }
        return try store(JSONWriter.bytes(value))
    }

    /// Prepares JSON text for its row.
    mutating func store(_ bytes: [UInt8]) throws(StoreError) -> StoredValue {
        bytes.count > limit ? .blob(try write(bytes)) : .text(bytes)
    }

    /// Writes a file for bytes that are too long for a row.
    mutating func write(_ bytes: [UInt8]) throws(StoreError) -> [UInt8] {
        let hash = try folder.write(bytes)
        written[hash] = bytes.count
        return hash
    }

    /// Prepares the data of a journal record: its long members go to files of their own, so that an output shares its
    /// file with the row of its stage.
    ///
    /// - Returns: the JSON text with null in the place of spilled members, and the hashes of these by name as JSON; the
    ///   empty name stands for the whole.
    mutating func store(data: JSONValue) throws(StoreError) -> (text: [UInt8], spilled: [UInt8]?) {
        let bytes = JSONWriter.bytes(data)
        guard bytes.count > limit else { return (bytes, nil) }
        if case .object(var object) = data {
            var hashes = JSONObject()
            for (key, value) in object where !key.isEmpty {
                let member = JSONWriter.bytes(value)
                guard member.count > limit else { continue }
                hashes[key] = .string(Hex.encode(try write(member)))
                object[key] = .null
            }
            let rest = JSONWriter.bytes(.object(object))
            if rest.count <= limit { return (rest, JSONWriter.bytes(.object(hashes))) }
        }
        let hash = Hex.encode(try write(bytes))
        return (Array("null".utf8), JSONWriter.bytes(.object(["": .string(hash)])))
    }
}

/// Reads values back from rows and files.
struct Unspill {
    let folder: BlobFolder

    /// The value in a column; nil for NULL.
    func value(_ statement: Statement, _ column: Int32) throws(StoreError) -> JSONValue? {
        guard let bytes = try bytes(statement, column) else { return nil }
        return try parse(bytes)
    }

    /// The JSON text in a column, from the row or from the file that it names; nil for NULL.
    func bytes(_ statement: Statement, _ column: Int32) throws(StoreError) -> [UInt8]? {
        switch statement.type(column) {
        case Statement.null: return nil
        case Statement.blob: return try folder.read(statement.bytes(column))
        default: return statement.bytes(column)
        }
    }

    /// The data of a journal record from its two columns.
    func data(_ statement: Statement, text: Int32, spilled: Int32) throws(StoreError) -> JSONValue {
        let data = try parse(statement.bytes(text))
        guard !statement.isNull(spilled) else { return data }
        guard case .object(let hashes) = try parse(statement.bytes(spilled)) else { throw damaged() }
        if let whole = hashes[""] { return try parse(folder.read(hash(whole))) }
        guard case .object(var object) = data else { throw damaged() }
        for (key, value) in hashes { object[key] = try parse(folder.read(hash(value))) }
        return .object(object)
    }

    private func hash(_ value: JSONValue) throws(StoreError) -> [UInt8] {
        guard let text = value.stringValue, let hash = Hex.decode(text), hash.count == 32 else { throw damaged() }
        return hash
    }

    private func parse(_ bytes: [UInt8]) throws(StoreError) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.parse(bytes, limits: JSONLimits(depth: JSONLimits.greatestDepth))
        } catch {
            throw damaged()
        }
    }

    private func damaged() -> StoreError {
        StoreError(
            .corrupt, "a stored value is not JSON", help: "run `batten db check` and restore a backup")
    }
}
