import CCurl

/// Files on this side, for checks before a transfer begins.
public enum LocalFile {
    /// Says why a file cannot be read; nil if it can.
    public static func problem(reading path: String) -> TransferFailure? {
        let descriptor = batten_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return FileProblem.cannot("read", path, batten_errno()) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return FileProblem.cannot("read", path, batten_errno()) }
        return status.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG)
            ? nil : TransferFailure(.local, code: "file.kind", message: "'\(path)' is not a regular file")
    }

    /// Reads a whole file of at most `limit` bytes.
    public static func read(_ path: String, limit: Int) -> Result<[UInt8], TransferFailure> {
        if let problem = problem(reading: path) { return .failure(problem) }
        let descriptor = batten_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return .failure(FileProblem.cannot("read", path, batten_errno())) }
        defer { _ = close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = CCurl.read(descriptor, &chunk, chunk.count)
            if count < 0 { return .failure(FileProblem.cannot("read", path, batten_errno())) }
            if count == 0 { return .success(content) }
            content += chunk[..<count]
            if content.count > limit {
                return .failure(
                    TransferFailure(
                        .local, code: "file.size", message: "'\(path)' is larger than the \(limit) bytes allowed"))
            }
        }
    }

    /// A file's size, checksum and state at one time.
    public struct Measure: Sendable, Hashable {
        /// Bytes.
        public var size: Int64
        /// SHA-256 in hexadecimal digits.
        public var sha256: String
        /// When it was last written, in nanoseconds since 1970.
        public var modified: Int64
    }

    /// Reads a whole file for its checksum; blocks.
    ///
    /// - Parameters:
    ///   - limit: the most bytes it may have.
    ///   - goesOn: asked now and then; false ends the reading with a failure of kind `cancelled`.
    public static func measure(
        _ path: String, limit: Int64, goesOn: () -> Bool
    ) -> Result<Measure, TransferFailure> {
        if let problem = problem(reading: path) { return .failure(problem) }
        let descriptor = batten_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return .failure(FileProblem.cannot("read", path, batten_errno())) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(FileProblem.cannot("read", path, batten_errno())) }
        let digest = SHA256Digest()
        var size: Int64 = 0
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = CCurl.read(descriptor, &chunk, chunk.count)
            if count < 0 { return .failure(FileProblem.cannot("read", path, batten_errno())) }
            if count == 0 { break }
            size += Int64(count)
            guard size <= limit else {
                return .failure(
                    TransferFailure(
                        .local, code: "file.size", message: "'\(path)' is larger than the \(limit) bytes allowed"))
            }
            guard goesOn() else {
                return .failure(TransferFailure(.cancelled, code: "transfer.cancelled", message: "was cancelled"))
            }
            chunk.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return .success(
            Measure(size: size, sha256: Cryptography.hex(digest.finish()), modified: modified(status)))
    }

    /// Whether a file has another size or was written since it was measured.
    public static func hasChanged(_ path: String, since measure: Measure) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return true }
        return Int64(status.st_size) != measure.size || modified(status) != measure.modified
    }

    private static func modified(_ status: stat) -> Int64 {
        Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
