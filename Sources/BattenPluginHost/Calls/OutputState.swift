/// What a call streams, between the plugin's writes and the sink: cuts bytes into lines and whole characters.
struct OutputState: Sendable {
    /// A piece for the sink.
    struct Piece: Sendable, Hashable {
        let channel: String
        let text: String
        /// Whether it is a piece of the answer and not a log line.
        let isText: Bool
    }

    /// A line longer than this is cut.
    static let longestLine = 64 << 10

    private var rests: [(channel: String, bytes: [UInt8])] = []
    /// Until when the sink is taken to be behind, on the monotonic clock.
    var pausedUntil: Int64 = 0
    /// Whether the plugin waits for a `ready` callback.
    var isReadyWanted = false

    /// Takes bytes of a channel and answers the pieces that are whole now.
    mutating func take(_ channel: String, _ bytes: some Collection<UInt8>) -> [Piece] {
        let index = place(of: channel)
        rests[index].bytes.append(contentsOf: bytes)
        return channel == "text" ? takeText(index) : takeLines(index)
    }

    /// The pieces that are left when the call ends.
    mutating func finish() -> [Piece] {
        defer { rests = [] }
        return rests.compactMap { rest in
            rest.bytes.isEmpty ? nil : Self.piece(rest.channel, rest.bytes[...])
        }
    }

    private mutating func place(of channel: String) -> Int {
        if let index = rests.firstIndex(where: { $0.channel == channel }) { return index }
        rests.append((channel, []))
        return rests.count - 1
    }

    private mutating func takeLines(_ index: Int) -> [Piece] {
        let (channel, bytes) = rests[index]
        var pieces: [Piece] = []
        var start = 0
        for (position, byte) in bytes.enumerated() {
            let isEnd = byte == UInt8(ascii: "\n")
            guard isEnd || position - start >= Self.longestLine else { continue }
            var end = position
            if isEnd, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            pieces.append(Self.piece(channel, bytes[start..<end]))
            start = isEnd ? position + 1 : position
        }
        rests[index].bytes.removeFirst(start)
        return pieces
    }

    /// All but the beginning of a character whose end has not come.
    private mutating func takeText(_ index: Int) -> [Piece] {
        let bytes = rests[index].bytes
        let end = bytes.count - Self.unfinished(bytes)
        guard end > 0 else { return [] }
        let piece = Self.piece("text", bytes[..<end])
        rests[index].bytes.removeFirst(end)
        return [piece]
    }

    /// How many bytes at the end begin a character that needs more.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte & 0xc0 == 0x80 { continue }
            let needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
            return needed > length ? length : 0
        }
        return 0
    }

    private static func piece(_ channel: String, _ bytes: ArraySlice<UInt8>) -> Piece {
        Piece(channel: channel, text: String(decoding: bytes, as: UTF8.self), isText: channel == "text")
    }
}
