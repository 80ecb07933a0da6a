import BattenCore
import BattenSystem
import Synchronization

/// Counts completions, and wakes whoever waits for a number of them.
final class BenchSink: CallSink {
    private let count = Atomic(0)
    private let awaited = Atomic(Int.max)
    private let monitor = Monitor(0)
    private let lastInstant = Atomic<Int64>(0)

    /// When the last outcome came, nanoseconds of the monotonic clock; to be asked when no call is in flight.
    var lastFinished: Int64 { lastInstant.load(ordering: .acquiring) }

    var finishedCalls: Int { count.load(ordering: .acquiring) }

    func wait(for number: Int) {
        awaited.store(number, ordering: .sequentiallyConsistent)
        let _: Bool? = monitor.wait { _ in finishedCalls >= number ? true : nil }
        awaited.store(.max, ordering: .sequentiallyConsistent)
    }

    func finished(tag: UInt64, outcome: StageOutcome) {
        lastInstant.store(MonotonicClock.now(), ordering: .relaxed)
        let now = count.add(1, ordering: .sequentiallyConsistent).newValue
        if now >= awaited.load(ordering: .sequentiallyConsistent) { monitor.signal { $0 += 1 } }
    }

    func log(tag: UInt64, stream: String, text: String) {}
    func progress(tag: UInt64, fraction: Double?, note: String) {}
    func stream(tag: UInt64, text: String) -> Bool { true }
    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {}
    func checkpoint(tag: UInt64, state: [UInt8]) {}
}
