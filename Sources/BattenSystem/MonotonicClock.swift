internal import Glibc

/// The clock that never goes back and does not run while the machine sleeps: CLOCK_MONOTONIC.
public enum MonotonicClock {
    /// Nanoseconds since an unspecified start, the same for all processes of this boot.
    public static func now() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Nanoseconds of processor time that the calling thread has used.
    public static func threadProcessorTime() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Lets the calling thread sleep until an instant of this clock.
    public static func sleep(until instant: Int64) {
        var time = timespec(tv_sec: Int(max(instant, 0) / 1_000_000_000), tv_nsec: Int(max(instant, 0) % 1_000_000_000))
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// The instant `duration` after `start`; at the ends of the range it saturates.
    public static func adding(_ duration: Duration, to start: Int64) -> Int64 {
        let length = duration.nanosecondsSaturated
        let (sum, overflow) = start.addingReportingOverflow(length)
        guard overflow else { return sum }
        return length < 0 ? .min : .max
    }
}

extension Duration {
    /// The length in nanoseconds; beyond ±292 years the nearest value that fits.
    public var nanosecondsSaturated: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard overflow || overflow2 else { return sum }
        return seconds < 0 ? .min : .max
    }
}
