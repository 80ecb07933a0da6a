internal import Glibc

/// Files on a disk that have no name: they are gone with the last descriptor, however the process ends.
public enum SpoolFile {
    /// Opens an empty one for reading and writing.
    ///
    /// - Parameter folder: where its bytes lie; made for this user alone when it is not there.
    public static func make(in folder: String) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try unnamed(in: folder)
        } catch {
            guard error.number == .noSuchFile else { throw error }
            try FileSystem.makeFolder(folder, mode: 0o700)
            return try unnamed(in: folder)
        }
    }

    /// With O_TMPFILE; where the file system has none, with a name that it loses at once.
    private static func unnamed(in folder: String) throws(SystemError) -> Descriptor {
        // The mode counts for whoever opens it again: nobody does so for writing.
        let number = unsafe open(folder, O_DIRECTORY | 0o20_000_000 | O_RDWR | O_CLOEXEC | O_EXCL, mode_t(0o400))
        if number >= 0 { return Descriptor(owning: number) }
        guard [EOPNOTSUPP, EISDIR, EINVAL].contains(errno) else { throw .last("make a file in \(folder)") }
        return try named(in: folder)
    }

    /// With a name, which it loses at once.
    ///
    /// A process that is killed before it has taken the name away leaves the file; the next one that makes a file takes
    /// away all names there are. That of a file that another process makes just now has done its work as well.
    static func named(in folder: String) throws(SystemError) -> Descriptor {
        let path = "\(folder)/\(prefix)\(Entropy.name(length: 20))"
        let number = try checked("make a file in \(folder)") {
            unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o400))
        }
        let file = Descriptor(owning: number)
        for name in try FileSystem.list(folder) where name.hasPrefix(prefix) { _ = unsafe unlink("\(folder)/\(name)") }
        return file
    }

    /// What the names of files begin with that have one.
    static let prefix = ".spooled-"

    /// Makes a descriptor that writes to a file one that only reads it.
    ///
    /// - Parameters:
    ///   - writer: a number that led to the file; left alone when it has become something else meanwhile.
    ///   - reader: a descriptor that reads the same file.
    public static func close(writer: Int32, to reader: Int32) throws(SystemError) {
        guard let file = MemoryFile.Identity(of: reader), MemoryFile.Identity(of: writer) == file else { return }
        let flags = fcntl(writer, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_RDONLY else { return }
        try checked("end the writing to a file") { dup2(reader, writer) }
        _ = fcntl(writer, F_SETFD, FD_CLOEXEC)
    }

    /// Appends all bytes of a file that nobody changes meanwhile, from its first one.
    public static func append(_ source: Int32, to file: borrowing Descriptor) throws(SystemError) {
        let (number, length) = (file.rawValue, try MemoryFile.size(source))
        var offset: off_t = 0
        while offset < length {
            let count = Int(min(Int64(length) - Int64(offset), 1 << 30))
            let moved = try checked("write to a file of the spool") { unsafe sendfile(number, source, &offset, count) }
            guard moved > 0 else { throw SystemError("write to a file of the spool", message: "its source has ended") }
        }
    }

    /// Lends a copy of a file's bytes, which nobody can change or cut off while they are looked at.
    ///
    /// - Parameters:
    ///   - limit: most bytes; longer files are refused.
    ///   - body: receives all bytes; the memory is gone when it returns.
    public static func withCopy<Value>(
        of descriptor: Int32, limit: Int64, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(SystemError) -> Value {
        let size = try MemoryFile.size(descriptor)
        guard size <= limit else {
            throw SystemError("read a file of the spool", message: "it has \(size) bytes, and \(limit) are the limit")
        }
        let length = Int(size)
        guard length > 0 else { return unsafe body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        guard let start = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe start != MAP_FAILED
        else { throw .last("find memory for a file of the spool") }
        defer { unsafe munmap(start, length) }
        var filled = 0
        while filled < length {
            let count = try checked("read a file of the spool") {
                unsafe pread(descriptor, start + filled, length - filled, off_t(filled))
            }
            guard count > 0 else { throw SystemError("read a file of the spool", message: "it was cut off meanwhile") }
            filled += count
        }
        return unsafe body(UnsafeRawBufferPointer(start: start, count: length))
    }
}
