import BattenSystem
import Synchronization

/// What a plugin's dead workers teach: when a new one may start, and which calls may have been the cause.
///
/// Shared by all of a plugin's workers.
final class CrashHistory: Sendable {
    /// Crashes older than this are forgotten.
    static let window: Int64 = 60_000_000_000
    /// So many crashes in the window make the next start wait.
    static let crashesBeforePause = 3
    /// So many turn the plugin off until its file changes.
    static let crashesBeforeEnd = 5
    /// The most keys of suspects that are remembered.
    static let mostSuspects = 10_000

    private struct State {
        var crashes: [Int64] = []
        var suspects: [String: Int] = [:]
        var isOff: FileSystem.Status?
    }

    private let state = Mutex(State())
    private let path: String

    /// - Parameter path: the plugin's file.
    init(path: String) {
        self.path = path
    }

    /// Notes a crash of a worker that calls shared, or of one that was not ready.
    ///
    /// - Returns: the instant before which no new one shall start.
    func crashed(at now: Int64) -> Int64 {
        state.withLock { state in
            state.crashes.removeAll { $0 < now - Self.window }
            state.crashes.append(now)
            let count = state.crashes.count
            if count >= Self.crashesBeforeEnd, state.isOff == nil { state.isOff = try? FileSystem.status(path) }
            switch count {
            case ..<2: return now
            case ..<Self.crashesBeforePause: return now + 100_000_000
            default: return now + 1_000_000_000 << Int64(min(count - Self.crashesBeforePause, 4))
            }
        }
    }

    /// Why no worker may start; a changed file begins anew.
    var refusal: PluginError? {
        state.withLock { state -> PluginError? in
            guard let before = state.isOff else { return nil }
            if let status = try? FileSystem.status(path), status != before {
                state.isOff = nil
                state.crashes = []
                state.suspects = [:]
                return nil
            }
            return PluginError(
                .turnedOff,
                "the plugin \(path) is turned off: \(Self.crashesBeforeEnd) of its workers crashed within 60 s",
                help: "see the crashes in the log; it is used again when its file has changed, or in a new process")
        }
    }

    /// Notes the calls that were inside a worker when it crashed, by their idempotency keys.
    func suspect(_ keys: [String]) {
        state.withLock { state in
            for key in keys where state.suspects[key] != nil || state.suspects.count < Self.mostSuspects {
                state.suspects[key, default: 0] += 1
            }
        }
    }

    /// Whether a call was inside a worker that crashed, and has not ended since.
    func isSuspect(_ key: String) -> Bool {
        state.withLock { !$0.suspects.isEmpty && $0.suspects[key] != nil }
    }

    /// A call has ended by its own word.
    func clear(_ key: String) {
        state.withLock { state in
            guard !state.suspects.isEmpty else { return }
            state.suspects[key] = nil
        }
    }
}
