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
}
