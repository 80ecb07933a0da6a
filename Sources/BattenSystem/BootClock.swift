internal import Glibc

/// The clock that nobody sets and that goes on while the machine sleeps: CLOCK_BOOTTIME.
public enum BootClock {
    /// Nanoseconds since the machine was started.
    public static func now() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
