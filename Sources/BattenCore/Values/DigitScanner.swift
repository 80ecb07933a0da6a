/// Reads digits and single characters of a short ASCII text, front to back.
struct DigitScanner {
    private let bytes: [UInt8]
    private(set) var place = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether everything was read.
    var atEnd: Bool { place == bytes.count }

    /// The next byte, not taken.
    var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    /// Takes the next character if it is this one.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = UInt8(exactly: character.value) else { return false }
        return take(byte: byte)
    }

    /// Takes the next byte if it is this one.
    mutating func take(byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    /// Takes the next digit.
    mutating func digit() -> Int? {
        guard let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) else { return nil }
        place += 1
        return Int(next - UInt8(ascii: "0"))
    }

    /// Takes exactly so many digits.
    mutating func digits(exactly count: Int) -> Int? {
        var number = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// Takes one or more digits as a fraction of a second, in nanoseconds; further digits are cut.
    mutating func fraction() -> Int? {
        guard let first = digit() else { return nil }
        var value = first * 100_000_000
        var scale = 10_000_000
        while let digit = digit() {
            value += digit * scale
            scale /= 10
        }
        return value
    }

    /// Takes `Z` or an offset from UTC like `+02:00` or `+0200`, in minutes.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("-") ? -1 : 1
        guard sign == -1 || take("+"), let hours = digits(exactly: 2) else { return nil }
        _ = take(":")
        guard let minutes = digits(exactly: 2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
