// Reading instants by a pattern.
extension DatePattern {
    /// The fields collected while a text is read.
    private struct Fields {
        var time = CivilTime(year: 1970, month: 1, day: 1)
        var half: Int?
        var offsetMinutes = 0
        var epoch: Int64?
        var weekday: Int?
        var dayOfYear: Int?
    }

    /// The instant that a text names; nil when the text does not follow the pattern.
    ///
    /// Fields that the pattern leaves out are those of 1970-01-01T00:00:00Z.
    func instant(of text: String) -> Timestamp? {
        var scanner = DigitScanner(text)
        var fields = Fields()
        for part in parts {
            switch part {
            case .text(let text):
                for byte in text.utf8 where !scanner.take(byte: byte) { return nil }
            case .field(let field):
                guard Self.read(field, &scanner, &fields) else { return nil }
            }
        }
        guard scanner.atEnd else { return nil }
        return Self.instant(fields)
    }

    private static func instant(_ fields: Fields) -> Timestamp? {
        if let epoch = fields.epoch { return Timestamp(seconds: epoch, nanoseconds: Int64(fields.time.nanosecond)) }
        var time = fields.time
        if let half = fields.half {
            guard (1...12).contains(time.hour) else { return nil }
            time.hour = time.hour % 12 + half
        }
        if let dayOfYear = fields.dayOfYear {
            let leap = CivilTime.days(inMonth: 2, of: time.year) == 29
            guard (1...(leap ? 366 : 365)).contains(dayOfYear) else { return nil }
            var rest = dayOfYear
            time.month = 1
            while rest > CivilTime.days(inMonth: time.month, of: time.year) {
                rest -= CivilTime.days(inMonth: time.month, of: time.year)
                time.month += 1
            }
            time.day = rest
        }
        guard let instant = time.timestamp(offsetMinutes: fields.offsetMinutes) else { return nil }
        if let weekday = fields.weekday, weekday != time.weekday { return nil }
        return instant
    }

    private static func read(_ field: Field, _ scanner: inout DigitScanner, _ fields: inout Fields) -> Bool {
        switch field {
        case .year: return take(&fields.time.year, scanner.digits(exactly: 4))
        case .yearOfCentury:
            guard let year = scanner.digits(exactly: 2) else { return false }
            fields.time.year = year < 69 ? 2_000 + year : 1_900 + year
            return true
        case .month: return take(&fields.time.month, scanner.digits(exactly: 2))
        case .monthName, .shortMonthName: return take(&fields.time.month, name(months, &scanner).map { $0 + 1 })
        case .day: return take(&fields.time.day, scanner.digits(exactly: 2))
        case .dayWithSpace:
            let count = scanner.take(" ") ? 1 : 2
            return take(&fields.time.day, scanner.digits(exactly: count))
        case .dayOfYear:
            fields.dayOfYear = scanner.digits(exactly: 3)
            return fields.dayOfYear != nil
        case .hour, .hourOfHalf: return take(&fields.time.hour, scanner.digits(exactly: 2))
        case .half:
            fields.half = name(["AM", "PM"], &scanner).map { $0 * 12 }
            return fields.half != nil
        case .minute: return take(&fields.time.minute, scanner.digits(exactly: 2))
        case .second: return take(&fields.time.second, scanner.digits(exactly: 2))
        case .millisecond: return take(&fields.time.nanosecond, scanner.digits(exactly: 3).map { $0 * 1_000_000 })
        case .nanosecond: return take(&fields.time.nanosecond, scanner.digits(exactly: 9))
        case .epoch:
            fields.epoch = epoch(&scanner)
            return fields.epoch != nil
        case .weekdayName, .shortWeekdayName:
            fields.weekday = name(weekdays, &scanner)
            return fields.weekday != nil
        case .weekday:
            fields.weekday = scanner.digits(exactly: 1).map { $0 % 7 }
            return fields.weekday != nil
        case .zone: return name(["UTC", "GMT", "Z"], &scanner) != nil
        case .offset: return take(&fields.offsetMinutes, scanner.offset())
        case .date:
            return read(.year, &scanner, &fields) && scanner.take("-") && read(.month, &scanner, &fields)
                && scanner.take("-") && read(.day, &scanner, &fields)
        case .time:
            return read(.hour, &scanner, &fields) && scanner.take(":") && read(.minute, &scanner, &fields)
                && scanner.take(":") && read(.second, &scanner, &fields)
        case .percent: return scanner.take("%")
        }
    }

    private static func take(_ place: inout Int, _ value: Int?) -> Bool {
        guard let value else { return false }
        place = value
        return true
    }

    /// Takes one of some names, or its first three letters, in any case.
    private static func name(_ names: [String], _ scanner: inout DigitScanner) -> Int? {
        for (index, name) in names.enumerated() {
            for length in Set([name.utf8.count, min(3, name.utf8.count)]).sorted(by: >) {
                var trial = scanner
                let taken = name.unicodeScalars.prefix(length).allSatisfy { letter in
                    trial.take(letter) || trial.take(Unicode.Scalar(UInt8(ascii: letter) ^ 0x20))
                }
                if taken {
                    scanner = trial
                    return index
                }
            }
        }
        return nil
    }

    private static func epoch(_ scanner: inout DigitScanner) -> Int64? {
        let isNegative = scanner.take("-")
        guard let first = scanner.digit() else { return nil }
        var value = Int64(first)
        while let digit = scanner.digit() {
            let (scaled, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, overSum) = scaled.addingReportingOverflow(Int64(digit))
            guard !over, !overSum else { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }
}
