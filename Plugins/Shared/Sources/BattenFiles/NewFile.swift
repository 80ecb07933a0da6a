public import BattenPlugin
import CFiles

/// A file that is written under a passing name and gets its own when it is complete.
///
/// One thread at a time. Without ``keep(_:)`` nothing of it stays.
public final class NewFile {
    /// What happens where something has the name already.
    public enum IfExists: String, Sendable, CaseIterable {
        /// The new file takes its place.
        case replace
        /// The call fails.
        case fail
        /// What is there stays.
        case keep
    }

    private let place: Roots.Place
    private let folder: FileHandle
    private var temporary: String?
    private let file: FileHandle

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - makesFolders: whether folders on the way that are missing are made.
    ///   - mode: its permission bits; nil keeps those of the file that is replaced, or takes what the umask leaves.
    public init(_ place: Roots.Place, makesFolders: Bool, mode: UInt32?) throws(Failure) {
        guard let parent = place.parent else { throw FileFailure.notRegular(place.path, .folder) }
        self.place = place
        folder = try parent.openFolder(makes: makesFolders)
        var name = [CChar](repeating: 0, count: 40)
        let code = cfiles_make_temporary(folder.number, &name)
        guard code >= 0 else { throw FileFailure.make("write", place.path, code) }
        file = FileHandle(code)
        temporary = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var bits = mode
        if bits == nil { bits = try Self.modeNow(place) }
        if let mode = bits {
            let code = cfiles_set_mode(file.number, mode)
            guard code == 0 else { throw FileFailure.make("set the mode of", place.path, code) }
        }
    }

    deinit {
        if let temporary { _ = cfiles_remove(folder.number, temporary) }
    }

    private static func modeNow(_ place: Roots.Place) throws(Failure) -> UInt32? {
        guard let status = try place.statusItself(), status.kind == .regular else { return nil }
        return status.mode
    }

    /// Adds bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        guard let base = bytes.baseAddress else { return }
        let code = cfiles_write(file.number, base, bytes.count)
        guard code == 0 else { throw FileFailure.make("write", place.path, code) }
    }

    /// Makes the bytes durable and gives the file its name, in one step that others see whole or not at all.
    ///
    /// - Returns: false if something has the name and is kept.
    public func keep(_ rule: IfExists) throws(Failure) -> Bool {
        guard let temporary else { return false }
        var code = cfiles_sync(file.number)
        guard code == 0 else { throw FileFailure.make("sync", place.path, code) }
        code = cfiles_rename(folder.number, temporary, place.name, rule == .replace ? 0 : 1)
        if code == -FileFailure.exists, rule == .keep { return false }
        if code == -FileFailure.exists { throw Self.exists(place.path) }
        guard code == 0 else { throw FileFailure.make("write", place.path, code) }
        self.temporary = nil
        if let parent = place.parent, let listing = try? parent.open(.list) {
            code = cfiles_sync(listing.number)
            guard code == 0 else { throw FileFailure.make("sync", parent.path, code, effect: .made) }
        }
        return true
    }

    /// A file of this name is there.
    public static func exists(_ path: String) -> Failure {
        Failure(
            .failed, code: "file.exists",
            "'\(path)' exists already; remove it, or let if_exists be replace or keep", effect: .none,
            details: ["path": .string(path)])
    }

    /// Adds bytes to the end of a file, made if it is missing, and makes them durable.
    ///
    /// - Returns: how long the file was before.
    public static func append(
        _ bytes: [UInt8], to place: Roots.Place, makesFolders: Bool, mode: UInt32?
    ) throws(Failure) -> Int64 {
        guard let parent = place.parent else { throw FileFailure.notRegular(place.path, .folder) }
        _ = try parent.openFolder(makes: makesFolders)
        let isNew = try place.openIfThere(.path) == nil
        let file = try place.open(.append)
        guard try file.status(place.path).kind == .regular else {
            throw FileFailure.notRegular(place.path, try file.status(place.path).kind)
        }
        var code = cfiles_lock(file.number)
        guard code == 0 else { throw FileFailure.make("lock", place.path, code) }
        if isNew, let mode {
            code = cfiles_set_mode(file.number, mode)
            guard code == 0 else { throw FileFailure.make("set the mode of", place.path, code, effect: .unknown) }
        }
        let before = try file.status(place.path).size
        code = bytes.withUnsafeBytes { $0.baseAddress.map { cfiles_write(file.number, $0, bytes.count) } ?? 0 }
        guard code == 0 else { throw FileFailure.make("write", place.path, code, effect: .unknown) }
        code = cfiles_sync(file.number)
        guard code == 0 else { throw FileFailure.make("sync", place.path, code, effect: .made) }
        return before
    }
}
