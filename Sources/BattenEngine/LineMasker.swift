import BattenCore

/// Masks the lines of one stream of a call's log, secrets that go over several lines included.
///
/// A line whose end may be the beginning of a secret is held back until the next one has come, or the call has ended.
/// What is held back when the engine is killed is lost, as is whatever the call had not yet said.
struct LineMasker {
    /// A line that can be shown.
    struct Line {
        let text: String
        let at: Timestamp
    }

    private var stream: SecretMasker.Stream
    /// When the texts came that are held back, and how many lines each has.
    private var waiting: [(at: Timestamp, lines: Int)] = []
    private var shown: [UInt8] = []

    init(_ masker: SecretMasker) { stream = masker.makeStream() }

    /// Takes a text that came as one, and gives those that can be shown.
    mutating func append(_ text: String, at: Timestamp) -> [Line] {
        var bytes = Array(text.utf8)
        bytes.append(UInt8(ascii: "\n"))
        waiting.append((at, bytes.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }))
        shown += stream.append(bytes)
        return take()
    }

    /// Gives what was held back.
    mutating func finish() -> [Line] {
        shown += stream.finishBytes()
        return take()
    }

    private mutating func take() -> [Line] {
        var lines: [Line] = []
        var place = 0
        while let next = waiting.first {
            var end = place
            var left = next.lines
            while end < shown.count, left > 0 {
                if shown[end] == UInt8(ascii: "\n") { left -= 1 }
                end += 1
            }
            guard left == 0 else { break }
            lines.append(Line(text: String(decoding: shown[place..<end - 1], as: UTF8.self), at: next.at))
            waiting.removeFirst()
            place = end
        }
        shown.removeFirst(place)
        return lines
    }
}
