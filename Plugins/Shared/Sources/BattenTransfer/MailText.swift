internal import BattenPlugin

/// The forms that text takes in mail.
enum MailText {
    /// A header line, with encoded words where the text is not ASCII, folded at 78 columns, ended by CRLF.
    static func header(_ name: String, _ text: String) -> String {
        fold(
            name,
            isPlain(text) ? text.split(separator: " ", omittingEmptySubsequences: false).map(String.init) : words(text))
    }

    /// A header line of addresses.
    static func header(_ name: String, _ addresses: [MailAddress]) -> String {
        var pieces: [String] = []
        for (index, one) in addresses.enumerated() {
            let comma = index + 1 < addresses.count ? "," : ""
            if one.name.isEmpty {
                pieces.append(one.address + comma)
            } else {
                pieces += isPlain(one.name) ? [quoted(one.name)] : words(one.name)
                pieces.append("<\(one.address)>\(comma)")
            }
        }
        return fold(name, pieces)
    }

    /// Joins pieces with blanks, and with line breaks before a blank where a line would grow longer than 78 columns.
    private static func fold(_ name: String, _ pieces: [String]) -> String {
        var text = "\(name):"
        var column = text.utf8.count
        for piece in pieces {
            // A piece that is empty or blank may not stand on a line of its own.
            if column + 1 + piece.utf8.count > 78, column > name.utf8.count + 1, !piece.isEmpty {
                text += "\r\n"
                column = 0
            }
            text += " \(piece)"
            column += 1 + piece.utf8.count
        }
        return text + "\r\n"
    }

    /// ASCII that needs no encoding: printable, and nothing a reader would take for an encoded word.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } && !text.utf8.elementsEqual("".utf8) && !hasMarker(text)
            && text.split(separator: " ").allSatisfy { $0.utf8.count <= 900 } || text.isEmpty
    }

    private static func hasMarker(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: "=") && $1 == UInt8(ascii: "?") }
    }

    /// Encoded words (RFC 2047) of at most 75 characters, each of whole characters.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            let more = Array(String(scalar).utf8)
            // 39 bytes make 52 characters of base 64 and the frame takes 12, which leaves room for the header's name.
            if bytes.count + more.count > 39 {
                words.append("=?UTF-8?B?\(Base64.encode(bytes))?=")
                bytes = []
            }
            bytes += more
        }
        if !bytes.isEmpty { words.append("=?UTF-8?B?\(Base64.encode(bytes))?=") }
        return words
    }

    /// A name as it stands before an address: quoted unless it is words alone.
    private static func quoted(_ text: String) -> String {
        let isAtoms = text.utf8.allSatisfy { byte in
            byte == 0x20 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        if isAtoms { return text }
        return "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }

    /// A file name as a parameter of a header.
    static func parameter(_ name: String, _ value: String) -> String {
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }), value.utf8.count <= 60 {
            return "\(name)=\"\(value)\""
        }
        return "\(name)*=UTF-8''\(PercentEncoding.encode(value))"
    }

    /// The text with every line ended by CRLF, the last one too.
    static func lines(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == 10 {
                if previous != 13 { bytes += [13, 10] }
            } else if byte == 13 {
                bytes += [13, 10]
            } else {
                bytes.append(byte)
            }
            previous = byte
        }
        if bytes.suffix(2) != [13, 10] { bytes += [13, 10] }
        return bytes
    }

    /// Whether lines can go as they are: ASCII without control characters, none longer than 998.
    static func isSevenBit(_ lines: [UInt8]) -> Bool {
        var length = 0
        for byte in lines {
            if byte == 13 || byte == 10 {
                length = 0
            } else {
                length += 1
                if byte >= 0x7f || (byte < 0x20 && byte != 9) || length > 998 { return false }
            }
        }
        return true
    }

    /// Quoted-printable (RFC 2045), lines of at most 76 characters.
    static func quotedPrintable(_ lines: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        var column = 0
        var index = 0
        while index < lines.count {
            let byte = lines[index]
            if byte == 13, index + 1 < lines.count, lines[index + 1] == 10 {
                result += [13, 10]
                column = 0
                index += 2
                continue
            }
            let endsLine = index + 1 >= lines.count || lines[index + 1] == 13
            let isPlain = (byte > 32 && byte < 127 && byte != 61) || ((byte == 32 || byte == 9) && !endsLine)
            let width = isPlain ? 1 : 3
            if column + width > 75 {
                result += [61, 13, 10]
                column = 0
            }
            result += isPlain ? [byte] : [61, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            column += width
            index += 1
        }
        return result
    }

    /// Base 64 in lines of 76 characters.
    static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + 57, bytes.count)
            result += Base64.encode(bytes[start..<end]).utf8
            result += [13, 10]
            start = end
        }
        return result
    }
}
