/// An address of mail, with the name people read.
public struct MailAddress: Sendable, Equatable {
    /// The name; may be empty.
    public let name: String
    /// `local@domain`, in ASCII.
    public let address: String

    /// Reads `ada@example.org`, `Ada <ada@example.org>` or `"Lovelace, Ada" <ada@example.org>`.
    ///
    /// - Throws: ``TransferFailure`` of kind `badRequest` that says what is wrong.
    public init(_ text: String) throws(TransferFailure) {
        func bad(_ why: String) -> TransferFailure {
            TransferFailure(
                .badRequest, code: "mail.address",
                message: "'\(text.map { $0.isNewline ? " " : String($0) }.joined())' \(why); write "
                    + "ada@example.org or Ada <ada@example.org>")
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
            throw bad("holds a control character")
        }
        var name = ""
        var address = Self.trimmed(text[...])
        if address.hasSuffix(">"), let open = address.lastIndex(of: "<") {
            name = Self.trimmed(text[..<(text.lastIndex(of: "<") ?? text.startIndex)])
            address = String(address[address.index(after: open)...].dropLast())
            if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
                name = Self.unquoted(name.dropFirst().dropLast())
            }
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { throw bad("is not an address") }
        guard parts[0].utf8.allSatisfy({ Self.isLocal($0) }) else {
            throw bad("holds a character before the @ that addresses cannot hold")
        }
        guard let host = try? URLAddress("smtp://\(parts[1])", schemes: ["smtp"]).host,
            host.contains(".") || host == "localhost",
            host.utf8.allSatisfy({ $0 < 0x80 && $0 != 0x20 && $0 != 0x3e })
        else { throw bad("has no domain that mail can be sent to") }
        self.name = name
        self.address = "\(parts[0])@\(host)"
    }

    /// What stands after the @.
    public var domain: String { address.split(separator: "@").last.map(String.init) ?? "localhost" }

    private static func isLocal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " }
        guard let last = start.lastIndex(where: { $0 != " " }) else { return "" }
        return String(start[...last])
    }

    private static func unquoted(_ text: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            if character == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            isEscaped = false
            result.append(character)
        }
        return result
    }
}
