import BattenCore
import BattenSpec

/// A value that is one call of a declared function of a C library: `crc32(0, "hello", 5)`.
struct ForeignCall: Sendable {
    let function: ForeignFunction
    /// The function's name in the line.
    let name: Range<Int>
    /// The arguments, with their brackets.
    let arguments: Range<Int>

    /// Finds the call that fills a range; nil when something else stands there.
    static func find(_ bytes: [UInt8], _ range: Range<Int>, _ functions: [String: ForeignFunction]) -> ForeignCall? {
        guard !functions.isEmpty else { return nil }
        var scanner = LineScanner(bytes, bytes.trimmed(range))
        guard let name = scanner.name(), let function = functions[bytes.text(name)] else { return nil }
        scanner.skipSpace()
        guard scanner.peek() == UInt8(ascii: "(") else { return nil }
        let arguments = scanner.place..<scanner.end
        // The first bracket must be the one that the last closes.
        scanner.place += 1
        _ = scanner.piece(until: [UInt8(ascii: ")")], endsAtSpace: false)
        guard scanner.place == scanner.end - 1 else { return nil }
        return ForeignCall(function: function, name: name, arguments: arguments)
    }

    /// The stage that makes the call.
    func stage(_ reader: inout LineValueReader) throws(LineFault) -> StageText {
        func word(_ text: String) -> LineWord { LineWord(text: text, range: name) }
        var text = StageText(uses: word("ffi.call"), member: "result")
        text.with = [
            (word("library"), .text(MappedText(function.library, from: name))),
            (word("signature"), .text(MappedText(function.signature, from: name))),
            (word("arguments"), try reader.arguments(arguments)),
        ]
        return text
    }
}

extension LineValueReader {
    /// Reads the values between the round brackets of a call.
    mutating func arguments(_ range: Range<Int>) throws(LineFault) -> LineValue {
        try list(range)
    }
}
