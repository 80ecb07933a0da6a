internal import CLinux
internal import Synchronization

/// The threads of this process, whoever made them.
public enum ProcessThreads {
    private static let own = Mutex<Set<Int32>>([])

    /// The ids of all threads.
    public static var all: Set<Int32> {
        Set(((try? FileSystem.list("/proc/self/task")) ?? []).compactMap { Int32($0) })
    }

    /// The ids of those that ``Thread`` has made.
    public static var known: Set<Int32> { own.withLock { $0 } }

    /// The names of threads that go on doing something; takes more than half a second when there are others at all.
    ///
    /// Threads that a language keeps for the next time sleep, and are not meant.
    ///
    /// - Parameter besides: ids of threads that may.
    public static func restless(besides known: () -> Set<Int32>) -> [String] {
        guard !all.subtracting(known()).isEmpty else { return [] }
        // One that was just given its last piece of work, or ends, has to be done with it in each of two spans of time.
        var counts: [[Int32: Int]] = []
        for _ in 0..<3 {
            Pause.sleep(microseconds: 200_000)
            let others = all.subtracting(known())
            counts.append(Dictionary(uniqueKeysWithValues: others.map { ($0, switches(of: $0)) }))
        }
        return counts[2].sorted { $0.key < $1.key }.compactMap { thread, last in
            guard let first = counts[0][thread], let second = counts[1][thread], first < second, second < last else {
                return nil
            }
            return name(of: thread)
        }
    }

    /// How often a thread has given its processor away, by itself or not; 0 when it has ended.
    private static func switches(of thread: Int32) -> Int {
        lines("/proc/self/task/\(thread)/status").reduce(0) { sum, line in
            guard line.contains("ctxt_switches:"), let count = line.split(separator: "\t").last else { return sum }
            return sum + (Int(count) ?? 0)
        }
    }

    private static func name(of thread: Int32) -> String {
        lines("/proc/self/task/\(thread)/comm").first ?? "\(thread)"
    }

    private static func lines(_ path: String) -> [String] {
        String(decoding: (try? FileSystem.read(path)) ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Notes that the calling thread is one that ``Thread`` has made.
    static func enter() { own.withLock { _ = $0.insert(linux_thread_id()) } }

    /// Notes that it ends.
    static func leave() { own.withLock { _ = $0.remove(linux_thread_id()) } }
}
