import BattenEngine
import BattenPluginHost
import BattenSystem

/// Tells an engine of plugins that come into a folder; one that is not there yet is waited for.
final class PluginWatch: LoopJob {
    /// How long it waits before it tries again to watch, in nanoseconds.
    private static let rest: Int64 = 2_000_000_000
    private let folder: String
    private let engine: Engine

    init(_ folder: String, engine: Engine) {
        self.folder = folder
        self.engine = engine
    }

    func run(on loop: EventLoop) {
        if !watchFolder(on: loop), !waitForFolder(on: loop) { tryAgain(on: loop) }
    }

    /// The user may have as many watches as there can be, or the folder above is not there either: looks again later.
    private func tryAgain(on loop: EventLoop) {
        _ = loop.setTimer(at: MonotonicClock.now() + Self.rest) { [self] in
            if watchFolder(on: loop) {
                engine.storeChanged()
            } else if !waitForFolder(on: loop) {
                tryAgain(on: loop)
            }
        }
    }

    /// Watches the folder itself; false when it is not there.
    private func watchFolder(on loop: EventLoop) -> Bool {
        guard let events = try? FolderEvents(folder) else { return false }
        let engine = engine
        watch(events, on: loop) { name, change in
            switch change {
            // One that is still being written counts when its writer has closed it.
            case .closed: if PluginFileName.id(of: name) != nil { engine.storeChanged() }
            case .arrived, .lost: engine.storeChanged()
            case .appeared, .vanished: break
            }
        }
        return true
    }

    /// Watches the folder above, until the folder is there; false when it cannot be watched.
    private func waitForFolder(on loop: EventLoop) -> Bool {
        guard let parent = FileSystem.parent(of: folder), let own = folder.split(separator: "/").last.map(String.init),
            let events = try? FolderEvents(parent)
        else { return false }
        let (folder, engine) = (folder, engine)
        watch(events, on: loop) { [self] name, change in
            guard name == own, change == .appeared || change == .arrived, FileSystem.exists(folder) else { return }
            // What came between the folder and the watch is seen now.
            if watchFolder(on: loop) { engine.storeChanged() } else { tryAgain(on: loop) }
        }
        return true
    }

    private func watch(
        _ events: consuming FolderEvents, on loop: EventLoop,
        _ handler: @escaping (String, FolderEvents.Change) -> Void
    ) {
        let held = HeldEvents(events)
        _ = try? loop.watch(held.events.descriptor, for: .read) { _, _ in
            for (name, change) in (try? held.events.take()) ?? [] { handler(name, change) }
        }
    }
}

/// Keeps what is watched as long as somebody watches it.
final class HeldEvents: Sendable {
    let events: FolderEvents

    init(_ events: consuming FolderEvents) {
        self.events = events
    }
}
