internal import Glibc

/// The clock on the wall, CLOCK_REALTIME, which can be set, also back.
public enum WallClock {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public static func now() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
