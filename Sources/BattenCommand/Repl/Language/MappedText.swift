import BattenCore

/// Text made from parts of a line, so that places in it lead back to the line.
struct MappedText: Sendable, Hashable {
    /// A part, and the bytes of the line that it comes from.
    struct Part: Sendable, Hashable {
        var text: String
        var origin: Range<Int>
        /// Whether it stands there byte for byte.
        var isExact: Bool
    }

    private(set) var parts: [Part] = []

    init() {}

    /// Text that stands in the line as it is.
    init(_ text: String, at start: Int) { append(text, from: start..<start + text.utf8.count, isExact: true) }

    /// Text that the line says in another form.
    init(_ text: String, from origin: Range<Int>) { append(text, from: origin, isExact: false) }

    /// The whole text.
    var text: String { parts.map(\.text).joined() }

    /// The bytes of the line that it comes from.
    var origin: Range<Int> {
        guard let first = parts.first, let last = parts.last else { return 0..<0 }
        return first.origin.lowerBound..<max(first.origin.lowerBound, last.origin.upperBound)
    }

    mutating func append(_ text: String, from origin: Range<Int>, isExact: Bool) {
        guard !text.isEmpty else { return }
        parts.append(Part(text: text, origin: origin, isExact: isExact))
    }

    mutating func append(_ other: MappedText) { parts += other.parts }

    /// The bytes of the line behind a range of the text's bytes.
    func origin(of range: Range<Int>) -> Range<Int> {
        let slice = slice(range.isEmpty ? range.lowerBound..<range.lowerBound + 1 : range)
        guard !slice.parts.isEmpty else {
            let end = origin.upperBound
            return max(origin.lowerBound, end - 1)..<end
        }
        return slice.origin
    }

    /// A part of the text, by its bytes.
    func slice(_ range: Range<Int>) -> MappedText {
        var result = MappedText()
        var start = 0
        for part in parts {
            let bytes = Array(part.text.utf8)
            let low = max(range.lowerBound, start) - start
            let high = min(range.upperBound, start + bytes.count) - start
            if low < high {
                let origin =
                    part.isExact ? part.origin.lowerBound + low..<part.origin.lowerBound + high : part.origin
                result.append(String(decoding: bytes[low..<high], as: UTF8.self), from: origin, isExact: part.isExact)
            }
            start += bytes.count
        }
        return result
    }

    /// The text with some ranges of its bytes replaced; they are in order and do not overlap.
    func replacing(_ replacements: [(range: Range<Int>, text: String)]) -> MappedText {
        guard !replacements.isEmpty else { return self }
        var result = MappedText()
        var place = 0
        for (range, text) in replacements {
            result.append(slice(place..<range.lowerBound))
            result.append(text, from: origin(of: range), isExact: false)
            place = range.upperBound
        }
        result.append(slice(place..<Int.max))
        return result
    }
}

/// A value of a line, its names resolved.
indirect enum LineValue: Sendable {
    /// Text that may hold `${{ … }}`.
    case text(MappedText)
    /// One expression.
    case expression(MappedText)
    /// A number, truth value or null.
    case literal(JSONValue, Range<Int>)
    case list([LineValue], Range<Int>)
    case object([(key: LineWord, value: LineValue)], Range<Int>)
}
