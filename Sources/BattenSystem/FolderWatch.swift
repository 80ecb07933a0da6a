internal import CLinux
internal import Glibc

/// Waits until something changes in folders: inotify.
///
/// Belongs to one thread.
public final class FolderWatch {
    private let descriptor: Descriptor
    private let isOfInterest: (String) -> Bool

    /// Watches a folder and the folders in it.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - isOfInterest: whether a name in it counts; folders that do not are left out with all they hold.
    public init(_ folder: String, isOfInterest: @escaping (String) -> Bool) throws(SystemError) {
        let number = try checked("watch folders") { linux_watch_begin() }
        descriptor = Descriptor(owning: number)
        self.isOfInterest = isOfInterest
        try self.add(folder, depth: 0)
    }

    private func add(_ folder: String, depth: Int) throws(SystemError) {
        let number = descriptor.rawValue
        try checked("watch \(folder)") { unsafe linux_watch_add(number, folder) }
        guard depth < 16 else { return }
        for name in try FileSystem.list(folder) where isOfInterest(name) {
            let path = "\(folder)/\(name)"
            if try FileSystem.status(path)?.kind == .folder { try add(path, depth: depth + 1) }
        }
    }

    /// Waits for a change, and then until nothing has changed for a while, so that one save is one change.
    ///
    /// - Parameter quiet: how long nothing must change.
    public func wait(quiet: Duration = .milliseconds(150)) throws(SystemError) {
        var hasChanged = false
        while true {
            var polled = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            let patience = hasChanged ? Int32(clamping: quiet.nanosecondsSaturated / 1_000_000) : -1
            let count = try checked("wait for changes") { unsafe poll(&polled, 1, patience) }
            if count == 0 { return }
            let bytes = try descriptor.read(upTo: 64 << 10)
            if Self.names(bytes).contains(where: { isOfInterest($0) }) { hasChanged = true }
        }
    }

    /// The names in a piece of events; an event of a folder itself has an empty one, and lost events count as such.
    private static func names(_ bytes: [UInt8]) -> [String] {
        var names: [String] = []
        var place = 0
        // struct inotify_event: watch, mask, cookie, length of the name, the name.
        while place + 16 <= bytes.count {
            let length = bytes[place + 12..<place + 16].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - place - 16 else { break }
            let name = bytes[place + 16..<place + 16 + length].prefix { $0 != 0 }
            names.append(String(decoding: name, as: UTF8.self))
            place += 16 + length
        }
        return names
    }
}
