/// When an expression fires.
extension CronExpression {
    /// The first instant after another at which the job runs.
    ///
    /// A job with a fixed hour and minute whose time does not exist on a day (the clocks go forward) runs at the first
    /// instant after the gap; one whose time occurs twice (the clocks go back) runs at the first of them. A job with
    /// `*`, a step or a range in its minute or hour follows elapsed time: it runs in both of the repeated hours, and not
    /// in a missing one.
    ///
    /// - Parameters:
    ///   - instant: the result is later than this.
    ///   - zone: whose clocks the expression reads.
    /// - Returns: whole seconds; nil when there is none before the year 2262, where instants end.
    public func next(after instant: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
        let after = instant.seconds
        let next = hasFixedTime ? nextFixed(after: after, zone) : nextElapsed(after: after, zone)
        return next.flatMap { Timestamp(seconds: $0) }
    }

    private func nextFixed(after: Int64, _ zone: TimeZoneRules) -> Int64? {
        var local = after + Int64(zone.period(at: after).offset)
        while let candidate = nextLocal(after: local) {
            let instant = zone.firstInstant(ofLocal: candidate)
            if instant > after { return instant }
            local = candidate
        }
        return nil
    }

    private func nextElapsed(after: Int64, _ zone: TimeZoneRules) -> Int64? {
        var from = after + 1
        while true {
            let period = zone.period(at: from)
            let offset = Int64(period.offset)
            guard let local = nextLocal(after: from + offset - 1) else { return nil }
            if local - offset < period.end { return local - offset }
            // The clocks change first; from then on others are right.
            guard period.end <= Timestamp(nanoseconds: .max).seconds else { return nil }
            from = period.end
        }
    }

    /// The first local time after another that matches, both in seconds since 1970-01-01T00:00:00 of the local clock.
    ///
    /// - Returns: nil when there is none before the year 2263.
    private func nextLocal(after local: Int64) -> Int64? {
        guard let start = Timestamp(seconds: local + 1) else { return nil }
        let from = CivilTime(start)
        var year = from.year
        var month = from.month
        while year <= 2_262 {
            if months & (1 << UInt64(month)) != 0 {
                let days = days(of: month, in: year)
                let isFirstMonth = year == from.year && month == from.month
                var day = isFirstMonth ? from.day : 1
                while let match = days.firstBit(from: day) {
                    let isFirstDay = isFirstMonth && match == from.day
                    let first = isFirstDay ? from : CivilTime(year: year, month: month, day: match)
                    if let time = nextTime(hour: first.hour, first.minute, first.second) {
                        let number = CivilTime(year: year, month: month, day: match).dayNumber
                        return Int64(number) * 86_400 + Int64(time)
                    }
                    day = match + 1
                }
            }
            month += 1
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        return nil
    }

    /// The first second of a day, at or after a time, that matches.
    private func nextTime(hour: Int, _ minute: Int, _ second: Int) -> Int? {
        var (minute, second) = (minute, second)
        var hour = hour
        while let nextHour = hours.firstBit(from: hour) {
            if nextHour > hour { (minute, second) = (0, 0) }
            while let nextMinute = minutes.firstBit(from: minute) {
                if nextMinute > minute { second = 0 }
                if let nextSecond = seconds.firstBit(from: second) {
                    return nextHour * 3_600 + nextMinute * 60 + nextSecond
                }
                minute = nextMinute + 1
                second = 0
            }
            hour = nextHour + 1
            (minute, second) = (0, 0)
        }
        return nil
    }
}

extension UInt64 {
    /// The place of the first bit that is set, at or after a place; nil when there is none.
    func firstBit(from place: Int) -> Int? {
        guard place < 64 else { return nil }
        let rest = self >> UInt64(place)
        return rest == 0 ? nil : place + rest.trailingZeroBitCount
    }
}
