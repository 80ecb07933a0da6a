internal import BattenCore

/// Consecutive lines of one attempt's log, kept in one row.
///
/// The text has a line for each: nanoseconds since the chunk's first line, stream and text, separated by tabs. A line
/// that itself contains a line end is announced by `+`, its length in bytes, and a further tab.
struct LogChunk {
    /// Texts are cut into chunks of about this many bytes.
    static let limit = 32 << 10

    let stage: String
    let item: Int?
    let attempt: Int
    let firstAt: Timestamp
    private(set) var lines = 0
    private(set) var text: [UInt8] = []

    private init(_ line: LogLine) {
        stage = line.stage
        item = line.item
        attempt = line.attempt
        firstAt = line.at
    }

    /// Packs lines, keeping the order of each attempt's own.
    static func pack(_ lines: [LogLine]) -> [LogChunk] {
        var chunks: [LogChunk] = []
        var open: [Source: Int] = [:]
        for line in lines {
            let source = Source(stage: line.stage, item: line.item, attempt: line.attempt)
            if let place = open[source], chunks[place].text.count < limit {
                chunks[place].append(line)
            } else {
                open[source] = chunks.count
                var chunk = LogChunk(line)
                chunk.append(line)
                chunks.append(chunk)
            }
        }
        return chunks
    }

    private struct Source: Hashable {
        let stage: String
        let item: Int?
        let attempt: Int
    }

    private mutating func append(_ line: LogLine) {
        let (offset, _) = line.at.nanoseconds.subtractingReportingOverflow(firstAt.nanoseconds)
        text.append(contentsOf: String(offset).utf8)
        text.append(UInt8(ascii: "\t"))
        text.append(contentsOf: line.stream.utf8.lazy.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 })
        text.append(UInt8(ascii: "\t"))
        let bytes = line.text.utf8
        if bytes.contains(UInt8(ascii: "\n")) || bytes.first == UInt8(ascii: "+") {
            text.append(contentsOf: "+\(bytes.count)\t".utf8)
        }
        text.append(contentsOf: bytes)
        text.append(UInt8(ascii: "\n"))
        lines += 1
    }

    /// Unpacks a row's lines; what cannot be read is left out.
    static func unpack(
        _ text: [UInt8], stage: String, item: Int?, attempt: Int, firstAt: Timestamp
    ) -> [LogLine] {
        var lines: [LogLine] = []
        var rest = text[...]
        while let offset = field(&rest, UInt8(ascii: "\t")), let stream = field(&rest, UInt8(ascii: "\t")) {
            let body: ArraySlice<UInt8>
            if rest.first == UInt8(ascii: "+") {
                rest.removeFirst()
                guard
                    let count = field(&rest, UInt8(ascii: "\t")).flatMap({ Int(String(decoding: $0, as: UTF8.self)) }),
                    count >= 0, count < rest.count
                else { break }
                body = rest.prefix(count)
                rest = rest.dropFirst(count + 1)
            } else {
                guard let plain = field(&rest, UInt8(ascii: "\n")) else { break }
                body = plain
            }
            let later = Int64(String(decoding: offset, as: UTF8.self)) ?? 0
            lines.append(
                LogLine(
                    at: firstAt + .nanoseconds(later), stage: stage, item: item, attempt: attempt,
                    stream: String(decoding: stream, as: UTF8.self), text: String(decoding: body, as: UTF8.self)))
        }
        return lines
    }

    private static func field(_ rest: inout ArraySlice<UInt8>, _ end: UInt8) -> ArraySlice<UInt8>? {
        guard let place = rest.firstIndex(of: end) else { return nil }
        let field = rest[..<place]
        rest = rest[(place + 1)...]
        return field
    }
}
