/// A date and time of day in the proleptic Gregorian calendar, in UTC.
public struct CivilTime: Sendable, Hashable {
    /// The year, as in 2026.
    public var year: Int
    /// The month, 1 to 12.
    public var month: Int
    /// The day of the month, 1 to 31.
    public var day: Int
    /// The hour, 0 to 23.
    public var hour: Int
    /// The minute, 0 to 59.
    public var minute: Int
    /// The second, 0 to 59, or 60 for a leap second.
    public var second: Int
    /// The nanosecond, 0 to 999,999,999.
    public var nanosecond: Int

    /// Makes a date and time; the parts are not checked.
    public init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.nanosecond = nanosecond
    }

    /// The date and time of an instant.
    public init(_ instant: Timestamp) {
        let seconds = instant.seconds
        let days = seconds.flooredQuotient(by: 86_400)
        let rest = Int(seconds - days * 86_400)
        self = CivilTime(day: days)
        hour = rest / 3_600
        minute = rest / 60 % 60
        second = rest % 60
        nanosecond = Int(instant.nanoseconds &- seconds &* 1_000_000_000)
    }

    /// The date of a day counted from 1970-01-01.
    ///
    /// Years are taken from March, so that the leap day is the last of its year; 400 years have 146,097 days.
    private init(day number: Int64) {
        let shifted = number + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.init(
            year: Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month: Int(month),
            day: Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1))
    }

    /// Days from 1970-01-01 to the date; the month is within 1 to 12.
    public var dayNumber: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The day of the week, 0 for Sunday to 6.
    public var weekday: Int { ((dayNumber % 7) + 11) % 7 }

    /// The day of the year, 1 to 366.
    public var dayOfYear: Int { dayNumber - CivilTime(year: year, month: 1, day: 1).dayNumber + 1 }

    /// How many days a month has, or 0 when there is no such month.
    public static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: return 30
        case 1...12: return 31
        default: return 0
        }
    }

    /// The instant, when the parts are read as local time that is ahead of UTC by some minutes.
    ///
    /// - Returns: nil when a part is out of range or the instant cannot be held.
    public func timestamp(offsetMinutes: Int = 0) -> Timestamp? {
        guard (0...9_999).contains(year), (1...12).contains(month),
            (1...max(1, Self.days(inMonth: month, of: year))).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second), (0...999_999_999).contains(nanosecond),
            (-1_439...1_439).contains(offsetMinutes)
        else { return nil }
        let seconds = dayNumber * 86_400 + hour * 3_600 + (minute - offsetMinutes) * 60 + second
        return Timestamp(seconds: Int64(seconds), nanoseconds: Int64(nanosecond))
    }

    /// A number with leading zeros up to a width.
    static func padded(_ number: Int, _ width: Int, _ fill: Character = "0") -> String {
        let digits = String(number.magnitude)
        let sign = number < 0 ? "-" : ""
        return sign + String(repeating: fill, count: max(0, width - digits.count)) + digits
    }
}
