import CYAML

/// One event of libyaml's parser, copied into Swift.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(text: String, style: SourceNode.Style)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    var kind: Kind
    /// Name given by `&name`.
    var anchor: String?
    /// Tag as resolved by libyaml.
    var tag: String?
    /// Scalars from the start of the text.
    var start: Int
    /// Scalars from the start of the text, behind the last one.
    var end: Int
}

/// Why libyaml stopped.
struct YAMLProblem {
    var problem: String
    var context: String?
    /// Scalars from the start of the text; nil when only a byte offset is known.
    var index: Int?
    /// Scalars from the start of the text, of what was being read.
    var contextIndex: Int?
    /// Bytes from the start of the text, for faults of the encoding.
    var byteOffset: Int
}

/// Hands out the events of one YAML text through `yaml_parser_parse`.
@safe
final class YAMLEventSource {
    // SAFETY: allocated in init, initialised by yaml_parser_initialize, deleted and freed once in deinit; never leaves
    // this object, which is confined to one call of YAMLReader.
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// Prepares a parser; nil when there is no memory for it.
    ///
    /// - Parameter bytes: UTF-8 without a byte order mark; borrowed until this object is gone.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            return nil
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// Reads the next event, or says why there is none.
    func next() -> Result<YAMLEvent, YAMLStop> {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { return .failure(YAMLStop(problem: problem())) }
        defer { unsafe yaml_event_delete(&event) }
        var anchor: String?
        var tag: String?
        let kind: YAMLEvent.Kind
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT, YAML_NO_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = .alias(unsafe text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            anchor = unsafe text(event.data.sequence_start.anchor)
            tag = unsafe text(event.data.sequence_start.tag)
            kind = .sequenceStart
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            anchor = unsafe text(event.data.mapping_start.anchor)
            tag = unsafe text(event.data.mapping_start.tag)
            kind = .mappingStart
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default:
            anchor = unsafe text(event.data.scalar.anchor)
            tag = unsafe text(event.data.scalar.tag)
            let bytes = unsafe UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
            kind = .scalar(text: unsafe String(decoding: bytes, as: UTF8.self), style: unsafe style(event))
        }
        return unsafe .success(
            YAMLEvent(
                kind: kind, anchor: anchor, tag: tag, start: event.start_mark.index, end: event.end_mark.index))
    }

    private func style(_ event: yaml_event_t) -> SourceNode.Style {
        switch unsafe event.data.scalar.style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private func problem() -> YAMLProblem {
        let parser = unsafe self.parser.pointee
        let isReader = unsafe parser.error == YAML_READER_ERROR
        return unsafe YAMLProblem(
            problem: parser.problem.map { unsafe String(cString: $0) } ?? "there is not enough memory to read it",
            context: parser.context.map { unsafe String(cString: $0) },
            index: isReader ? nil : parser.problem_mark.index,
            contextIndex: parser.context == nil ? nil : parser.context_mark.index,
            byteOffset: parser.problem_offset)
    }
}

/// The end of the events because of a fault.
struct YAMLStop: Error {
    let problem: YAMLProblem
}

/// Byte offsets of scalars counted by their number, for a text that may hold more than ASCII.
struct ScalarOffsets {
    private static let stride = 128
    private let bytes: [UInt8]
    private let base: Int
    private let checkpoints: [Int]?

    /// - Parameter base: where counting begins, behind a byte order mark.
    init(_ bytes: [UInt8], from base: Int) {
        self.bytes = bytes
        self.base = base
        guard bytes[base...].contains(where: { $0 >= 0x80 }) else {
            checkpoints = nil
            return
        }
        var found: [Int] = []
        var count = 0
        for offset in base..<bytes.count where bytes[offset] & 0xC0 != 0x80 {
            if count % Self.stride == 0 { found.append(offset) }
            count += 1
        }
        checkpoints = found
    }

    /// The byte offset of a scalar; numbers past the end give the end.
    subscript(index: Int) -> Int {
        guard let checkpoints else { return min(base + max(index, 0), bytes.count) }
        guard index >= 0, index / Self.stride < checkpoints.count else { return index < 0 ? base : bytes.count }
        var offset = checkpoints[index / Self.stride]
        var left = index % Self.stride
        while left > 0, offset < bytes.count {
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
            left -= 1
        }
        return offset
    }
}
