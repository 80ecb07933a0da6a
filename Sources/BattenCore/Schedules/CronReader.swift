/// Reads the fields of a cron expression, one after the other.
struct CronReader {
    private var words: ArraySlice<Substring>

    init(words: [Substring]) { self.words = words[...] }

    /// A field of plain numbers.
    struct Numbers {
        /// The numbers, a bit each.
        var bits: UInt64 = 0
        /// Whether there is neither `*`, nor a range, nor a step.
        var isPlain = true
    }

    /// Reads the next field, which holds numbers alone.
    mutating func numbers(_ field: CronField) throws(CronError) -> Numbers {
        var numbers = Numbers()
        for part in try parts(field) { try add(part, of: field, to: &numbers) }
        return numbers
    }

    /// Reads the day of month; nil means every day.
    mutating func daysOfMonth() throws(CronError) -> CronExpression.DaysOfMonth? {
        let parts = try parts(.dayOfMonth)
        if isUnrestricted(parts) { return nil }
        var days = CronExpression.DaysOfMonth()
        var numbers = Numbers()
        for part in parts {
            let upper = part.uppercased()
            if upper == "L" {
                days.beforeLast |= 1
            } else if upper == "LW" || upper == "WL" {
                days.lastWeekday = true
            } else if upper.hasPrefix("L-") {
                guard let before = number(part.dropFirst(2)), before <= 30 else {
                    throw unreadable(part, .dayOfMonth, "after 'L-' a number from 0 to 30 follows")
                }
                days.beforeLast |= 1 << UInt64(before)
            } else if upper.hasSuffix("W") {
                let day = try value(part.dropLast(), of: .dayOfMonth, in: part)
                days.nearestWeekday |= 1 << UInt64(day)
            } else {
                try add(part, of: .dayOfMonth, to: &numbers)
            }
        }
        days.numbers = numbers.bits
        return days
    }

    /// Reads the day of week; nil means every day.
    mutating func daysOfWeek() throws(CronError) -> CronExpression.DaysOfWeek? {
        let parts = try parts(.dayOfWeek)
        if isUnrestricted(parts) { return nil }
        var days = CronExpression.DaysOfWeek()
        var numbers = Numbers()
        for part in parts {
            if let hash = part.firstIndex(of: "#") {
                let weekday = try value(part[..<hash], of: .dayOfWeek, in: part) % 7
                guard let nth = number(part[part.index(after: hash)...]), (1...5).contains(nth) else {
                    throw unreadable(part, .dayOfWeek, "after '#' a number from 1 to 5 follows")
                }
                days.nth |= 1 << UInt64((nth - 1) * 7 + weekday)
            } else if part.count > 1, part.last == "L" || part.last == "l",
                CronField.dayOfWeek.number(named: part) == nil
            {
                days.last |= 1 << UInt64(try value(part.dropLast(), of: .dayOfWeek, in: part) % 7)
            } else if part.uppercased() == "L" {
                throw unreadable(part, .dayOfWeek, "'L' needs its weekday, as 5L for the last Friday of the month")
            } else {
                try add(part, of: .dayOfWeek, to: &numbers)
            }
        }
        // 7 is another name of Sunday.
        days.numbers = (numbers.bits | (numbers.bits >> 7 & 1)) & 0x7F
        return days
    }

    // MARK: Parts

    private mutating func parts(_ field: CronField) throws(CronError) -> [Substring] {
        guard let word = words.popFirst() else { throw CronError("the \(field.name) is missing") }
        let parts = word.split(separator: ",", omittingEmptySubsequences: false)
        guard !parts.contains(where: \.isEmpty) else {
            throw unreadable(word, field, "a part of its list is empty")
        }
        return parts
    }

    private func isUnrestricted(_ parts: [Substring]) -> Bool {
        parts.contains { ["*", "?", "*/1", "?/1"].contains($0) }
    }

    private func add(_ part: Substring, of field: CronField, to numbers: inout Numbers) throws(CronError) {
        var range = part
        var step: Int?
        if let slash = part.firstIndex(of: "/") {
            range = part[..<slash]
            guard let written = number(part[part.index(after: slash)...]), written > 0 else {
                throw unreadable(part, field, "after '/' a step of 1 or more follows")
            }
            guard written <= field.range.upperBound else {
                throw unreadable(part, field, "a step of \(written) is longer than the field")
            }
            step = written
        }
        let bounds: ClosedRange<Int>
        if range == "*" || (range == "?" && (field == .dayOfMonth || field == .dayOfWeek)) {
            bounds = field.range.lowerBound...field.last
        } else if let dash = range.firstIndex(of: "-") {
            let first = try value(range[..<dash], of: field, in: part)
            var last = try value(range[range.index(after: dash)...], of: field, in: part)
            if field == .dayOfWeek, last == 0, first > 0 { last = 7 }
            guard first <= last else {
                throw unreadable(
                    part, field,
                    "the range runs backwards: write it as two, \(first)-\(field.last),\(field.range.lowerBound)-\(last)"
                )
            }
            bounds = first...last
        } else {
            let first = try value(range, of: field, in: part)
            if step == nil {
                numbers.bits |= 1 << UInt64(first)
                return
            }
            bounds = first...max(first, field.last)
        }
        numbers.isPlain = false
        for number in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step ?? 1) {
            numbers.bits |= 1 << UInt64(number)
        }
    }

    private func value(_ text: Substring, of field: CronField, in part: Substring) throws(CronError) -> Int {
        if let named = field.number(named: text) { return named }
        guard let number = number(text) else {
            let names = field.names.isEmpty ? "" : " or a name such as \(field.names[1])"
            throw unreadable(part, field, "write numbers from \(span(field))\(names)")
        }
        guard field.range.contains(number) else {
            throw unreadable(part, field, "\(number) is not within \(span(field))")
        }
        return number
    }

    private func span(_ field: CronField) -> String { "\(field.range.lowerBound) to \(field.range.upperBound)" }

    /// A number of one to four digits.
    private func number(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private func unreadable(_ part: Substring, _ field: CronField, _ reason: String) -> CronError {
        CronError("'\(part.prefix(40))' is not a \(field.name): \(reason)")
    }
}
