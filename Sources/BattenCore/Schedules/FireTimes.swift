/// The instants at which a schedule is due.
public struct FireTimes: Sendable, Hashable {
    /// What the instants come from.
    public enum Source: Sendable, Hashable {
        /// Local times of a zone.
        case cron(CronExpression, zone: TimeZoneRules)
        /// Every so often, counted from an anchor; longer than zero.
        case every(Duration, from: Timestamp)
        /// Once.
        case at(Timestamp)
    }

    /// What the instants come from.
    public var source: Source
    /// No instant is earlier.
    public var start: Timestamp?
    /// No instant is later.
    public var end: Timestamp?

    /// Puts together when a schedule is due.
    public init(_ source: Source, start: Timestamp? = nil, end: Timestamp? = nil) {
        self.source = source
        self.start = start
        self.end = end
    }

    /// The first instant after another; nil when none follows.
    public func next(after instant: Timestamp) -> Timestamp? {
        var after = instant
        if let start, start > after { after = start - .nanoseconds(1) }
        guard let next = nextOfSource(after: after), end.map({ next <= $0 }) ?? true else { return nil }
        return next
    }

    private func nextOfSource(after instant: Timestamp) -> Timestamp? {
        switch source {
        case .cron(let expression, let zone): return expression.next(after: instant, in: zone)
        case .at(let once): return once > instant ? once : nil
        case .every(let interval, let anchor):
            let length = interval.saturatedNanoseconds
            guard length > 0 else { return nil }
            if anchor > instant { return anchor }
            let (distance, over) = instant.nanoseconds.subtractingReportingOverflow(anchor.nanoseconds)
            guard !over else { return nil }
            let (nanoseconds, isPast) = (instant.nanoseconds - distance % length).addingReportingOverflow(length)
            return isPast ? nil : Timestamp(nanoseconds: nanoseconds)
        }
    }
}
