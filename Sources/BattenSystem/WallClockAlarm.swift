internal import CLinux
internal import Glibc

/// Wakes somebody at an instant of the wall clock, also after the machine has slept, and whenever that clock is set.
///
/// See timerfd_create(2), `TFD_TIMER_CANCEL_ON_SET`.
public final class WallClockAlarm: Sendable {
    /// Readable when the instant has come or the clock was set; ``take()`` makes it wait again.
    public let descriptor: Int32

    /// Creates an alarm that is not set.
    ///
    /// - Throws: ``SystemError`` when the process has no descriptors left.
    public init() throws(SystemError) {
        descriptor = linux_alarm()
        guard descriptor >= 0 else { throw SystemError.last("make an alarm of the wall clock") }
    }

    deinit { close(descriptor) }

    /// Sets the alarm, in place of what was set before.
    ///
    /// - Parameter instant: nanoseconds since 1970-01-01T00:00:00Z; nil wakes only when the clock is set.
    public func set(at instant: Int64?) {
        // An instant of zero would turn it off, and with it the look at the clock; the year 2262 is the last one.
        _ = linux_alarm_set(descriptor, max(instant ?? .max, 1))
    }

    /// Takes what has woken; the alarm is to be set again after it.
    public func take() {
        var count: UInt64 = 0
        while unsafe read(descriptor, &count, 8) == 8 {}
    }
}
