import BattenCore
import BattenSpec

/// The workflow of one line as JSON text, with the way back from its places to those of the line.
///
/// The text has one line and is read like any workflow file, so that a line is checked as files are.
struct LineDocument: Sendable {
    private struct Segment: Sendable {
        /// Unicode scalars of the document.
        var scalars: Range<Int>
        /// Bytes of the line.
        var origin: Range<Int>
        var isExact: Bool
    }

    private(set) var bytes: [UInt8] = []
    private var scalars = 0
    private var segments: [Segment] = []

    init() { bytes.reserveCapacity(1_024) }

    // MARK: Writing

    /// Writes text that comes from no place of the line.
    mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        scalars += text.unicodeScalars.count
    }

    /// Writes a value that comes from no place of the line.
    mutating func raw(_ value: JSONValue) { raw(JSONWriter.string(value)) }

    /// Writes a key or a word of the line as a string.
    mutating func word(_ text: String, _ origin: Range<Int>) {
        var mapped = MappedText()
        mapped.append(text, from: origin, isExact: text.utf8.count == origin.count)
        string(mapped)
    }

    /// Writes a string.
    mutating func string(_ text: MappedText) {
        let start = scalars
        raw("\"")
        for part in text.parts { append(part) }
        raw("\"")
        // The quotes belong to what stands between them, for those who point at the whole.
        segments.append(Segment(scalars: start..<scalars, origin: text.origin, isExact: false))
    }

    /// Writes a value.
    mutating func value(_ value: LineValue) {
        switch value {
        case .text(let text): string(text)
        case .expression(let text):
            var whole = MappedText("${{ ", from: text.origin)
            whole.append(text)
            whole.append(" }}", from: text.origin, isExact: false)
            string(whole)
        case .literal(let literal, let origin):
            let start = scalars
            raw(literal)
            segments.append(Segment(scalars: start..<scalars, origin: origin, isExact: false))
        case .list(let elements, let origin):
            let start = scalars
            raw("[")
            for (place, element) in elements.enumerated() {
                if place > 0 { raw(",") }
                self.value(element)
            }
            raw("]")
            segments.append(Segment(scalars: start..<scalars, origin: origin, isExact: false))
        case .object(let members, let origin):
            let start = scalars
            raw("{")
            for (place, member) in members.enumerated() {
                if place > 0 { raw(",") }
                word(member.key.text, member.key.range)
                raw(":")
                self.value(member.value)
            }
            raw("}")
            segments.append(Segment(scalars: start..<scalars, origin: origin, isExact: false))
        }
    }

    private mutating func append(_ part: MappedText.Part) {
        var run = scalars
        var from = part.origin.lowerBound
        var place = from
        func close(_ document: inout LineDocument, upTo end: Int) {
            guard document.scalars > run else { return }
            document.segments.append(
                Segment(
                    scalars: run..<document.scalars, origin: part.isExact ? from..<end : part.origin,
                    isExact: part.isExact))
        }
        for scalar in part.text.unicodeScalars {
            let length = UTF8.width(scalar)
            var escaped: [UInt8] = []
            JSONWriter.append(string: String(scalar), to: &escaped)
            let inner = escaped[1..<escaped.count - 1]
            if inner.count == length {
                bytes.append(contentsOf: inner)
                scalars += 1
            } else {
                close(&self, upTo: place)
                run = scalars
                bytes.append(contentsOf: inner)
                scalars += inner.count
                segments.append(
                    Segment(
                        scalars: run..<scalars, origin: part.isExact ? place..<place + length : part.origin,
                        isExact: false))
                run = scalars
                from = place + length
            }
            place += length
        }
        close(&self, upTo: place)
    }

    // MARK: The way back

    /// Diagnostics of the document as those of the line.
    func diagnostics(_ found: [Diagnostic], of line: LineSource) -> [Diagnostic] {
        let whole = line.bytes.trimmed(0..<line.bytes.count)
        return found.map { diagnostic in
            let from = diagnostic.start.column - 1
            let to = max(from + 1, diagnostic.end.column - 1)
            let first = origin(of: from, in: line)
            let last = origin(of: to - 1, in: line)
            let range = first.map { $0.lowerBound..<max($0.upperBound, last?.upperBound ?? 0) } ?? whole
            return line.diagnostic(
                diagnostic.code, diagnostic.message, at: range, label: diagnostic.label, help: diagnostic.help)
        }
    }

    /// The bytes of the line behind one scalar of the document: those of the smallest segment that holds it.
    private func origin(of scalar: Int, in line: LineSource) -> Range<Int>? {
        guard
            let segment = segments.lazy.filter({ $0.scalars.contains(scalar) })
                .min(by: { $0.scalars.count < $1.scalars.count })
        else { return nil }
        guard segment.isExact else { return segment.origin }
        var place = segment.origin.lowerBound
        var left = scalar - segment.scalars.lowerBound
        while left > 0, place < segment.origin.upperBound {
            place += 1
            while place < line.bytes.count, line.bytes[place] & 0xC0 == 0x80 { place += 1 }
            left -= 1
        }
        var end = min(place + 1, line.bytes.count)
        while end < line.bytes.count, line.bytes[end] & 0xC0 == 0x80 { end += 1 }
        return place..<max(place, end)
    }
}
