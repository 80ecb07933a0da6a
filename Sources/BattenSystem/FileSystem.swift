internal import CLinux
internal import Glibc

/// Files and folders by path.
public enum FileSystem {
    /// How to open a file.
    public enum Access: Sendable {
        /// An existing file, or a folder, to read.
        case read
        /// A file to write, created when absent and emptied when present.
        case overwrite
        /// A file to write that must not exist yet.
        case create
        /// A file to write at its end, created when absent.
        case append
        /// A file to read and write, created when absent, left as it is when present.
        case readWrite
    }

    /// What a path names.
    public struct Status: Sendable, Hashable {
        /// Kinds of things a path may name.
        public enum Kind: Sendable, Hashable {
            case file, folder, socket, other
        }
        /// What it is.
        public var kind: Kind
        /// Length in bytes.
        public var bytes: Int64
        /// Identity on its device.
        public var inode: UInt64
        /// Device that holds it.
        public var device: UInt64
        /// Seconds since 1970 of the last change of its content.
        public var modified: Int64
        /// Nanoseconds since 1970 of the last change of its content.
        public var modifiedNanoseconds: Int64
        /// Nanoseconds since 1970 of the last change of anything about it, its name too.
        public var changedNanoseconds: Int64
        /// Permission bits.
        public var mode: UInt32
        /// User id of its owner.
        public var owner: UInt32
        /// Group id.
        public var group: UInt32

        init(_ status: Glibc.stat) {
            switch status.st_mode & S_IFMT {
            case S_IFREG: kind = .file
            case S_IFDIR: kind = .folder
            case S_IFSOCK: kind = .socket
            default: kind = .other
            }
            bytes = Int64(status.st_size)
            inode = UInt64(status.st_ino)
            device = UInt64(status.st_dev)
            modified = Int64(status.st_mtim.tv_sec)
            modifiedNanoseconds = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
            changedNanoseconds = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
            mode = UInt32(status.st_mode & 0o7777)
            owner = UInt32(status.st_uid)
            group = UInt32(status.st_gid)
        }
    }

    /// Opens a file; it is closed on exec.
    ///
    /// - Parameter mode: permission bits of a file that is created, before the umask.
    public static func open(
        _ path: String, _ access: Access = .read, mode: UInt32 = 0o600
    ) throws(SystemError) -> Descriptor {
        var flags = O_CLOEXEC
        switch access {
        case .read: flags |= O_RDONLY
        case .overwrite: flags |= O_WRONLY | O_CREAT | O_TRUNC
        case .create: flags |= O_WRONLY | O_CREAT | O_EXCL
        case .append: flags |= O_WRONLY | O_CREAT | O_APPEND
        case .readWrite: flags |= O_RDWR | O_CREAT
        }
        let number = try checked("open \(path)") { unsafe Glibc.open(path, flags, mode_t(mode)) }
        return Descriptor(owning: number)
    }

    /// Reads a whole file.
    public static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try open(path)
        var status = Glibc.stat()
        let known = unsafe fstat(file.rawValue, &status) == 0 ? Int(status.st_size) : 0
        do throws(SystemError) {
            return try file.readToEnd(sizeHint: known)
        } catch {
            throw SystemError("read \(path)", code: error.code)
        }
    }

    /// What a path names; nil when it names nothing.
    public static func status(_ path: String) throws(SystemError) -> Status? {
        var status = Glibc.stat()
        do throws(SystemError) {
            try checked("stat \(path)") { unsafe stat(path, &status) }
        } catch {
            if error.number == .noSuchFile || error.number == .notAFolder { return nil }
            throw error
        }
        return Status(status)
    }

    /// What an open descriptor is.
    public static func status(of file: borrowing Descriptor) throws(SystemError) -> Status {
        var status = Glibc.stat()
        let number = file.rawValue
        try checked("stat an open file") { unsafe fstat(number, &status) }
        return Status(status)
    }

    /// Whether somebody has a file open for writing; nil when that is not known here.
    public static func hasWriter(_ file: borrowing Descriptor) -> Bool? {
        let answer = linux_has_writer(file.rawValue)
        return answer < 0 ? nil : answer == 1
    }

    /// Whether a name fits a pattern with `*`, `?` and `[…]`; a dot at the beginning must be written.
    public static func fits(_ name: String, _ pattern: String) -> Bool {
        unsafe fnmatch(pattern, name, FNM_PERIOD | FNM_NOESCAPE) == 0
    }

    /// Whether something is there.
    public static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// Whether this process may write to it.
    public static func isWritable(_ path: String) -> Bool {
        unsafe access(path, W_OK) == 0
    }

    /// Makes a folder and the ones above it; what is there already is left as it is.
    ///
    /// - Parameter mode: permission bits of the last folder; those above it follow the umask.
    public static func makeFolder(_ path: String, mode: UInt32 = 0o777) throws(SystemError) {
        do throws(SystemError) {
            try checked("make the folder \(path)") { unsafe mkdir(path, mode_t(mode)) }
        } catch {
            if error.number == .fileExists, try status(path)?.kind == .folder { return }
            guard error.number == .noSuchFile, let parent = parent(of: path) else { throw error }
            try makeFolder(parent)
            do throws(SystemError) {
                try checked("make the folder \(path)") { unsafe mkdir(path, mode_t(mode)) }
            } catch {
                if error.number == .fileExists, try status(path)?.kind == .folder { return }
                throw error
            }
        }
    }

    /// The folder that holds a path; nil for a root or a bare name.
    public static func parent(of path: String) -> String? {
        var end = path.utf8.endIndex
        while end > path.startIndex, path.utf8[path.utf8.index(before: end)] == UInt8(ascii: "/") {
            end = path.utf8.index(before: end)
        }
        guard let slash = path[..<end].utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        if slash == path.startIndex { return end == path.utf8.index(after: slash) ? nil : "/" }
        return String(path[..<slash])
    }

    /// Names in a folder, sorted; `.` and `..` are left out.
    public static func list(_ path: String) throws(SystemError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw SystemError("list \(path)", code: errno) }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Moves a file, replacing what was there, in one step.
    public static func rename(_ from: String, to target: String) throws(SystemError) {
        try checked("rename \(from) to \(target)") { unsafe Glibc.rename(from, target) }
    }

    /// Lets two files or folders change places in one step.
    public static func exchange(_ one: String, _ other: String) throws(SystemError) {
        try checked("exchange \(one) and \(other)") { unsafe linux_exchange(one, other) }
    }

    /// Gives a file a second name that must not be taken yet.
    ///
    /// - Returns: false when the name is taken.
    public static func link(_ from: String, to target: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try checked("link \(from) to \(target)") { unsafe Glibc.link(from, target) }
            return true
        } catch {
            if error.number == .fileExists { return false }
            throw error
        }
    }

    /// Removes a file.
    ///
    /// - Returns: false when it was not there.
    @discardableResult
    public static func remove(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try checked("remove \(path)") { unsafe unlink(path) }
            return true
        } catch {
            if error.number == .noSuchFile { return false }
            throw error
        }
    }

    /// Removes an empty folder.
    public static func removeFolder(_ path: String) throws(SystemError) {
        try checked("remove the folder \(path)") { unsafe rmdir(path) }
    }

    /// Removes a folder with everything in it; links are removed, never followed.
    public static func removeTree(_ path: String) throws(SystemError) {
        for name in try list(path) {
            let child = path + "/" + name
            var status = Glibc.stat()
            try checked("stat \(child)") { unsafe lstat(child, &status) }
            if status.st_mode & S_IFMT == S_IFDIR { try removeTree(child) } else { try remove(child) }
        }
        try removeFolder(path)
    }

    /// Makes a folder with a name of its own.
    ///
    /// - Parameter prefix: path that the name starts with.
    public static func makeTemporaryFolder(prefix: String) throws(SystemError) -> String {
        var template = Array((prefix + "XXXXXX").utf8.map { CChar(bitPattern: $0) })
        template.append(0)
        guard unsafe mkdtemp(&template) != nil else { throw SystemError("make a folder \(prefix)…", code: errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Sets the permission bits of what a path names.
    public static func setMode(_ path: String, _ mode: UInt32) throws(SystemError) {
        try checked("change the permissions of \(path)") { unsafe chmod(path, mode_t(mode)) }
    }

    /// Waits until the names in a folder have reached the disk.
    public static func synchronizeFolder(_ path: String) throws(SystemError) {
        try open(path).synchronize()
    }

    /// Writes a file so that its name holds either the old content or all of the new, also after a power cut.
    public static func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(SystemError) {
        let temporary = "\(path).\(getpid()).new"
        do throws(SystemError) {
            let file = try open(temporary, .overwrite, mode: mode)
            try file.write(bytes)
            try file.synchronize()
            try rename(temporary, to: path)
        } catch {
            _ = try? remove(temporary)
            throw SystemError("write \(path)", code: error.code)
        }
        try synchronizeFolder(parent(of: path) ?? ".")
    }
}
