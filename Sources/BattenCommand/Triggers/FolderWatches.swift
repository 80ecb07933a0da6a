import BattenSystem
import Synchronization

/// Watches folders for an event loop; one that is not there yet is waited for.
final class FolderWatches: Sendable {
    /// What happened in a watched folder.
    enum Change: Sendable, Hashable {
        /// Something about this file.
        case file(folder: String, name: String)
        /// The folder came, went or was moved, or events were lost: all is to be looked at, and watched, anew.
        case anew
    }

    private let loop: EventLoop
    private let handler: @Sendable (Change) -> Void
    /// What is watched, by the folder that is meant; belongs to the loop's thread, the lock is never waited for.
    private let watched = Mutex<[String: HeldEvents]>([:])

    /// Creates watches.
    ///
    /// - Parameter handler: called on the loop's thread; returns at once.
    init(loop: EventLoop, handler: @escaping @Sendable (Change) -> Void) {
        self.loop = loop
        self.handler = handler
    }

    /// Watches these folders and no others, each from scratch.
    ///
    /// - Parameter done: called on the loop's thread when the watches stand, with the folders that cannot be watched.
    func set(_ folders: Set<String>, done: @escaping @Sendable ([String: SystemError]) -> Void) {
        let isPosted = loop.post { [self] in
            let old = watched.withLock { watched in
                defer { watched = [:] }
                return watched
            }
            for held in old.values { loop.unwatch(held.events.descriptor) }
            var failed: [String: SystemError] = [:]
            for folder in folders.sorted() {
                do throws(SystemError) { try watch(folder) } catch { failed[folder] = error }
            }
            done(failed)
        }
        if !isPosted { done([:]) }
    }

    private func watch(_ folder: String) throws(SystemError) {
        var target = folder
        while !FileSystem.exists(target), let above = FileSystem.parent(of: target) { target = above }
        let isThere = target == folder
        let held = HeldEvents(try FolderEvents(target))
        let handler = handler
        try loop.watch(held.events.descriptor, for: .read) { _, _ in
            for (name, change) in (try? held.events.take()) ?? [] {
                if change == .lost || name.isEmpty {
                    handler(.anew)
                } else if isThere {
                    if change != .vanished { handler(.file(folder: folder, name: name)) }
                } else if change == .appeared || change == .arrived {
                    handler(.anew)
                }
            }
        }
        watched.withLock { $0[folder] = held }
    }
}
