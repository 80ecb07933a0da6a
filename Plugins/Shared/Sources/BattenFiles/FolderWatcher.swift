public import BattenPlugin
import CFiles

/// Tells what happens in folders, through inotify; one descriptor for all of them.
///
/// Belongs to one thread. Folders are watched by what they are, not by their paths.
public final class FolderWatcher {
    /// What happened.
    public struct Happening: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt32

        /// Takes the bits.
        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// Something has this name now: it was made or moved here.
        public static let appeared = Happening(rawValue: CFILES_APPEARED.rawValue)
        /// It was opened.
        public static let opened = Happening(rawValue: CFILES_OPENED.rawValue)
        /// Its content changed; truncation by path, which nobody closes, counts too.
        public static let changed = Happening(rawValue: CFILES_CHANGED.rawValue)
        /// Who wrote it has closed it, or it was moved here.
        public static let written = Happening(rawValue: CFILES_WRITTEN.rawValue)
        /// Nothing has this name any more.
        public static let vanished = Happening(rawValue: CFILES_VANISHED.rawValue)
        /// The folder itself went away or has another name.
        public static let folderLost = Happening(rawValue: CFILES_FOLDER_LOST.rawValue)
        /// Events were lost.
        public static let overflow = Happening(rawValue: CFILES_OVERFLOW.rawValue)
    }

    /// One event.
    public struct Event: Sendable {
        /// The watch it belongs to; negative for an overflow, which concerns all.
        public var watch: Int32
        /// What happened.
        public var happened: Happening
        /// The entry's name; nil if it is the folder's own event.
        public var name: String?
    }

    private let watcher: FileHandle

    /// Makes a watcher that watches nothing yet.
    public init() throws(Failure) {
        let code = cfiles_watcher()
        guard code >= 0 else { throw Self.cannot("", code) }
        watcher = FileHandle(code)
    }

    /// Is ready for reading when there are events.
    public var descriptor: Int32 { watcher.number }

    /// Watches a folder; the same folder gives the same number.
    public func watch(_ folder: FileHandle, _ path: String) throws(Failure) -> Int32 {
        let code = cfiles_watch(watcher.number, folder.number)
        guard code >= 0 else { throw Self.cannot(path, code) }
        return code
    }

    /// Ends a watch.
    public func unwatch(_ watch: Int32) {
        cfiles_unwatch(watcher.number, watch)
    }

    /// The events that wait.
    public func take() -> [Event] {
        var events: [Event] = []
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { buffer in
            guard let start = buffer.baseAddress else { return }
            let count = cfiles_read(watcher.number, start, buffer.count)
            var offset = 0
            var event = cfiles_event()
            while count > 0, cfiles_event(start, Int(count), &offset, &event) == 1 {
                events.append(
                    Event(
                        watch: event.watch, happened: Happening(rawValue: event.happened),
                        name: event.name.flatMap { String(validatingCString: $0) }))
            }
        }
        return events
    }

    private static func cannot(_ path: String, _ code: Int32) -> Failure {
        switch 0 &- code {
        case FileFailure.noSpace:
            Failure(
                .retry, code: "file.watches",
                "the user has no inotify watch left for '\(path)'; raise fs.inotify.max_user_watches", effect: .none)
        case FileFailure.tooManyFiles:
            Failure(
                .retry, code: "file.watches",
                "the user has no inotify instance or descriptor left; raise fs.inotify.max_user_instances",
                effect: .none)
        default: FileFailure.make("watch", path, code)
        }
    }
}
