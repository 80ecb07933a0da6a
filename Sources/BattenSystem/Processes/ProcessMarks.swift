internal import CLinux

/// What belongs to the whole process, so that two looks show what was changed between them.
public struct ProcessMarks: Sendable {
    private var marks = linux_marks()

    /// Looks at this process; the signal mask is the calling thread's.
    public static func now() -> ProcessMarks {
        var result = ProcessMarks()
        unsafe linux_process_marks(&result.marks)
        return result
    }

    /// What differs from an earlier look, in words such as `the current folder`.
    public func changes(since before: ProcessMarks) -> [String] {
        var changes: [String] = []
        func compare(_ part: KeyPath<linux_marks, UInt64>, _ name: String) {
            if marks[keyPath: part] != before.marks[keyPath: part] { changes.append(name) }
        }
        compare(\.signals, "signal handlers or the signal mask")
        compare(\.folder, "the current folder")
        compare(\.environment, "the environment")
        compare(\.locale, "the locale")
        compare(\.limits, "resource limits")
        compare(\.standard, "descriptors 0 to 2")
        compare(\.umask, "the umask")
        return changes
    }
}

/// What a thread has spent so far.
public struct ThreadEffort: Sendable {
    /// The instant, nanoseconds of the monotonic clock.
    public let instant: Int64
    /// Processor time, nanoseconds.
    public let processor: Int64
    /// How often it waited for something: a lock, a descriptor, a sleep.
    public let waits: Int64

    /// Looks at the calling thread.
    public static func now() -> ThreadEffort {
        var processor: Int64 = 0
        var waits: Int64 = 0
        unsafe linux_thread_effort(&processor, &waits)
        return ThreadEffort(instant: MonotonicClock.now(), processor: processor, waits: waits)
    }
}
