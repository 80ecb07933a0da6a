internal import BattenSystem

/// How long a connection waits for a lock, and how.
///
/// A held lock is tried again after pauses that grow from 50 µs to 10 ms, for 10 s by default: a commit takes far less,
/// so only a stopped process lets the time run out.
final class BusyWait {
    private let limit: Int64
    private var start: Int64 = 0

    /// Creates a wait.
    ///
    /// - Parameter limit: how long to try.
    init(limit: Duration) {
        self.limit = limit.nanosecondsSaturated
    }

    /// Pauses before another try.
    ///
    /// - Parameter tries: how often the lock was found held.
    /// - Returns: false when the time is up.
    func pause(tries: Int) -> Bool {
        let now = MonotonicClock.now()
        if tries == 0 { start = now }
        guard now - start < limit else { return false }
        let step = min(50 << min(tries, 8), 10_000)
        // The low bits of the clock keep two waiting processes from trying in step.
        Pause.sleep(microseconds: Int64(step) + (now & 0x3f))
        return true
    }
}

/// SQLite's busy handler; `context` is the connection's `BusyWait`.
func battenBusyHandler(_ context: UnsafeMutableRawPointer?, _ tries: Int32) -> Int32 {
    guard let context = unsafe context else { return 0 }
    return unsafe Unmanaged<BusyWait>.fromOpaque(context).takeUnretainedValue().pause(tries: Int(tries)) ? 1 : 0
}

/// The lock that makes a process the one writer of a store in WAL mode.
enum WriteLock {
    /// Byte of the `-shm` file that SQLite locks while it writes (the first of its eight WAL locks).
    private static let byte: Int64 = 120

    /// The process that is writing; nil when none is, or the kernel does not tell.
    static func holder(of path: String) -> Int32? {
        ProcessTable.writeLockHolder(of: path + "-shm", byte: byte)
    }
}
