import BattenCore

/// Shows nothing: for results as data, and for `--quiet`.
struct SilentDisplay: RunDisplay {
    var refresh: Duration? { nil }
    mutating func show(_ events: [FollowEvent], now: Timestamp) {}
    mutating func finish(now: Timestamp) {}
}
