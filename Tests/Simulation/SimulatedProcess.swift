import BattenCore
import BattenStore
import CFaultyDisk

@testable import BattenEngine

/// One engine process: its disk, its connection, its engine; without threads of its own.
final class SimulatedProcess {
    let id: String
    let store: SimulatedStore
    let host: SimulatedHost
    let loop: EngineLoop
    let inbox = Inbox()
    let disk: OpaquePointer
    /// Whether it was stopped with SIGSTOP.
    var isStopped = false
    /// Whether it is ending in an orderly way.
    private(set) var isLeaving = false

    /// Starts a process.
    ///
    /// - Throws: when the store cannot be opened.
    init(
        id: String, folder: StateFolder, clock: SimulatedClock, oracle: Oracle, limits: SharedLimits, isMetered: Bool
    ) throws {
        guard let disk = faulty_disk_make(id) else { throw StoreError(.unavailable, "no disk", help: "") }
        self.id = id
        self.disk = disk
        do {
            store = SimulatedStore(
                try SQLiteStore(
                    folder, options: StoreOptions(durability: .full, vfs: id),
                    monotonic: { clock.monotonicNanoseconds() }, isEngineAlive: { oracle.living.contains($0) }),
                oracle: oracle)
        } catch {
            faulty_disk_cut(disk)
            faulty_disk_remove(disk)
            throw error
        }
        host = SimulatedHost(oracle: oracle, isMetered: isMetered)
        var settings = EngineSettings(engineID: id, processors: 2)
        settings.blockingLimit = 3
        settings.asynchronousLimit = 5
        settings.sharedLimits = limits
        loop = EngineLoop(
            store: store, host: host, clock: clock, settings: settings, observer: nil, inbox: inbox)
    }

    deinit { faulty_disk_remove(disk) }

    /// Whether it can go on.
    var isAlive: Bool { !store.isDead && loop.failure == nil }

    /// Handles what has arrived and what is due, until there is nothing left.
    func work() {
        var messages: [InboxMessage] = []
        repeat {
            inbox.take(into: &messages, until: 0)
            loop.turn(messages)
        } while isAlive && !messages.isEmpty
    }

    /// Ends the process in an orderly way: it asks its calls to stop, and the second time gives back what has not ended.
    func leave() {
        guard isLeaving else {
            isLeaving = true
            return inbox.put(.stopCalls(reply: Reply()))
        }
        inbox.put(.giveBack(reply: Reply()))
        work()
        kill()
    }

    /// Kills the process: what it has not committed is gone, and closing its connection changes nothing.
    func kill() {
        faulty_disk_cut(disk)
        store.die()
    }
}
