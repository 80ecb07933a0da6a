public import BattenPlugin
import CFiles

/// An open file or folder; closed when nobody holds it any more.
public final class FileHandle: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit {
        cfiles_close(number)
    }

    /// What a file is and how it stands.
    public struct Status: Sendable, Hashable {
        /// Bytes.
        public var size: Int64
        /// When it was last written, in nanoseconds since 1970.
        public var modified: Int64
        /// Permission bits.
        public var mode: UInt32
        /// What it is.
        public var kind: Kind
        /// Names the file itself, whatever its path.
        public var identity: Identity

        init(_ status: cfiles_status) {
            size = status.size
            modified = status.modified
            mode = status.mode
            kind = Kind(status.kind)
            identity = Identity(device: status.device, inode: status.inode)
        }
    }

    /// What stands under a path.
    public enum Kind: Sendable, Hashable {
        /// A regular file.
        case regular
        /// A folder.
        case folder
        /// A symbolic link.
        case link
        /// A device, socket or pipe.
        case other
        /// The listing does not say.
        case unknown

        init(_ number: Int32) {
            self =
                switch number {
                case Int32(CFILES_REGULAR.rawValue): .regular
                case Int32(CFILES_FOLDER.rawValue): .folder
                case Int32(CFILES_LINK.rawValue): .link
                case Int32(CFILES_UNKNOWN.rawValue): .unknown
                default: .other
                }
        }
    }

    /// A file's device and number on it.
    public struct Identity: Sendable, Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// How the file stands now.
    ///
    /// - Parameter path: for messages.
    public func status(_ path: String) throws(Failure) -> Status {
        var status = cfiles_status()
        let code = cfiles_status(number, &status)
        guard code == 0 else { throw FileFailure.make("examine", path, code) }
        return Status(status)
    }

    /// The file's path as the kernel knows it, free of symbolic links; nil if it has none.
    public var realPath: String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
            guard let start = buffer.baseAddress, cfiles_path(number, start, buffer.count) == 0 else { return nil }
            return String(cString: start)
        }
    }

    /// Reads up to a mebibyte at a time and gives each piece away, until the end.
    ///
    /// - Parameters:
    ///   - path: for messages.
    ///   - limit: the most bytes; a file that has more fails with `file.size`.
    /// - Returns: how many bytes there were.
    @discardableResult
    public func readAll(
        _ path: String, limit: Int64, _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int64 {
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var total: Int64 = 0
        while true {
            let count = cfiles_read(number, &chunk, chunk.count)
            if count < 0 { throw FileFailure.make("read", path, Int32(clamping: count)) }
            if count == 0 { return total }
            total += count
            if total > limit { throw FileFailure.tooLarge(path, limit: limit) }
            var problem: Failure?
            chunk.withUnsafeBytes { bytes in
                do throws(Failure) {
                    try take(UnsafeRawBufferPointer(rebasing: bytes[..<Int(count)]))
                } catch {
                    problem = error
                }
            }
            if let problem { throw problem }
        }
    }
}

/// The clock of files.
public enum WallClock {
    /// Nanoseconds since 1970.
    public static var now: Int64 { cfiles_now() }
}
