import CBattenJSON

/// Reads JSON strictly as RFC 8259 has it: UTF-8 checked, 64-bit integers exact, other numbers correctly rounded.
///
/// A byte order mark in front is skipped. Comments, trailing commas, NaN and anything behind the value are errors.
public enum JSONReader {
    /// Reads one value from bytes.
    ///
    /// - Throws: `JSONError` with the offset of the fault.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try parse(bytes, limits: limits) }
        }.get()
    }

    /// Reads one value from text.
    ///
    /// - Throws: `JSONError` with the offset of the fault in UTF-8 bytes.
    public static func parse(_ text: String, limits: JSONLimits = .standard) throws(JSONError) -> JSONValue {
        var text = text
        return try text.withUTF8 { bytes in
            Result { () throws(JSONError) in try parse(UnsafeRawBufferPointer(bytes), limits: limits) }
        }.get()
    }

    /// Reads one value from memory that is borrowed during the call.
    ///
    /// - Throws: `JSONError` with the offset of the fault.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = .standard
    ) throws(JSONError) -> JSONValue {
        let tape = try JSONTape(bytes, limits: limits)
        var walker = JSONTapeWalker(tape: tape, duplicateKeys: limits.duplicateKeys)
        return try walker.value()
    }

    /// Reads one value with the byte range of every key and value.
    ///
    /// - Throws: `JSONError` with the offset of the fault.
    public static func parseNode(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) -> JSONNode {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in
                let tape = try JSONTape(bytes, limits: limits)
                var walker = JSONTapeWalker(tape: tape, duplicateKeys: limits.duplicateKeys)
                return try walker.node()
            }
        }.get()
    }
}

/// The tape of a document, valid as long as the source it was read from.
struct JSONTape: ~Copyable {
    private var tape: batten_json_tape
    private let source: UnsafeRawBufferPointer
    /// Bytes skipped in front of the document.
    let skipped: Int

    init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) throws(JSONError) {
        guard bytes.count <= limits.bytes else {
            throw JSONError(
                code: .size, message: "it has \(bytes.count) bytes, more than the \(limits.bytes) allowed", offset: 0)
        }
        let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let document = UnsafeRawBufferPointer(rebasing: bytes[mark...])
        let depth = UInt32(clamping: min(limits.depth, JSONLimits.greatestDepth))
        var read = batten_json_tape()
        batten_json_read(document.baseAddress?.assumingMemoryBound(to: UInt8.self), document.count, depth, &read)
        // A read that failed owns nothing.
        guard read.status == UInt32(BATTEN_JSON_OK) else {
            throw JSONTape.error(read, depth: depth, skipped: mark)
        }
        tape = read
        source = document
        skipped = mark
    }

    deinit {
        var tape = tape
        batten_json_free(&tape)
    }

    private static func error(_ tape: batten_json_tape, depth: UInt32, skipped: Int) -> JSONError {
        let code: JSONError.Code
        switch Int(tape.status) {
        case BATTEN_JSON_ENCODING: code = .encoding
        case BATTEN_JSON_DEPTH: code = .depth
        case BATTEN_JSON_TOO_LARGE: code = .size
        case BATTEN_JSON_MEMORY: code = .memory
        default: code = .syntax
        }
        var message = tape.message.map { String(cString: $0) } ?? "it could not be read"
        if code == .depth { message += ": more than \(depth) arrays and objects are open" }
        return JSONError(code: code, message: message, offset: skipped + Int(tape.error_offset))
    }

    /// The entry at an index, or nil past the end.
    func entry(_ index: Int) -> batten_json_entry? {
        guard let entries = tape.entries, index < Int(tape.count) else { return nil }
        return entries[index]
    }

    /// The text of a string or key entry.
    func text(_ entry: batten_json_entry) -> String {
        let decoded = entry.value.string.length & UInt32(BATTEN_JSON_DECODED) != 0
        let length = Int(entry.value.string.length & ~UInt32(BATTEN_JSON_DECODED))
        let offset = Int(entry.value.string.offset)
        let base = decoded ? UnsafeRawPointer(tape.text) : source.baseAddress
        guard let base, length > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: base + offset, count: length), as: UTF8.self)
    }
}
