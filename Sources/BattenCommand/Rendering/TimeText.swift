import BattenCore

/// Times and lengths of time as people read them; data has RFC 3339 and milliseconds.
enum TimeText {
    /// A length of time in at most seven characters: `350ms`, `4.2s`, `1m 05s`, `3h 20m`, `2d 4h`.
    static func elapsed(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.saturatedNanoseconds / 1_000_000)
        if milliseconds < 1_000 { return "\(milliseconds)ms" }
        let tenths = milliseconds / 100
        if tenths < 100 { return "\(tenths / 10).\(tenths % 10)s" }
        let seconds = milliseconds / 1_000
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3_600 { return "\(seconds / 60)m \(two(seconds % 60))s" }
        if seconds < 86_400 { return "\(seconds / 3_600)h \(two(seconds % 3_600 / 60))m" }
        return "\(seconds / 86_400)d \(seconds % 86_400 / 3_600)h"
    }

    /// An instant seen from now: `12s ago`, `in 5m`; far ones as their date.
    static func relative(_ instant: Timestamp, now: Timestamp) -> String {
        let distance = now - instant
        let seconds = distance.saturatedNanoseconds / 1_000_000_000
        if abs(seconds) >= 30 * 86_400 { return String(instant.rfc3339.prefix(10)) }
        if abs(seconds) < 1 { return "now" }
        let text = coarse(abs(seconds))
        return seconds < 0 ? "in \(text)" : "\(text) ago"
    }

    /// A time of day in UTC with milliseconds, for lines of a log.
    static func clock(_ instant: Timestamp) -> String {
        let text = instant.rfc3339
        return String(text.dropFirst(11).prefix(12))
    }

    /// Milliseconds between two instants; nil while either is missing.
    static func milliseconds(from start: Timestamp?, to end: Timestamp?) -> JSONValue {
        guard let start, let end else { return .null }
        return .int((end - start).saturatedNanoseconds / 1_000_000)
    }

    private static func coarse(_ seconds: Int64) -> String {
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3_600 { return "\(seconds / 60)m" }
        if seconds < 86_400 { return "\(seconds / 3_600)h" }
        return "\(seconds / 86_400)d"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
