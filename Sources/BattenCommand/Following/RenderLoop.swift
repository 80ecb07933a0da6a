import BattenCore
import BattenSystem

/// Shows a run while it goes on.
///
/// It is used from the loop's thread only.
protocol RunDisplay {
    /// Takes in what happened and shows it.
    mutating func show(_ events: [FollowEvent], now: Timestamp)
    /// How long until it wants to draw again although nothing happens; nil when it does not.
    var refresh: Duration? { get }
    /// Shows what is left at the end.
    mutating func finish(now: Timestamp)
}

/// Runs a display on a thread of its own, so that neither a slow terminal nor a full pipe holds up the engine.
final class RenderLoop: Sendable {
    private struct State {
        var events: [FollowEvent] = []
        var dropped = 0
        var isFinished = false
    }

    /// Events that may wait; beyond that, live ones are left out.
    private static let capacity = 50_000
    /// Time between two drawings, so that a terminal gets at most 20 a second.
    private static let pause: Int64 = 50_000_000

    private let state = Monitor(State())
    private let thread: Thread

    /// Starts the loop.
    ///
    /// - Parameter make: makes the display, on the loop's thread.
    init(_ make: @escaping @Sendable () -> any RunDisplay) throws(CommandFailure) {
        let state = self.state
        do throws(SystemError) {
            thread = try Thread.start(name: "display") { Self.run(state, make()) }
        } catch {
            throw CommandFailure(
                "no_thread", error.description, help: "raise the limit of processes (ulimit -u)", exit: .usage)
        }
    }

    /// Tells the display of something; returns at once.
    func post(_ event: FollowEvent) {
        state.signal { state in
            if event.isLive, state.events.count >= Self.capacity {
                state.dropped += 1
            } else {
                state.events.append(event)
            }
        }
    }

    /// Shows what is left and ends the loop.
    ///
    /// - Returns: how many live events were left out because nobody read them in time.
    func finish() -> Int {
        state.signal { $0.isFinished = true }
        thread.join()
        return state.withLock { $0.dropped }
    }

    private static func run(_ state: Monitor<State>, _ display: any RunDisplay) {
        var display = display
        while true {
            let deadline = display.refresh.map { MonotonicClock.adding($0, to: MonotonicClock.now()) }
            let turn: (events: [FollowEvent], isFinished: Bool)? = state.wait(until: deadline) { state in
                guard !state.events.isEmpty || state.isFinished else { return nil }
                let events = state.events
                state.events = []
                return (events, state.isFinished)
            }
            let now = Timestamp(nanoseconds: WallClock.now())
            display.show(turn?.events ?? [], now: now)
            if turn?.isFinished == true {
                display.finish(now: now)
                return
            }
            let next = MonotonicClock.now() + pause
            _ = state.wait(until: next) { $0.isFinished ? true : nil }
        }
    }
}
