/// One field of a cron expression: what numbers it may hold and what it is called.
enum CronField: Int, Sendable, CaseIterable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek

    /// The field's name in messages.
    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// The numbers that may be written.
    var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The largest number that a step runs to.
    var last: Int { self == .dayOfWeek ? 6 : range.upperBound }

    /// Three-letter names of its numbers, in lower case, the first for the smallest number.
    var names: [String] {
        switch self {
        case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        case .second, .minute, .hour, .dayOfMonth: []
        }
    }

    /// The number of a three-letter name, whatever its case.
    func number(named name: Substring) -> Int? {
        let lower = name.lowercased()
        return names.firstIndex(of: lower).map { $0 + range.lowerBound }
    }
}
