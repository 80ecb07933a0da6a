import BattenCore
import BattenSystem

/// Tells the service manager that a serving engine works, after each of its parts has answered; a part that hangs has the
/// manager restart the service.
final class Watchdog: Sendable {
    /// A part that must answer.
    struct Part: Sendable {
        /// Its name, for people.
        let name: String
        /// Whether it answers within a time.
        let answers: @Sendable (Duration) -> Bool
    }

    private let manager: ServiceManager
    private let parts: [Part]
    private let report: @Sendable (String) -> Void
    private let isStopping = Monitor(false)
    private let thread = PartThread()

    /// Creates a watchdog.
    ///
    /// - Parameter report: is told the name of a part that has not answered, once until it answers again.
    init(manager: ServiceManager, parts: [Part], report: @escaping @Sendable (String) -> Void) {
        self.manager = manager
        self.parts = parts
        self.report = report
    }

    /// Begins, where the manager waits for signs of life; elsewhere there is no thread.
    func start() throws(SystemError) {
        guard let limit = manager.watchdog else { return }
        try thread.start(name: "watchdog", stackSize: 256 << 10) { [self] in work(limit) }
    }

    /// Ends it.
    func stop() {
        isStopping.signal { $0 = true }
        thread.join()
    }

    private func work(_ limit: Duration) {
        let interval = limit / 2
        var silent: Set<String> = []
        while true {
            let next = MonotonicClock.adding(interval, to: MonotonicClock.now())
            // All of them together have a quarter of the limit: a sign of life that comes late comes for nothing.
            let end = MonotonicClock.adding(limit / 4, to: MonotonicClock.now())
            var isWell = true
            for part in parts {
                let left = Duration.nanoseconds(max(end - MonotonicClock.now(), 1_000_000))
                if part.answers(left) {
                    silent.remove(part.name)
                } else {
                    isWell = false
                    if silent.insert(part.name).inserted { report(part.name) }
                }
            }
            if isWell { manager.alive() }
            let isOver: Bool? = isStopping.wait(until: next) { $0 ? true : nil }
            if isOver == true { return }
        }
    }
}
