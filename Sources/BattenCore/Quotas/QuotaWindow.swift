/// The stretch of time in which a quota's limit holds.
///
/// What is used is summed up in buckets of time. A rolling window has 120 of them, and a bucket counts until all of it
/// has left the window: a limit so holds for every stretch of the window's length, and what was used counts for at most
/// a 120th longer. A calendar's buckets are quarters of an hour, of which the hours, days and months of every time zone
/// are made, or minutes.
public enum QuotaWindow: Sendable, Hashable {
    /// A length of time.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case minute, hour, day, month
    }

    /// The last minute, hour, 24 hours or 30 days.
    case rolling(Unit)
    /// The minute, hour, day or month of the clock in a time zone.
    case calendar(Unit, zone: String)
    /// All time.
    case ever
    /// One run, from its start to its end.
    case run

    /// Nanoseconds of a unit; a month is 30 days.
    static func length(of unit: Unit) -> Int64 {
        switch unit {
        case .minute: 60_000_000_000
        case .hour: 3_600_000_000_000
        case .day: 86_400_000_000_000
        case .month: 30 * 86_400_000_000_000
        }
    }

    /// Nanoseconds of a bucket; 0 when there is only one.
    var bucketLength: Int64 {
        switch self {
        case .rolling(let unit): Self.length(of: unit) / 120
        case .calendar(.minute, _): Self.length(of: .minute)
        case .calendar: Self.length(of: .hour) / 4
        case .ever, .run: 0
        }
    }

    /// The first instant of the bucket in which an instant lies, in nanoseconds.
    public func bucket(of instant: Timestamp) -> Int64 {
        let length = bucketLength
        guard length > 0 else { return 0 }
        let number = instant.nanoseconds.flooredQuotient(by: length)
        let (start, over) = number.multipliedReportingOverflow(by: length)
        return over ? .min : start
    }

    /// The first bucket that counts at an instant; later ones count too, also when the clock was set back.
    ///
    /// - Parameter zone: the rules of the calendar's zone; without a calendar they are not asked for.
    public func firstBucket(at now: Timestamp, zone: TimeZoneRules) -> Int64 {
        switch self {
        case .rolling(let unit):
            // The bucket that ends after the instant one window ago.
            let start = now.nanoseconds.subtractingSaturated(Self.length(of: unit))
            return bucket(of: Timestamp(nanoseconds: start))
        case .calendar(let unit, _): return Self.period(unit, around: now, zone).start
        case .ever, .run: return .min
        }
    }

    /// When the buckets from the first one on up to one have left the window, if nothing else happens.
    ///
    /// - Returns: nil when they never do.
    func end(ofBucket bucket: Int64, now: Timestamp, zone: TimeZoneRules) -> Timestamp? {
        switch self {
        case .rolling(let unit):
            return Timestamp(
                nanoseconds: bucket.addingSaturated(bucketLength).addingSaturated(Self.length(of: unit)))
        case .calendar(let unit, _):
            // A bucket of a time that is still to come belongs to the period that is then.
            let at = max(now.nanoseconds, bucket)
            return Timestamp(nanoseconds: Self.period(unit, around: Timestamp(nanoseconds: at), zone).end)
        case .ever, .run: return nil
        }
    }

    /// Before which buckets are of no use any more, whatever a clock that is a little off says.
    public func oldestKept(at now: Timestamp) -> Int64? {
        switch self {
        case .rolling(let unit), .calendar(let unit, _):
            now.nanoseconds.subtractingSaturated(2 * Self.length(of: unit) + 2 * Self.length(of: .day))
        case .ever, .run: nil
        }
    }

    /// The minute, hour, day or month of a zone's clock that an instant lies in, as nanoseconds from and to.
    ///
    /// Where the clock goes back over an hour that hour comes twice, as two; a day that has 23 or 25 hours is one day.
    static func period(_ unit: Unit, around now: Timestamp, _ zone: TimeZoneRules) -> (start: Int64, end: Int64) {
        let seconds = now.seconds
        let local = seconds.addingSaturated(Int64(zone.period(at: seconds).offset))
        func nanoseconds(_ seconds: Int64) -> Int64 {
            let (scaled, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            return over ? (seconds < 0 ? .min : .max) : scaled
        }
        switch unit {
        case .minute, .hour:
            let length = Self.length(of: unit) / 1_000_000_000
            let begun = local - local.flooredQuotient(by: length) * length
            let start = seconds.subtractingSaturated(begun)
            return (nanoseconds(start), nanoseconds(start.addingSaturated(length)))
        case .day:
            let day = local.flooredQuotient(by: 86_400)
            return (
                nanoseconds(zone.firstInstant(ofLocal: day * 86_400)),
                nanoseconds(zone.firstInstant(ofLocal: (day + 1) * 86_400))
            )
        case .month:
            guard let civil = Timestamp(seconds: local).map({ CivilTime($0) }) else { return (.min, .max) }
            let first = CivilTime(year: civil.year, month: civil.month, day: 1).dayNumber
            let next = first + CivilTime.days(inMonth: civil.month, of: civil.year)
            return (
                nanoseconds(zone.firstInstant(ofLocal: Int64(first) * 86_400)),
                nanoseconds(zone.firstInstant(ofLocal: Int64(next) * 86_400))
            )
        }
    }

    /// The window in words that follow a limit, such as `an hour`.
    public var words: String {
        switch self {
        case .rolling(let unit):
            unit == .hour ? "in any hour" : unit == .month ? "in any 30 days" : "in any \(unit.rawValue)"
        case .calendar(let unit, let zone): "each \(unit.rawValue) of the calendar (\(zone))"
        case .ever: "for ever"
        case .run: "in this run"
        }
    }

    /// As it is stored: a word, and the time zone of a calendar.
    public var stored: (window: String, calendar: String?) {
        switch self {
        case .rolling(let unit): (unit.rawValue, nil)
        case .calendar(let unit, let zone): (unit.rawValue, zone)
        case .ever: ("ever", nil)
        case .run: ("run", nil)
        }
    }

    /// Reads the stored form; nil when it is none.
    public init?(window: String, calendar: String?) {
        if let unit = Unit(rawValue: window) {
            self = calendar.map { .calendar(unit, zone: $0) } ?? .rolling(unit)
        } else if window == "ever", calendar == nil {
            self = .ever
        } else if window == "run", calendar == nil {
            self = .run
        } else {
            return nil
        }
    }
}
