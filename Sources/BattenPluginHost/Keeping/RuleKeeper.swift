import BattenSystem
import Synchronization

/// What a host remembers that holds plugins to the rules of the header while they work.
final class RuleKeeper: Sendable {
    /// A timer of a plugin: the loop's place and the timer's name there.
    struct TimerName: Sendable, Hashable {
        let loop: Int
        let id: UInt64
    }

    private struct State {
        var completed: Set<UInt64> = []
        var order: [UInt64] = []
        var oldest = 0
        var memories: [LentMemory] = []
        var nextMemory = 0
        var told: Set<String> = []
        var watches: [Int32: String] = [:]
        var timers: [TimerName: String] = [:]
        var blobs: [MemoryFile.Identity: String] = [:]
    }

    /// Tokens of completed calls that are remembered.
    private static let remembered = 65_536
    /// Completed calls whose memory stays out of reach; older memory goes back to the system.
    private static let kept = 256
    private let state = Mutex(State())
    /// The threads that were there before any plugin, where this process has no others than the host's and its plugin's.
    private let firstThreads: Set<Int32>?

    /// Begins with nothing.
    ///
    /// - Parameter isWorker: whether this process reports crashes already.
    init(isWorker: Bool) {
        firstThreads = isWorker ? ProcessThreads.all : nil
        if !isWorker { LentMemory.explainFaults() }
    }

    /// Whether a rule's breach was not told yet.
    func isNew(_ broken: BrokenRule, by plugin: String) -> Bool {
        state.withLock { $0.told.count < 1_000 && $0.told.insert("\(plugin) \(broken.shape)").inserted }
    }

    /// Notes that a plugin has completed a call.
    func completed(_ token: UInt64) {
        state.withLock { state in
            state.completed.insert(token)
            if state.order.count < Self.remembered {
                state.order.append(token)
            } else {
                state.completed.remove(state.order[state.oldest])
                state.order[state.oldest] = token
                state.oldest = (state.oldest + 1) % Self.remembered
            }
        }
    }

    /// Whether a plugin has completed the call of a token.
    func hasCompleted(_ token: UInt64) -> Bool { state.withLock { $0.completed.contains(token) } }

    /// Keeps memory of an ended call out of everybody's reach for a while.
    func keep(_ memory: LentMemory) {
        let old = state.withLock { state -> LentMemory? in
            guard state.memories.count >= Self.kept else {
                state.memories.append(memory)
                return nil
            }
            defer { state.nextMemory = (state.nextMemory + 1) % Self.kept }
            defer { state.memories[state.nextMemory] = memory }
            return state.memories[state.nextMemory]
        }
        // It goes when nobody holds the lock.
        _ = old
    }

    // MARK: What is left at the end

    /// Notes that a plugin was given a descriptor of a blob.
    func lends(blob descriptor: Int32, _ plugin: String) {
        guard let identity = MemoryFile.Identity(of: descriptor) else { return }
        state.withLock { $0.blobs[identity] = plugin }
    }

    /// What a plugin that was stopped has left behind in the process.
    func remains(of plugin: String) -> [BrokenRule] {
        let lent = state.withLock { state in
            defer { state.blobs = state.blobs.filter { $0.value != plugin } }
            return Set(state.blobs.filter { $0.value == plugin }.keys)
        }
        var broken: [BrokenRule] = []
        let names = lent.isEmpty ? [] : (try? FileSystem.list("/proc/self/fd")) ?? []
        let open = names.compactMap { Int32($0) }.count { descriptor in
            MemoryFile.Identity(of: descriptor).map(lent.contains) ?? false
        }
        if open > 0 {
            broken.append(BrokenRule(rule: .descriptors, what: "\(open) descriptors of blobs are left open"))
        }
        guard let firstThreads else { return broken }
        for thread in ProcessThreads.restless(besides: { firstThreads.union(ProcessThreads.known) }) {
            broken.append(BrokenRule(rule: .stop, what: "a thread called \(thread) still runs after stop"))
        }
        return broken
    }

    // MARK: Loops

    /// Notes that a plugin watches a descriptor.
    func watches(_ descriptor: Int32, _ plugin: String) { state.withLock { $0.watches[descriptor] = plugin } }

    /// Notes that a descriptor is watched no more.
    func unwatches(_ descriptor: Int32) { state.withLock { $0.watches[descriptor] = nil } }

    /// Notes a plugin's timer.
    func times(_ timer: TimerName, _ plugin: String) { state.withLock { $0.timers[timer] = plugin } }

    /// Notes that a timer has fired or was taken back.
    func untimes(_ timer: TimerName) { state.withLock { $0.timers[timer] = nil } }

    /// What a plugin has left behind that should be gone when its instances are closed.
    func leftovers(of plugin: String) -> [BrokenRule] {
        state.withLock { state in
            var broken = state.watches.filter { $0.value == plugin }.keys.sorted().map { descriptor in
                BrokenRule(rule: .close, what: "the descriptor \(descriptor) is still watched")
            }
            let timers = state.timers.count { $0.value == plugin }
            if timers > 0 { broken.append(BrokenRule(rule: .close, what: "\(timers) timers still run")) }
            state.watches = state.watches.filter { $0.value != plugin }
            state.timers = state.timers.filter { $0.value != plugin }
            return broken
        }
    }
}
