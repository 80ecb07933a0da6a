/// A cron expression: which local times a job runs at.
///
/// Five fields (minute, hour, day of month, month, day of week), or six with seconds first. A field is `*`, `?` (in the
/// two fields of days), a number, a name, a range `a-b`, any of these with a step `/n`, or a list of them. The day of
/// month also knows `L` (the last day), `L-3` (three before it), `LW` (the last weekday) and `15W` (the weekday nearest
/// to the 15th, within the month); the day of week `5L` (the last Friday of the month) and `5#2` (its second Friday).
/// 0 and 7 are Sunday. With both fields of days restricted a day matches when either does, as in POSIX `crontab`; a
/// field is restricted unless it is `*` or `?`, with or without a step of 1.
public struct CronExpression: Sendable, Hashable {
    /// The text it was read from.
    public let text: String

    /// Seconds at which it runs, a bit each.
    let seconds: UInt64
    /// Minutes at which it runs, a bit each.
    let minutes: UInt64
    /// Hours at which it runs, a bit each.
    let hours: UInt64
    /// Months in which it runs, bits 1 to 12.
    let months: UInt64
    /// The days of a month on which it runs; nil means all.
    let daysOfMonth: DaysOfMonth?
    /// The days of a week on which it runs; nil means all.
    let daysOfWeek: DaysOfWeek?
    /// Whether hour and minute are plain numbers or lists of them: such a job keeps its time of day over a change of
    /// the clocks; any other follows elapsed time.
    let hasFixedTime: Bool

    /// Days of a month as an expression names them.
    struct DaysOfMonth: Sendable, Hashable {
        /// Numbers, bits 1 to 31.
        var numbers: UInt64 = 0
        /// Days before the last one, bits 0 to 30.
        var beforeLast: UInt64 = 0
        /// Days whose nearest weekday is meant, bits 1 to 31.
        var nearestWeekday: UInt64 = 0
        /// Whether the last weekday is meant.
        var lastWeekday = false
    }

    /// Days of a week as an expression names them.
    struct DaysOfWeek: Sendable, Hashable {
        /// Numbers, bits 0 (Sunday) to 6.
        var numbers: UInt64 = 0
        /// Weekdays whose last one of the month is meant, bits 0 to 6.
        var last: UInt64 = 0
        /// Weekdays whose n-th one of the month is meant: bit 7 × (n − 1) + weekday.
        var nth: UInt64 = 0
    }

    /// Expressions that a name stands for.
    static let nicknames: KeyValuePairs = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// Reads an expression.
    ///
    /// - Throws: ``CronError`` that names the field; an expression that matches no day of any year is an error too.
    public init(_ text: String) throws(CronError) {
        self.text = text
        var source = text
        let trimmed = text.split(whereSeparator: Self.isBlank)
        if let word = trimmed.first, word.hasPrefix("@") {
            source = try Self.expansion(of: trimmed)
        }
        let words = source.split(whereSeparator: Self.isBlank)
        guard words.count == 5 || words.count == 6 else {
            throw CronError(
                "a cron expression has five or six fields, this one has \(words.count)",
                help: "write minute, hour, day of month, month, day of week; six put seconds first")
        }
        var reader = CronReader(words: words)
        seconds = words.count == 6 ? try reader.numbers(.second).bits : 1
        let minute = try reader.numbers(.minute)
        let hour = try reader.numbers(.hour)
        minutes = minute.bits
        hours = hour.bits
        hasFixedTime = minute.isPlain && hour.isPlain
        daysOfMonth = try reader.daysOfMonth()
        months = try reader.numbers(.month).bits
        daysOfWeek = try reader.daysOfWeek()
        guard hasAnyDay else {
            throw CronError(
                "'\(text)' never fires: no year has such a day", help: "look at day of month and month")
        }
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

    private static func expansion(of words: [Substring]) throws(CronError) -> String {
        let name = words[0].lowercased()
        if name == "@reboot" {
            throw CronError("'@reboot' has no time", help: "a schedule runs by the clock only")
        }
        if name == "@every" {
            throw CronError("'@every' is no cron expression", help: "write every: 5m instead of cron")
        }
        guard words.count == 1, let known = nicknames.first(where: { $0.key == name }) else {
            throw CronError(
                "'\(words.joined(separator: " ").prefix(40))' is not known",
                help: "the names are " + nicknames.map(\.key).joined(separator: ", "))
        }
        return known.value
    }

    /// Whether some day matches.
    ///
    /// The calendar repeats with its weekdays after 28 years while no century comes between,
    /// so that these years hold every kind of month there is.
    private var hasAnyDay: Bool {
        for year in 2_000..<2_028 {
            for month in 1...12 where months & (1 << UInt64(month)) != 0 {
                if days(of: month, in: year) != 0 { return true }
            }
        }
        return false
    }

    /// The days of a month that match, bits 1 to 31.
    ///
    /// - Parameters:
    ///   - month: 1 to 12.
    ///   - year: the year, as in 2026.
    func days(of month: Int, in year: Int) -> UInt64 {
        let count = CivilTime.days(inMonth: month, of: year)
        let all: UInt64 = ((1 << UInt64(count)) - 1) << 1
        guard daysOfMonth != nil || daysOfWeek != nil else { return all }
        let firstWeekday = CivilTime(year: year, month: month, day: 1).weekday
        var days: UInt64 = 0
        if let daysOfMonth { days |= daysOfMonth.days(count: count, firstWeekday: firstWeekday) }
        if let daysOfWeek { days |= daysOfWeek.days(count: count, firstWeekday: firstWeekday) }
        return days & all
    }
}

extension CronExpression.DaysOfMonth {
    /// The days that are meant in a month with so many days that begins on this weekday.
    func days(count: Int, firstWeekday: Int) -> UInt64 {
        var days = numbers
        for before in 0..<count where beforeLast & (1 << UInt64(before)) != 0 { days |= 1 << UInt64(count - before) }
        func weekday(_ day: Int) -> Int { (firstWeekday + day - 1) % 7 }
        if lastWeekday {
            let back = weekday(count) == 6 ? 1 : weekday(count) == 0 ? 2 : 0
            days |= 1 << UInt64(count - back)
        }
        for day in 1...count where nearestWeekday & (1 << UInt64(day)) != 0 {
            let nearest =
                switch weekday(day) {
                case 6: day > 1 ? day - 1 : day + 2
                case 0: day < count ? day + 1 : day - 2
                default: day
                }
            days |= 1 << UInt64(nearest)
        }
        return days
    }
}

extension CronExpression.DaysOfWeek {
    /// The days that are meant in a month with so many days that begins on this weekday.
    func days(count: Int, firstWeekday: Int) -> UInt64 {
        var days: UInt64 = 0
        for day in 1...count {
            let weekday = UInt64((firstWeekday + day - 1) % 7)
            let isLast = day + 7 > count
            let place = UInt64((day - 1) / 7) * 7 + weekday
            if numbers & (1 << weekday) != 0 || (isLast && last & (1 << weekday) != 0) || nth & (1 << place) != 0 {
                days |= 1 << UInt64(day)
            }
        }
        return days
    }
}
