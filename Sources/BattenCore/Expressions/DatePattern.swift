/// How instants are written and read: text with fields like `%Y`, a subset of strftime's, always in UTC and English.
struct DatePattern: Sendable {
    /// One field of a pattern; the raw value is the letter behind `%`.
    enum Field: Character, Sendable, CaseIterable {
        case year = "Y"
        case yearOfCentury = "y"
        case month = "m"
        case monthName = "B"
        case shortMonthName = "b"
        case day = "d"
        case dayWithSpace = "e"
        case dayOfYear = "j"
        case hour = "H"
        case hourOfHalf = "I"
        case half = "p"
        case minute = "M"
        case second = "S"
        case millisecond = "L"
        case nanosecond = "N"
        case epoch = "s"
        case weekdayName = "A"
        case shortWeekdayName = "a"
        case weekday = "u"
        case zone = "Z"
        case offset = "z"
        case date = "F"
        case time = "T"
        case percent = "%"
    }

    enum Part: Sendable {
        case text(String)
        case field(Field)
    }

    /// Why a pattern is none.
    struct Failure: Error, Sendable {
        let description: String
    }

    let parts: [Part]

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// Reads a pattern.
    init(_ pattern: String) throws(Failure) {
        var parts: [Part] = []
        var text = ""
        var afterPercent = false
        for scalar in pattern.unicodeScalars {
            if afterPercent {
                afterPercent = false
                guard let field = Field(rawValue: Character(scalar)) else {
                    throw Failure(description: "'%\(scalar)' is no field of a date")
                }
                if !text.isEmpty { parts.append(.text(text)) }
                text = ""
                parts.append(.field(field))
            } else if scalar == "%" {
                afterPercent = true
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        if afterPercent { throw Failure(description: "a field is missing behind the last '%'") }
        if !text.isEmpty { parts.append(.text(text)) }
        self.parts = parts
    }

    /// The instant as the pattern has it.
    func text(of instant: Timestamp) -> String {
        let time = CivilTime(instant)
        var output = ""
        for part in parts {
            switch part {
            case .text(let text): output += text
            case .field(let field): output += Self.text(of: field, time, instant)
            }
        }
        return output
    }

    private static func text(of field: Field, _ time: CivilTime, _ instant: Timestamp) -> String {
        switch field {
        case .year: CivilTime.padded(time.year, 4)
        case .yearOfCentury: CivilTime.padded(time.year % 100, 2)
        case .month: CivilTime.padded(time.month, 2)
        case .monthName: months[time.month - 1]
        case .shortMonthName: String(months[time.month - 1].prefix(3))
        case .day: CivilTime.padded(time.day, 2)
        case .dayWithSpace: CivilTime.padded(time.day, 2, " ")
        case .dayOfYear: CivilTime.padded(time.dayOfYear, 3)
        case .hour: CivilTime.padded(time.hour, 2)
        case .hourOfHalf: CivilTime.padded((time.hour + 11) % 12 + 1, 2)
        case .half: time.hour < 12 ? "AM" : "PM"
        case .minute: CivilTime.padded(time.minute, 2)
        case .second: CivilTime.padded(time.second, 2)
        case .millisecond: CivilTime.padded(time.nanosecond / 1_000_000, 3)
        case .nanosecond: CivilTime.padded(time.nanosecond, 9)
        case .epoch: String(instant.seconds)
        case .weekdayName: weekdays[time.weekday]
        case .shortWeekdayName: String(weekdays[time.weekday].prefix(3))
        case .weekday: String((time.weekday + 6) % 7 + 1)
        case .zone: "UTC"
        case .offset: "+0000"
        case .date:
            "\(text(of: .year, time, instant))-\(text(of: .month, time, instant))-\(text(of: .day, time, instant))"
        case .time:
            "\(text(of: .hour, time, instant)):\(text(of: .minute, time, instant)):\(text(of: .second, time, instant))"
        case .percent: "%"
        }
    }
}
