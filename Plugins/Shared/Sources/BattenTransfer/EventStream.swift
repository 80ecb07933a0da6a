/// One event of a `text/event-stream`.
public struct ServerEvent: Sendable, Equatable {
    /// The event's name; `message` if the server gave none.
    public var name: String
    /// The data lines, joined by line feeds.
    public var data: String

    /// Makes an event.
    public init(name: String, data: String) {
        self.name = name
        self.data = data
    }
}

/// Reads server-sent events from bytes that come in pieces of any size.
///
/// Lines end with CR, LF or CRLF; comments, `id` and `retry` are passed over; a byte order mark at the start too.
public struct EventStreamParser {
    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var endedWithReturn = false
    private var isFirstLine = true
    private let limit: Int

    /// Begins a stream; an event may hold `limit` bytes.
    public init(limit: Int = 16 << 20) {
        self.limit = limit
    }

    /// Takes bytes and calls `event` for each event they complete.
    ///
    /// - Throws: ``TransferFailure`` if an event is larger than the limit.
    public mutating func take(
        _ bytes: UnsafeRawBufferPointer, event: (ServerEvent) -> Void
    ) throws(TransferFailure) {
        for byte in bytes {
            let followsReturn = endedWithReturn
            endedWithReturn = false
            switch byte {
            case 13:
                endedWithReturn = true
                endLine(event)
            case 10:
                if !followsReturn { endLine(event) }
            default:
                line.append(byte)
            }
        }
        if line.count + data.count > limit {
            throw TransferFailure(
                .tooLarge, code: "stream.event_too_large", message: "an event is larger than \(limit) bytes")
        }
    }

    /// Ends the stream: an event that lacks only its blank line counts.
    public mutating func end(event: (ServerEvent) -> Void) {
        if !line.isEmpty { endLine(event) }
        if hasData { endLine(event) }
    }

    private mutating func endLine(_ event: (ServerEvent) -> Void) {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        if line.isEmpty {
            // Without data there is no event, whatever its name.
            if hasData {
                event(ServerEvent(name: name.isEmpty ? "message" : name, data: String(decoding: data, as: UTF8.self)))
            }
            name = ""
            data.removeAll(keepingCapacity: true)
            hasData = false
            return
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        let field = line[..<(colon ?? line.endIndex)]
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == 32 { value.removeFirst() }
        if field.elementsEqual("data".utf8) {
            if hasData { data.append(10) }
            data.append(contentsOf: value)
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        }
    }
}
