/// How far a text is a whole statement: what is open at its end, and what is no part of it.
struct LineShape: Sendable {
    /// What waits for more lines.
    enum Opening: Sendable, Hashable {
        /// A bracket that is not closed, at a byte.
        case bracket(UInt8, at: Int)
        /// A quote that is not closed, at a byte.
        case quote(UInt8, at: Int)
        /// A backslash at the end of the last line, at a byte.
        case backslash(at: Int)
    }

    /// What is open at the end; nil when the statement is whole.
    let opening: Opening?
    /// The text without comments and without the backslashes that join lines, each byte at its place.
    let cleaned: [UInt8]

    /// Looks through a text; that of a command (`:name …`) has no brackets, quotes and comments of its own.
    init(_ bytes: [UInt8]) {
        var cleaned = bytes
        var brackets: [(byte: UInt8, place: Int)] = []
        var quote: (byte: UInt8, place: Int)?
        var joined: Int?
        let isCommand = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A } == UInt8(ascii: ":")
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            joined = nil
            if let open = quote, !isCommand {
                if byte == UInt8(ascii: "\\") {
                    place += 1
                } else if byte == open.byte {
                    quote = nil
                }
            } else if byte == UInt8(ascii: "\\"), place + 1 == bytes.count || bytes[place + 1] == 0x0A {
                cleaned[place] = 0x20
                if place + 1 == bytes.count { joined = place }
            } else if !isCommand {
                switch byte {
                case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = (byte, place)
                case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): brackets.append((byte, place))
                case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): _ = brackets.popLast()
                case UInt8(ascii: "#") where place == 0 || bytes[place - 1] <= 0x20:
                    while place < bytes.count, bytes[place] != 0x0A {
                        cleaned[place] = 0x20
                        place += 1
                    }
                    continue
                default: break
                }
            }
            place += 1
        }
        self.cleaned = cleaned
        if let quote {
            opening = .quote(quote.byte, at: quote.place)
        } else if let bracket = brackets.first {
            opening = .bracket(bracket.byte, at: bracket.place)
        } else {
            opening = joined.map { .backslash(at: $0) }
        }
    }
}
