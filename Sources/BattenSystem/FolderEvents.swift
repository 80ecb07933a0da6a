internal import CLinux
internal import Glibc

/// Tells what happens to the files of one folder: inotify, for an event loop.
///
/// Nothing is polled; who waits for ``descriptor`` sleeps until something happens.
public struct FolderEvents: ~Copyable, Sendable {
    /// What happened to a file.
    public enum Change: Sendable, Hashable {
        /// It was made; without a name, the folder itself was moved or removed.
        case appeared
        /// It was moved in, whole.
        case arrived
        /// Somebody who could write to it closed it, or died.
        case closed
        /// It was removed or moved away.
        case vanished
        /// Some events were lost; the name is empty.
        case lost
    }

    private let inotify: Descriptor

    /// Begins to watch a folder that exists.
    public init(_ folder: String) throws(SystemError) {
        let made = Descriptor(owning: try checked("watch folders") { linux_watch_begin() })
        let number = made.rawValue
        try checked("watch \(folder)") { unsafe linux_watch_add(number, folder) }
        inotify = made
    }

    /// Readable when something has happened; valid as long as this value.
    public var descriptor: Int32 { inotify.rawValue }

    /// Takes what has happened; waits when nothing has.
    public borrowing func take() throws(SystemError) -> [(name: String, change: Change)] {
        var events: [(name: String, change: Change)] = []
        let bytes = try inotify.read(upTo: 64 << 10)
        var place = 0
        // struct inotify_event: watch, mask, cookie, length of the name, the name.
        while place + 16 <= bytes.count {
            let mask = Self.word(bytes, place + 4)
            let length = Int(Self.word(bytes, place + 12))
            guard length <= bytes.count - place - 16 else { break }
            let name = bytes[place + 16..<place + 16 + length].prefix { $0 != 0 }
            events.append((String(decoding: name, as: UTF8.self), Self.change(mask)))
            place += 16 + length
        }
        return events
    }

    private static func change(_ mask: UInt32) -> Change {
        if mask & UInt32(IN_Q_OVERFLOW) != 0 { return .lost }
        if mask & UInt32(IN_CLOSE_WRITE) != 0 { return .closed }
        if mask & UInt32(IN_DELETE | IN_MOVED_FROM) != 0 { return .vanished }
        if mask & UInt32(IN_MOVED_TO) != 0 { return .arrived }
        return .appeared
    }

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
