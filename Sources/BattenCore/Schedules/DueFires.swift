/// Decides which due times of a schedule start runs.
///
/// All times up to the schedule's position have been dealt with; the position never goes back, so that no time is dealt
/// with twice, whatever the clock does.
public struct DueFires: Sendable, Hashable {
    /// The times that start a run each, in order.
    public var fires: [Timestamp] = []
    /// The first and the last of the times that are given up.
    public var missed: ClosedRange<Timestamp>?
    /// Up to where times are dealt with then.
    public var position: Timestamp
    /// When there is something to decide again; nil is never.
    public var wakesAt: Timestamp?

    /// How late a time still counts as kept: a schedule that is looked at within this time has missed nothing.
    public static let tolerance = Duration.seconds(60)
    /// Times that are taken together at most; the others follow at once.
    public static let most = 1_000

    /// Decides.
    ///
    /// - Parameters:
    ///   - name: the schedule's name; with the due time it decides the jitter.
    ///   - times: when it is due.
    ///   - position: up to where times were dealt with.
    ///   - now: the wall clock.
    public init(_ name: String, _ rule: ScheduleRule, times: FireTimes, after position: Timestamp, now: Timestamp) {
        self.position = position
        func instant(_ due: Timestamp) -> Timestamp { due + rule.offset(of: due, name: name) }
        guard let first = times.next(after: position) else { return }
        guard instant(first) <= now else {
            wakesAt = instant(first)
            return
        }
        let recent = now - Self.tolerance - rule.jitter
        let earliest = rule.catchUp == .all ? min(recent, now - rule.window) : recent
        var due: [Timestamp] = []
        var next: Timestamp?
        // What is older than `earliest` is given up, or only its last one counts; it is not gone through one by one.
        var cursor = first < earliest ? times.next(after: earliest - .nanoseconds(1)) : first
        while let time = cursor {
            guard instant(time) <= now, due.count < Self.most else {
                next = time
                break
            }
            due.append(time)
            cursor = times.next(after: time)
        }
        if rule.catchUp == .all {
            fires = due
            if first < earliest { missed = first...max(first, times.last(after: position, through: earliest) ?? first) }
        } else {
            fires = due.filter { now - instant($0) <= Self.tolerance }
            let kept = fires.first
            let limit = kept.map { $0 - .nanoseconds(1) } ?? next.map { $0 - .nanoseconds(1) } ?? now
            let late = due.last { time in kept.map { time < $0 } ?? true }
            if let last = late ?? times.last(after: position, through: limit), last >= first {
                if rule.catchUp == .last, fires.isEmpty {
                    fires = [last]
                    if last > first {
                        missed = first...(times.last(after: position, through: last - .nanoseconds(1)) ?? first)
                    }
                } else {
                    missed = first...last
                }
            }
        }
        self.position = next.map { $0 - .nanoseconds(1) } ?? now
        wakesAt = next.map(instant) ?? times.next(after: self.position).map(instant)
    }
}

extension ScheduleRule {
    /// How much later than due a run starts: the same for a schedule and a due time, whoever asks.
    func offset(of due: Timestamp, name: String) -> Duration {
        let length = jitter.saturatedNanoseconds
        guard length > 0 else { return .zero }
        // FNV-1a over the name and the time.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for byte in name.utf8 { mix(byte) }
        for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: due.nanoseconds >> Int64(shift))) }
        hash ^= hash >> 32
        return .nanoseconds(Int64(hash % UInt64(length)))
    }
}

extension FireTimes {
    /// The last time after one instant that is not after another; nil when there is none between.
    public func last(after start: Timestamp, through end: Timestamp) -> Timestamp? {
        func follows(_ instant: Int64) -> Timestamp? {
            next(after: Timestamp(nanoseconds: instant)).flatMap { $0 <= end ? $0 : nil }
        }
        guard start < end, var found = follows(start.nanoseconds) else { return nil }
        // From `low` on there is a time until the end, from `high` on none.
        var low = start.nanoseconds
        var high = end.nanoseconds
        while low &+ 1 < high {
            let middle = low / 2 + high / 2 + (low % 2 + high % 2) / 2
            if let time = follows(middle) {
                found = time
                low = max(middle, time.nanoseconds - 1)
            } else {
                high = middle
            }
        }
        return found
    }
}
