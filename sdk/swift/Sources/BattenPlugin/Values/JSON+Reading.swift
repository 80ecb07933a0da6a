internal import CBattenJSON

/// Why text is not JSON.
public struct JSONError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// Where, in bytes from the start.
    public let offset: Int

    /// The message with its place.
    public var description: String { "\(message) at byte \(offset)" }
}

extension JSON {
    /// How deep values may be nested.
    static let deepest: UInt32 = 512

    /// Reads JSON text.
    ///
    /// - Throws: ``JSONError`` if it is not JSON (RFC 8259), not UTF-8, or nested deeper than 512.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Reads JSON in UTF-8; of a name that occurs twice in an object the last value stays.
    ///
    /// - Throws: ``JSONError`` if it is not JSON (RFC 8259), not UTF-8, or nested deeper than 512.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        let result: Result<JSON, JSONError> = unsafe bytes.withUnsafeBufferPointer { unsafe JSON.read($0) }
        self = try result.get()
    }

    static func read(_ source: UnsafeBufferPointer<UInt8>) -> Result<JSON, JSONError> {
        var tape = unsafe batten_json_tape()
        unsafe batten_json_read(source.baseAddress, source.count, deepest, &tape)
        defer { unsafe batten_json_free(&tape) }
        guard unsafe tape.status == UInt32(BATTEN_JSON_OK), let entries = unsafe tape.entries else {
            let message = unsafe tape.message.map { unsafe String(cString: $0) } ?? "cannot be read"
            return .failure(JSONError(message: message, offset: unsafe Int(clamping: tape.error_offset)))
        }
        var reader = unsafe TapeReader(
            entries: UnsafeBufferPointer(start: entries, count: Int(tape.count)),
            source: source,
            text: UnsafeBufferPointer(start: tape.text, count: Int(tape.text_length)))
        return .success(unsafe reader.value())
    }
}

/// Builds values from the flat tape of the C reader.
@unsafe
private struct TapeReader {
    let entries: UnsafeBufferPointer<batten_json_entry>
    let source: UnsafeBufferPointer<UInt8>
    let text: UnsafeBufferPointer<UInt8>
    var position = 0

    init(
        entries: UnsafeBufferPointer<batten_json_entry>, source: UnsafeBufferPointer<UInt8>,
        text: UnsafeBufferPointer<UInt8>
    ) {
        unsafe self.entries = unsafe entries
        unsafe self.source = unsafe source
        unsafe self.text = unsafe text
    }

    mutating func value() -> JSON {
        let entry = unsafe entries[position]
        unsafe position += 1
        switch Int32(bitPattern: entry.kind) {
        case Int32(BATTEN_JSON_FALSE): return .bool(false)
        case Int32(BATTEN_JSON_TRUE): return .bool(true)
        case Int32(BATTEN_JSON_INTEGER): return unsafe .integer(entry.value.integer)
        case Int32(BATTEN_JSON_DOUBLE): return unsafe .number(entry.value.number)
        case Int32(BATTEN_JSON_STRING): return unsafe .string(string(entry))
        case Int32(BATTEN_JSON_ARRAY):
            var elements: [JSON] = []
            unsafe elements.reserveCapacity(Int(clamping: entry.value.integer))
            while unsafe position < Int(entry.next) { unsafe elements.append(value()) }
            return .array(elements)
        case Int32(BATTEN_JSON_OBJECT):
            var members = JSONObject()
            while unsafe position < Int(entry.next) {
                let name = unsafe string(entries[position])
                unsafe position += 1
                members[name] = unsafe value()
            }
            return .object(members)
        default: return .null
        }
    }

    private func string(_ entry: batten_json_entry) -> String {
        let length = unsafe entry.value.string.length
        let start = unsafe Int(entry.value.string.offset)
        let count = Int(length & ~UInt32(BATTEN_JSON_DECODED))
        let bytes = unsafe length & UInt32(BATTEN_JSON_DECODED) != 0 ? text : source
        return unsafe String(decoding: bytes[start..<(start + count)], as: UTF8.self)
    }
}
