/// The offsets of a time zone from UTC, past and to come.
///
/// Instants are whole seconds since 1970-01-01T00:00:00Z; local times are seconds since 1970-01-01T00:00:00 of the
/// zone's own clock.
public struct TimeZoneRules: Sendable, Hashable {
    /// A stretch of time in which the offset does not change.
    public struct Period: Sendable, Hashable {
        /// Seconds that the local clock is ahead of UTC.
        public var offset: Int
        /// What the clock is called, as `CET`.
        public var abbreviation: String
        /// First second; the smallest number for the first period.
        public var start: Int64
        /// First second after it; the largest number for the last period.
        public var end: Int64
    }

    /// The zone's name, as `Europe/Oslo`.
    public let name: String
    /// The periods that are listed one by one, in order.
    private let listed: [Period]
    /// What holds after them.
    private let rule: TimeZoneYearRule?

    /// UTC.
    public static let utc = TimeZoneRules(
        name: "UTC", listed: [Period(offset: 0, abbreviation: "UTC", start: .min, end: .max)], rule: nil)

    /// - Parameters:
    ///   - listed: at least one period; they follow each other without a gap, from the smallest number on.
    ///   - rule: holds from the last listed period's start on.
    init(name: String, listed: [Period], rule: TimeZoneYearRule?) {
        self.name = name
        self.listed = listed
        self.rule = rule
    }

    /// The period that an instant lies in.
    public func period(at instant: Int64) -> Period {
        var low = 0
        var high = listed.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if listed[middle].start <= instant { low = middle } else { high = middle - 1 }
        }
        let period = listed[low]
        guard low == listed.count - 1, let rule else { return period }
        return rule.period(at: instant, from: period.start)
    }

    /// The first instant at which the local clock shows a time; when it never does, because the clocks go forward over
    /// it, the instant of that change.
    public func firstInstant(ofLocal local: Int64) -> Int64 {
        // No offset is longer than 26 hours, so the periods around hold every candidate.
        var period = period(at: local.subtractingSaturated(Self.reach))
        while true {
            let instant = local.subtractingSaturated(Int64(period.offset))
            if instant < period.end { return max(instant, period.start) }
            guard period.end < .max else { return instant }
            period = self.period(at: period.end)
        }
    }

    private static let reach: Int64 = 26 * 3_600

    /// Reads a compiled zone file.
    ///
    /// RFC 9636 describes the format; versions 2 and later are read, which hold 64-bit instants and the rule of the
    /// years to come.
    ///
    /// - Parameters:
    ///   - name: the zone's name.
    ///   - bytes: the file's content.
    /// - Throws: ``TimeZoneError`` for a file of another format, an older version, or one that is cut off.
    public init(name: String, file bytes: [UInt8]) throws(TimeZoneError) {
        var reader = TimeZoneFileReader(bytes)
        let (listed, footer) = try reader.read()
        let rule = try footer.isEmpty ? nil : TimeZoneYearRule(footer)
        self.init(name: name, listed: listed, rule: rule)
    }
}
