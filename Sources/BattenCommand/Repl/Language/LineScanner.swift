/// Goes through the bytes of a statement, piece by piece.
struct LineScanner {
    let bytes: [UInt8]
    var place: Int
    let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        place = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { place >= end }

    func peek(_ distance: Int = 0) -> UInt8? {
        place + distance < end ? bytes[place + distance] : nil
    }

    mutating func skipSpace() {
        while let byte = peek(), byte <= 0x20 { place += 1 }
    }

    /// Takes a name, `[A-Za-z_][A-Za-z0-9_]*`, with `-` inside when asked; nil when something else stands here.
    mutating func name(withDashes: Bool = false) -> Range<Int>? {
        guard let first = peek(), first.beginsName else { return nil }
        let start = place
        while let byte = peek(), byte.continuesName || (withDashes && byte == UInt8(ascii: "-")) { place += 1 }
        return start..<place
    }

    /// Takes an equals sign that is no comparison.
    mutating func equals() -> Bool {
        guard peek() == UInt8(ascii: "="), peek(1) != UInt8(ascii: "=") else { return false }
        place += 1
        return true
    }

    /// Takes what goes on up to white space outside of brackets and quotes, or up to one of some bytes there.
    mutating func piece(until stops: [UInt8] = [], endsAtSpace: Bool = true) -> Range<Int> {
        let start = place
        var depth = 0
        while let byte = peek() {
            if depth == 0, (endsAtSpace && byte <= 0x20) || stops.contains(byte) { break }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                place += 1
                while let inner = peek(), inner != byte { place += inner == UInt8(ascii: "\\") ? 2 : 1 }
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            default: break
            }
            place += 1
        }
        place = min(place, end)
        return start..<place
    }
}

extension UInt8 {
    var beginsName: Bool { (0x61...0x7A).contains(self | 0x20) || self == UInt8(ascii: "_") }
    var continuesName: Bool { beginsName || (0x30...0x39).contains(self) }
}

extension [UInt8] {
    /// A range without white space at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, self[low] <= 0x20 { low += 1 }
        while high > low, self[high - 1] <= 0x20 { high -= 1 }
        return low..<high
    }

    /// The text of a range.
    func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }
}
