import BattenCore
import BattenStore
import BattenSystem

/// Waits for other processes to write to the store.
final class StoreTail {
    private let reader: StoreReader
    private let pause = Monitor(())
    private var version: Int64?
    /// How often the store is looked at while somebody follows it.
    private static let interval: Int64 = 50_000_000

    /// Creates a tail on the store of a command.
    init(_ context: CommandContext) throws(CommandFailure) {
        guard let reader = try context.openReader() else {
            throw .notFound("no_such_run", "nothing was run yet", help: "start with: batten run FILE")
        }
        self.reader = reader
    }

    /// Returns once something was written since the last call, or when a time has passed.
    ///
    /// - Parameter limit: nanoseconds to wait at most; nil waits for ever.
    func waitForChange(atMost limit: Int64? = nil) throws(CommandFailure) {
        let end = limit.map { MonotonicClock.now() + $0 } ?? .max
        while MonotonicClock.now() < end {
            let now = try orFailure { () throws(StoreError) in try reader.dataVersion() }
            defer { version = now }
            if let version, version != now { return }
            let _: Bool? = pause.wait(until: MonotonicClock.now() + Self.interval) { _ in nil }
            if version == nil { version = now }
        }
    }
}
