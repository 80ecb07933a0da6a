import CCurl

/// A date in a header: read in the three forms of RFC 9110, written in the first.
public enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    ///
    /// Returns seconds since 1970, or nil if the text is none of them.
    public static func parse(_ text: String) -> Int64? {
        let words = text.split { $0 == " " || $0 == "-" || $0 == "," }.map(String.init)
        let day: Int?
        let month: Int?
        var year: Int?
        let clock: String
        if words.count == 6, words[5] == "GMT" {
            day = Int(words[1])
            month = months.firstIndex(of: words[2])
            year = Int(words[3])
            // Two digits mean the year of that ending nearest to now, which is before 2070 for all practical purposes.
            if words[3].utf8.count == 2, let short = year { year = short < 70 ? 2000 + short : 1900 + short }
            clock = words[4]
        } else if words.count == 5 {
            month = months.firstIndex(of: words[1])
            day = Int(words[2])
            clock = words[3]
            year = Int(words[4])
        } else {
            return nil
        }
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard let day, let month, let year, parts.count == 3, let hour = parts[0], let minute = parts[1],
            let second = parts[2], (1...31).contains(day), (1600...9999).contains(year), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        let seconds = hour * 3600 + minute * 60 + second
        return daysSinceEpoch(year: year, month: month + 1, day: day) * 86400 + Int64(seconds)
    }

    /// Writes seconds since 1970 as `Sun, 06 Nov 1994 08:49:37 GMT`.
    public static func format(_ seconds: Int64) -> String {
        let (weekday, year, month, day, clock) = parts(seconds)
        return "\(weekday), \(twoDigits(day)) \(month) \(year) \(clock) GMT"
    }

    /// Writes seconds since 1970 in the form of mail headers, `Sun, 6 Nov 1994 08:49:37 +0000`.
    public static func formatMail(_ seconds: Int64) -> String {
        let (weekday, year, month, day, clock) = parts(seconds)
        return "\(weekday), \(day) \(month) \(year) \(clock) +0000"
    }

    private static func parts(_ seconds: Int64) -> (String, Int64, String, Int64, String) {
        let (count, rest) = floorDivide(seconds, 86400)
        let (year, month, day) = civil(daysSinceEpoch: count)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return (days[Int(floorDivide(count, 7).1)], year, months[Int(month - 1)], day, clock)
    }
}

/// How long a server asks to wait.
public enum RetryAfter {
    /// Reads a `Retry-After` value, seconds or a date, at the wall time `now` (seconds since 1970).
    ///
    /// Returns nanoseconds from now, at least 0 and at most a week; nil if the text is neither.
    public static func parse(_ text: String, now: Int64) -> Int64? {
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        let seconds: Double
        if let number = Double(trimmed), number.isFinite {
            seconds = number
        } else if let date = HTTPDate.parse(text) {
            seconds = Double(date - now)
        } else {
            return nil
        }
        return Int64(min(max(seconds, 0), 604_800) * 1_000_000_000)
    }
}

/// When a limit is lifted, as the rate headers of model providers tell it.
public enum RateReset {
    /// Reads a length of time (`6m0s`, `7.66s`, `120ms`, a number of seconds) or an instant (`2026-03-01T06:00:00Z`).
    ///
    /// - Parameter now: seconds since 1970; nil is the present.
    /// - Returns: nanoseconds from now, at least 0 and at most a week; nil if the text is none of these.
    public static func delay(_ text: String, now: Int64? = nil) -> Int64? {
        let now = now ?? batten_wall_seconds()
        if let seconds = length(text) { return Int64(min(seconds, 604_800) * 1_000_000_000) }
        if let instant = instant(text) { return min(max(instant - now, 0), 604_800) * 1_000_000_000 }
        return RetryAfter.parse(text, now: now)
    }

    /// Seconds of a length of time with units; nil if the text is none.
    private static func length(_ text: String) -> Double? {
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            let units: [Substring: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400]
            guard let number = Double(digits), let factor = units[unit] else { return nil }
            total += number * factor
        }
        return total
    }

    /// Seconds since 1970 of an instant in UTC, cut to whole seconds and one more; nil if the text is none.
    private static func instant(_ text: String) -> Int64? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[1].last == "Z" || halves[1].hasSuffix("+00:00") else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        let clock = halves[1].prefix(8).split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard date.count == 3, clock.count == 3, let year = date[0], let month = date[1], let day = date[2],
            let hour = clock[0], let minute = clock[1], let second = clock[2], (1600...9999).contains(year),
            (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        let seconds = daysSinceEpoch(year: year, month: month, day: day) * 86400
        return seconds + Int64(hour * 3600 + minute * 60 + second) + (halves[1].contains(".") ? 1 : 0)
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, whose `month` counts from 1.
func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
    // Years begin in March, so that the leap day is the last day of a year; eras are of 400 years.
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let (era, yearOfEra) = floorDivide(shifted, 400)
    let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

/// The calendar day a number of days after 1970-01-01.
func civil(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
}

/// Quotient rounded down by a positive divisor, and the remainder that goes with it.
private func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

func twoDigits(_ value: Int64) -> String {
    value < 10 ? "0\(value)" : "\(value)"
}
