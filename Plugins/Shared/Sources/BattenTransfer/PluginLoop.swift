public import BattenPlugin

/// The loop of a plugin's host, as a client sees it.
public final class PluginLoop: TransferLoop {
    private struct Poster: LoopPoster {
        let loop: Loop

        func post(_ work: @escaping @Sendable () -> Void) -> Bool { loop.post(work) }
    }

    private let loop: Loop
    private var watches: [Int32: Watch] = [:]
    private var timers: [UInt64: LoopTimer] = [:]
    private var nextTimer: UInt64 = 0

    /// Takes the loop a call was begun on.
    public init(_ loop: Loop) {
        self.loop = loop
    }

    /// Brings work from other threads.
    public var poster: any LoopPoster { Poster(loop: loop) }

    /// Watches a descriptor; one that the host refuses is reported as being in error.
    public func watch(
        _ descriptor: Int32, reads: Bool, writes: Bool, handler: @escaping (_ readiness: Readiness) -> Void
    ) {
        var events: Loop.Events = []
        if reads { events.insert(.read) }
        if writes { events.insert(.write) }
        do throws(Failure) {
            if let watch = watches[descriptor] {
                try watch.change(to: events)
            } else {
                watches[descriptor] = try loop.watch(descriptor, for: events) { found in
                    var readiness: Readiness = []
                    if found.contains(.read) || found.contains(.hangup) { readiness.insert(.read) }
                    if found.contains(.write) { readiness.insert(.write) }
                    if found.contains(.error) { readiness.insert(.error) }
                    handler(readiness)
                }
            }
        } catch {
            _ = timer(at: TransferClient.now) { handler(.error) }
        }
    }

    /// Ends watching.
    public func unwatch(_ descriptor: Int32) {
        watches.removeValue(forKey: descriptor)?.cancel()
    }

    /// Calls the handler once at a time.
    public func timer(at time: Int64, handler: @escaping () -> Void) -> UInt64 {
        nextTimer += 1
        let id = nextTimer
        let made = try? loop.timer(at: MonotonicTime(nanoseconds: time)) { [weak self] in
            self?.timers[id] = nil
            handler()
        }
        if let made { timers[id] = made }
        return id
    }

    /// Takes a timer back.
    public func cancelTimer(_ id: UInt64) {
        timers.removeValue(forKey: id)?.cancel()
    }
}
