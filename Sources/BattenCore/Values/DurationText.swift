/// Durations as authors write them.
///
/// Numbers with units, largest first: `500ms`, `30s`, `1h30m`, `1d`, `1.5h`; or ISO 8601 without years and months:
/// `PT1H30M`, `P1D`, `P2W`. A day has 24 hours. The finest unit is the nanosecond, the longest duration 292 years.
public enum DurationText {
    /// Why a text is not a duration.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong and what would be right, as a sentence without a final stop.
        public let description: String
    }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// Reads a duration that is not negative.
    ///
    /// - Throws: `Failure` when the text is something else, or longer than 292 years.
    public static func parse(_ text: String) throws(Failure) -> Duration {
        var scanner = DigitScanner(text)
        let nanoseconds =
            scanner.take("P") || scanner.take("p")
            ? try parseISO(&scanner, text) : try parsePlain(&scanner, text)
        return .nanoseconds(nanoseconds)
    }

    /// The duration in canonical form: whole units, largest first, zeros left out, as `1d2h`, `1s500ms`, `0s`.
    ///
    /// What is finer than a nanosecond is cut; a negative duration gets a leading `-`.
    public static func format(_ duration: Duration) -> String {
        let total = duration.saturatedNanoseconds
        var rest = total.magnitude
        var text = total < 0 ? "-" : ""
        for unit in units {
            let size = UInt64(unit.nanoseconds)
            if rest >= size {
                text += String(rest / size) + unit.name
                rest %= size
            }
        }
        return total == 0 ? "0s" : text
    }

    private static func parsePlain(_ scanner: inout DigitScanner, _ text: String) throws(Failure) -> Int64 {
        var total: Int64 = 0
        var nextUnit = 0
        repeat {
            let number = try number(&scanner, text)
            var name = ""
            while let byte = scanner.next, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) {
                let letter = Unicode.Scalar(byte)
                _ = scanner.take(letter)
                name.unicodeScalars.append(letter)
            }
            guard let unit = units.firstIndex(where: { $0.name == name }) else {
                throw unreadable(text, name.isEmpty ? "a unit is missing" : "'\(name)' is no unit")
            }
            guard unit >= nextUnit else { throw unreadable(text, "units go from large to small, each once") }
            nextUnit = unit + 1
            total = try add(number, of: units[unit].nanoseconds, to: total, text)
        } while !scanner.atEnd
        return total
    }

    private static func parseISO(_ scanner: inout DigitScanner, _ text: String) throws(Failure) -> Int64 {
        let dateUnits: [(Unicode.Scalar, Int64)] = [("W", 604_800_000_000_000), ("D", units[0].nanoseconds)]
        let timeUnits: [(Unicode.Scalar, Int64)] = [
            ("H", units[1].nanoseconds), ("M", units[2].nanoseconds), ("S", units[3].nanoseconds),
        ]
        var total: Int64 = 0
        var inTime = false
        var nextUnit = 0
        var parts = 0
        while !scanner.atEnd {
            if scanner.take("T") || scanner.take("t") {
                guard !inTime, !scanner.atEnd else {
                    throw unreadable(text, "after 'T' hours, minutes or seconds follow")
                }
                inTime = true
                nextUnit = 0
                continue
            }
            let number = try number(&scanner, text)
            let letter = scanner.next.map { Unicode.Scalar($0 & 0xDF) }
            let known = inTime ? timeUnits : dateUnits
            guard let letter, let unit = known.firstIndex(where: { $0.0 == letter }), unit >= nextUnit else {
                throw unreadable(text, "in ISO 8601 only weeks, days, hours, minutes and seconds have a fixed length")
            }
            if let byte = scanner.next { _ = scanner.take(Unicode.Scalar(byte)) }
            nextUnit = unit + 1
            parts += 1
            total = try add(number, of: known[unit].1, to: total, text)
        }
        guard parts > 0 else { throw unreadable(text, "it holds no number") }
        return total
    }

    /// A decimal number: its whole part, and its fraction in billionths.
    private static func number(
        _ scanner: inout DigitScanner, _ text: String
    ) throws(Failure) -> (whole: Int64, billionths: Int64) {
        guard let first = scanner.digit() else { throw unreadable(text, "a number is missing") }
        var whole = Int64(first)
        while let digit = scanner.digit() {
            let (scaled, over) = whole.multipliedReportingOverflow(by: 10)
            let (sum, overSum) = scaled.addingReportingOverflow(Int64(digit))
            guard !over, !overSum else { throw tooLong(text) }
            whole = sum
        }
        guard scanner.take(".") || scanner.take(",") else { return (whole, 0) }
        guard let fraction = scanner.fraction() else { throw unreadable(text, "digits are missing after the point") }
        return (whole, Int64(fraction))
    }

    private static func add(
        _ number: (whole: Int64, billionths: Int64), of unit: Int64, to total: Int64, _ text: String
    ) throws(Failure) -> Int64 {
        let (scaled, over) = number.whole.multipliedReportingOverflow(by: unit)
        let part = number.billionths.multipliedFullWidth(by: unit)
        let fraction = Int64(1_000_000_000).dividingFullWidth(part).quotient
        let (withFraction, overFraction) = scaled.addingReportingOverflow(fraction)
        let (sum, overSum) = total.addingReportingOverflow(withFraction)
        guard !over, !overFraction, !overSum else { throw tooLong(text) }
        return sum
    }

    private static func unreadable(_ text: String, _ reason: String) -> Failure {
        let shown = text.unicodeScalars.count > 40 ? String(text.prefix(40)) + "…" : text
        return Failure(
            description: "'\(shown)' is not a duration: \(reason); write for example 500ms, 30s, 10m, 1h30m or PT1H30M")
    }

    private static func tooLong(_ text: String) -> Failure {
        Failure(description: "'\(text.prefix(40))' is longer than the 292 years a duration can be")
    }
}
