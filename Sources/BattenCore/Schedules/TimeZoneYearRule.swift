/// How a zone's clocks change every year, in the notation of the POSIX variable `TZ`, as `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// RFC 9636, section 3.3.2, allows times of day from -167 to 167 hours; those are read too.
struct TimeZoneYearRule: Sendable, Hashable {
    /// One of the two clocks.
    private struct Clock: Sendable, Hashable {
        var abbreviation: String
        /// Seconds ahead of UTC.
        var offset: Int
    }

    /// The day of a change, and the local time at which it happens.
    private struct Change: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// 1 to 365; 29 February is never counted.
            case julian(Int)
            /// 0 to 365.
            case ordinal(Int)
            /// Month 1 to 12, week 1 to 5 (5 is the last one), weekday 0 (Sunday) to 6.
            case weekday(month: Int, week: Int, day: Int)
        }
        var day: Day
        /// Seconds after midnight.
        var time: Int
    }

    private let standard: Clock
    private let daylight: Clock?
    private let start: Change
    private let end: Change

    /// The period that an instant lies in.
    ///
    /// - Parameter first: the rule holds from this instant on; no period starts earlier.
    func period(at instant: Int64, from first: Int64) -> TimeZoneRules.Period {
        guard let daylight else { return period(standard, from: first, to: .max) }
        let day = max(-10_000_000, min(10_000_000, instant.flooredQuotient(by: 86_400)))
        let year = CivilTime(Timestamp(seconds: day * 86_400) ?? Timestamp(nanoseconds: instant < 0 ? .min : .max)).year
        var changes: [(at: Int64, to: Clock)] = []
        for year in year - 1...year + 1 {
            changes.append((self.instant(of: start, in: year, clock: standard), daylight))
            changes.append((self.instant(of: end, in: year, clock: daylight), standard))
        }
        changes.sort { $0.at < $1.at }
        guard let next = changes.firstIndex(where: { $0.at > instant }), next > 0 else {
            return period(standard, from: first, to: .max)
        }
        return period(changes[next - 1].to, from: max(first, changes[next - 1].at), to: changes[next].at)
    }

    private func period(_ clock: Clock, from start: Int64, to end: Int64) -> TimeZoneRules.Period {
        TimeZoneRules.Period(offset: clock.offset, abbreviation: clock.abbreviation, start: start, end: end)
    }

    private func instant(of change: Change, in year: Int, clock: Clock) -> Int64 {
        let newYear = CivilTime(year: year, month: 1, day: 1)
        let day: Int
        switch change.day {
        case .julian(let number):
            let isLeap = CivilTime.days(inMonth: 2, of: year) == 29
            day = newYear.dayNumber + number - 1 + (isLeap && number >= 60 ? 1 : 0)
        case .ordinal(let number): day = newYear.dayNumber + number
        case .weekday(let month, let week, let weekday):
            let first = CivilTime(year: year, month: month, day: 1)
            let offset = (weekday - first.weekday + 7) % 7 + (week - 1) * 7
            let count = CivilTime.days(inMonth: month, of: year)
            day = first.dayNumber + (offset < count ? offset : offset - 7)
        }
        return Int64(day) * 86_400 + Int64(change.time - clock.offset)
    }

    /// Reads a rule.
    ///
    /// - Throws: ``TimeZoneError`` when it is something else.
    init(_ text: String) throws(TimeZoneError) {
        var scanner = DigitScanner(text)
        let failure = TimeZoneError("its rule '\(text.prefix(60))' is not one of POSIX")
        guard let standardName = scanner.zoneName(), let west = scanner.clockTime(hours: 0...24) else { throw failure }
        standard = Clock(abbreviation: standardName, offset: -west)
        let noChange = Change(day: .julian(1), time: 0)
        guard !scanner.atEnd else {
            (daylight, start, end) = (nil, noChange, noChange)
            return
        }
        guard let daylightName = scanner.zoneName() else { throw failure }
        var offset = standard.offset + 3_600
        if scanner.next != UInt8(ascii: ",") {
            guard let west = scanner.clockTime(hours: 0...24) else { throw failure }
            offset = -west
        }
        daylight = Clock(abbreviation: daylightName, offset: offset)
        guard let start = Self.change(&scanner), let end = Self.change(&scanner), scanner.atEnd else { throw failure }
        self.start = start
        self.end = end
    }

    private static func change(_ scanner: inout DigitScanner) -> Change? {
        guard scanner.take(",") else { return nil }
        let day: Change.Day
        if scanner.take("M") {
            guard let month = scanner.number(in: 1...12), scanner.take("."), let week = scanner.number(in: 1...5),
                scanner.take("."), let weekday = scanner.number(in: 0...6)
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if scanner.take("J") {
            guard let number = scanner.number(in: 1...365) else { return nil }
            day = .julian(number)
        } else {
            guard let number = scanner.number(in: 0...365) else { return nil }
            day = .ordinal(number)
        }
        guard scanner.take("/") else { return Change(day: day, time: 7_200) }
        return scanner.clockTime(hours: 0...167).map { Change(day: day, time: $0) }
    }
}

extension DigitScanner {
    /// Takes a whole number of one to four digits within a range.
    fileprivate mutating func number(in range: ClosedRange<Int>) -> Int? {
        guard var number = digit() else { return nil }
        while number < 1_000, let digit = digit() { number = number * 10 + digit }
        return range.contains(number) ? number : nil
    }

    /// Takes `[+-]hh[:mm[:ss]]` as seconds.
    fileprivate mutating func clockTime(hours: ClosedRange<Int>) -> Int? {
        let sign = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard let hour = number(in: hours) else { return nil }
        var seconds = hour * 3_600
        for unit in [60, 1] {
            guard take(":") else { break }
            guard let part = number(in: 0...59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    /// Takes the name of a clock: letters, or anything between `<` and `>`.
    fileprivate mutating func zoneName() -> String? {
        var letters: [UInt8] = []
        if take("<") {
            while let next, next != UInt8(ascii: ">") {
                letters.append(next)
                _ = take(byte: next)
            }
            return take(">") && letters.count >= 3 ? String(decoding: letters, as: UTF8.self) : nil
        }
        while let next, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next | 0x20) {
            letters.append(next)
            _ = take(byte: next)
        }
        return letters.count >= 3 ? String(decoding: letters, as: UTF8.self) : nil
    }
}
