/// An instant: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds, from the year 1677 to 2262.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var nanoseconds: Int64

    /// Makes an instant from nanoseconds since 1970-01-01T00:00:00Z.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Makes an instant from whole seconds since 1970-01-01T00:00:00Z; nil outside the years that can be held.
    public init?(seconds: Int64, nanoseconds: Int64 = 0) {
        // Before 1970 the seconds are rounded towards 1970, so that the first instant of all can be made.
        let borrowed: Int64 = seconds < 0 && nanoseconds > 0 ? 1 : 0
        let (scaled, over) = (seconds + borrowed).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overSum) = scaled.addingReportingOverflow(nanoseconds - borrowed * 1_000_000_000)
        guard !over, !overSum else { return nil }
        self.nanoseconds = sum
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public var seconds: Int64 { nanoseconds.flooredQuotient(by: 1_000_000_000) }

    /// Whole milliseconds since 1970-01-01T00:00:00Z, rounded down.
    public var milliseconds: Int64 { nanoseconds.flooredQuotient(by: 1_000_000) }

    /// Whether the left instant is earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant later by a duration; the first or last possible one when it cannot be held.
    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(nanoseconds: left.nanoseconds.addingSaturated(right.saturatedNanoseconds))
    }

    /// The instant earlier by a duration; the first or last possible one when it cannot be held.
    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(nanoseconds: left.nanoseconds.subtractingSaturated(right.saturatedNanoseconds))
    }

    /// The time from the right instant to the left one, negative when the left one is earlier.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingSaturated(right.nanoseconds))
    }
}

extension Timestamp: CustomStringConvertible {
    /// The instant in RFC 3339 with milliseconds, as `2026-01-31T06:00:00.000Z`.
    public var description: String { rfc3339 }

    /// The instant in RFC 3339, in UTC, with milliseconds.
    public var rfc3339: String { rfc3339(fractionDigits: 3) }

    /// The instant in RFC 3339, in UTC, cut (not rounded) to this many digits of a second, 0 to 9.
    public func rfc3339(fractionDigits: Int) -> String {
        let time = CivilTime(self)
        let digits = max(0, min(9, fractionDigits))
        // Every record and line of data has some: the bytes are written straight into the text.
        return String(unsafeUninitializedCapacity: 30) { bytes in
            var place = 0
            func append(_ byte: UInt8) {
                bytes[place] = byte
                place += 1
            }
            func append(_ value: Int, _ count: Int) {
                var rest = value
                for digit in (place..<place + count).reversed() {
                    bytes[digit] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                    rest /= 10
                }
                place += count
            }
            append(time.year, 4)
            append(UInt8(ascii: "-"))
            append(time.month, 2)
            append(UInt8(ascii: "-"))
            append(time.day, 2)
            append(UInt8(ascii: "T"))
            append(time.hour, 2)
            append(UInt8(ascii: ":"))
            append(time.minute, 2)
            append(UInt8(ascii: ":"))
            append(time.second, 2)
            if digits > 0 {
                append(UInt8(ascii: "."))
                append(time.nanosecond, 9)
                place -= 9 - digits
            }
            append(UInt8(ascii: "Z"))
            return place
        }
    }

    /// Reads RFC 3339, as `2026-01-31T06:00:00Z` or `2026-01-31 08:00:00.25+02:00`.
    ///
    /// A date alone is midnight UTC. Digits beyond nanoseconds are cut; a leap second counts as the second after it.
    /// - Returns: nil when the text is something else or outside the years that can be held.
    public init?(rfc3339 text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.digits(exactly: 4), scanner.take("-"), let month = scanner.digits(exactly: 2),
            scanner.take("-"), let day = scanner.digits(exactly: 2)
        else { return nil }
        var time = CivilTime(year: year, month: month, day: day)
        var offsetMinutes = 0
        if !scanner.atEnd {
            guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
                let hour = scanner.digits(exactly: 2), scanner.take(":"),
                let minute = scanner.digits(exactly: 2), scanner.take(":"),
                let second = scanner.digits(exactly: 2)
            else { return nil }
            time.hour = hour
            time.minute = minute
            time.second = second
            if scanner.take(".") {
                guard let fraction = scanner.fraction() else { return nil }
                time.nanosecond = fraction
            }
            guard let offset = scanner.offset() else { return nil }
            offsetMinutes = offset
        }
        guard scanner.atEnd, let instant = time.timestamp(offsetMinutes: offsetMinutes) else { return nil }
        self = instant
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity; the divisor is positive.
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    /// The sum, or the nearest value that can be held.
    public func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, over) = addingReportingOverflow(other)
        return over ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest value that can be held.
    public func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, over) = subtractingReportingOverflow(other)
        return over ? (other < 0 ? .max : .min) : difference
    }
}

extension Duration {
    /// Whole nanoseconds, or the nearest number of them that 64 bits hold.
    public var saturatedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if over { return seconds < 0 ? .min : .max }
        return scaled.addingSaturated(attoseconds / 1_000_000_000)
    }
}
