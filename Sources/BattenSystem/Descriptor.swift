internal import Glibc

/// A file descriptor with one owner, closed when the owner ends.
public struct Descriptor: ~Copyable, Sendable {
    /// The number that the kernel knows it by; valid as long as this value.
    public let rawValue: Int32

    /// Takes over an open descriptor.
    public init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        _ = close(rawValue)
    }

    /// Gives the descriptor away without closing it.
    ///
    /// - Returns: the number; whoever takes it closes it.
    public consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    /// Writes all bytes, however many calls that takes.
    ///
    /// - Throws: `SystemError`, among others when the disk is full.
    public borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let written = try checked("write") { unsafe Glibc.write(rawValue, rest.baseAddress, rest.count) }
            offset += written
        }
    }

    /// Writes all bytes, however many calls that takes.
    public borrowing func write(_ bytes: [UInt8]) throws(SystemError) {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try unsafe write(bytes) }
        }
        try result.get()
    }

    /// Reads up to this many bytes.
    ///
    /// - Returns: what was there; empty at the end.
    public borrowing func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, filled in
            do throws(SystemError) {
                filled = try checked("read") { unsafe Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads everything up to the end.
    public borrowing func readToEnd(sizeHint: Int = 0) throws(SystemError) -> [UInt8] {
        var bytes = try read(upTo: max(sizeHint + 1, 4096))
        if bytes.isEmpty { return bytes }
        while true {
            let more = try read(upTo: 64 << 10)
            if more.isEmpty { return bytes }
            bytes.append(contentsOf: more)
        }
    }

    /// Waits until what was written has reached the disk: `fsync`.
    public borrowing func synchronize() throws(SystemError) {
        try checked("fsync") { fsync(rawValue) }
    }
}
