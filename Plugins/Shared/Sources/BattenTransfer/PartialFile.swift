import CCurl

/// A file that is written beside its place and moved there when it is complete.
///
/// While it is written it is `<path>.part`, and `<path>.part.from` says what it is a part of. One thread at a time.
public final class PartialFile: @unchecked Sendable {
    // SAFETY: handed from one thread to the next, never used by two at the same time.

    /// Where the file will be.
    public let path: String
    /// How many bytes are there.
    public private(set) var size: Int64 = 0
    /// What the bytes are a part of, as given to ``begin(source:)``; nil if there are none or nobody said.
    public private(set) var source: String?
    private var descriptor: Int32 = -1
    private var digest = SHA256Digest()

    private var partPath: String { path + ".part" }
    private var sourcePath: String { path + ".part.from" }

    /// Opens or makes the part and hashes what is there; blocks.
    ///
    /// - Throws: ``TransferFailure`` of kind `local` if that fails, another process writes the same file, or it exists
    ///   and `replaces` is false.
    public init(path: String, replaces: Bool) throws(TransferFailure) {
        self.path = path
        if !replaces, access(path, F_OK) == 0 { throw Self.exists(path) }
        try Self.makeFolders(of: path)
        descriptor = batten_open(partPath, O_RDWR | O_CREAT | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { throw FileProblem.cannot("write", partPath, batten_errno()) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = batten_errno()
            _ = close(descriptor)
            descriptor = -1
            throw number == EWOULDBLOCK
                ? TransferFailure(
                    .local, code: "file.busy", message: "'\(partPath)' is being written by another download")
                : FileProblem.cannot("lock", partPath, number)
        }
        if case .success(let bytes) = LocalFile.read(sourcePath, limit: 65536) {
            source = String(decoding: bytes, as: UTF8.self)
        }
        if source == nil {
            try restart()
        } else {
            try hashExisting()
        }
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
    }

    private func hashExisting() throws(TransferFailure) {
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw FileProblem.cannot("read", partPath, batten_errno()) }
            if count == 0 { return }
            chunk.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += Int64(count)
        }
    }

    /// Forgets what is there.
    public func restart() throws(TransferFailure) {
        _ = unlink(sourcePath)
        source = nil
        digest = SHA256Digest()
        size = 0
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileProblem.cannot("write", partPath, batten_errno())
        }
    }

    /// Notes what the bytes to come are a part of, so that a later attempt can go on.
    public func begin(source: String) throws(TransferFailure) {
        let file = batten_open(sourcePath, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0o644)
        guard file >= 0 else { throw FileProblem.cannot("write", sourcePath, batten_errno()) }
        defer { _ = close(file) }
        let bytes = Array(source.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else {
            throw FileProblem.cannot("write", sourcePath, batten_errno())
        }
        self.source = source
    }

    /// Appends bytes.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(TransferFailure) {
        var done = 0
        while done < bytes.count {
            let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            guard count > 0 else {
                if count < 0, batten_errno() == EINTR { continue }
                throw FileProblem.cannot("write", partPath, batten_errno())
            }
            done += count
        }
        digest.update(bytes)
        size += Int64(bytes.count)
    }

    /// The SHA-256 of all bytes in hexadecimal digits; ends the writing.
    public func checksum() -> String {
        Cryptography.hex(digest.finish())
    }

    /// Makes the bytes durable and moves the file to its place; blocks.
    public func keep(replaces: Bool) throws(TransferFailure) {
        guard fsync(descriptor) == 0 else { throw FileProblem.cannot("sync", partPath, batten_errno()) }
        guard batten_rename(partPath, path, replaces ? 0 : 1) == 0 else {
            let number = batten_errno()
            throw number == EEXIST ? Self.exists(path) : FileProblem.cannot("replace", path, number)
        }
        _ = unlink(sourcePath)
        let folder = batten_open(Self.folder(of: path), O_RDONLY | O_DIRECTORY, 0)
        if folder >= 0 {
            _ = fsync(folder)
            _ = close(folder)
        }
    }

    /// Removes the part.
    public func discard() {
        _ = unlink(partPath)
        _ = unlink(sourcePath)
    }

    private static func exists(_ path: String) -> TransferFailure {
        TransferFailure(
            .local, code: "file.exists", message: "'\(path)' exists already; remove it or set overwrite to true")
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func makeFolders(of path: String) throws(TransferFailure) {
        let folder = folder(of: path)
        var made = folder.hasPrefix("/") ? "" : "."
        for part in folder.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o755) != 0, batten_errno() != EEXIST {
                throw FileProblem.cannot("make folder", made, batten_errno())
            }
        }
    }
}
