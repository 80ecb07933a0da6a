internal import CBattenABI
internal import Glibc

/// A value that was written piece by piece and is the output of a call, so that it need never be in memory as a whole.
///
/// It is JSON like every output. An executor whose `Output` is a blob returns what ``BlobWriter/finish()`` gave; inside
/// another value it cannot stand.
public struct Blob: Encodable, Sendable {
    /// The host's name for it.
    let number: UInt64

    /// Always fails: a blob is an output as a whole.
    public func encode(to encoder: any Encoder) throws {
        throw Failure(.bug, code: "plugin.blob_inside", "a blob was encoded inside another value; return it as a whole")
    }
}

/// Writes a ``Blob``; what is not finished vanishes with the call.
public struct BlobWriter: ~Copyable {
    private let context: Context
    private let number: UInt64
    /// The open file; whoever writes to it with other means does not close it.
    public let descriptor: Int32

    init(_ context: Context, number: UInt64, descriptor: Int32) {
        self.context = context
        self.number = number
        self.descriptor = descriptor
    }

    deinit {
        _ = close(descriptor)
    }

    /// Appends bytes.
    ///
    /// - Throws: ``Failure`` of class retry when there is no room for them.
    public func write(_ bytes: [UInt8]) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe Glibc.write(descriptor, all.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Failure(
                    .retry, code: "blob.full",
                    "the blob could not be written: \(unsafe String(cString: strerror(errno)))",
                    effect: .unknown)
            }
            written += count
        }
    }

    /// Appends text.
    ///
    /// - Throws: ``Failure`` of class retry when there is no room for it.
    public func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }

    /// Appends a value as JSON.
    ///
    /// - Throws: ``Failure`` of class retry when there is no room for it.
    public func write(_ value: JSON) throws(Failure) { try write(value.bytes) }

    /// Ends the writing; nobody can change the blob from then on.
    ///
    /// - Throws: ``Failure`` when the host refuses.
    public consuming func finish() throws(Failure) -> Blob {
        guard context.host.seal(token: context.token, number) else {
            throw Failure(
                .retry, code: "blob.refused", "the host did not take the blob; the log of the stage says why",
                effect: .unknown)
        }
        return Blob(number: number)
    }
}

extension Context {
    /// Makes an empty blob.
    ///
    /// - Parameter sizeHint: its likely size in bytes, or 0.
    /// - Throws: ``Failure`` if the host offers none or has no room.
    public func makeBlob(sizeHint: Int = 0) throws(Failure) -> BlobWriter {
        guard let made = host.makeBlob(token: token, sizeHint: UInt64(max(0, sizeHint))) else {
            throw Failure(
                .retry, code: "blob.unsupported",
                "the host offers no blobs, or has no room for one, which the log of the stage tells", effect: .none)
        }
        return BlobWriter(self, number: made.number, descriptor: made.descriptor)
    }
}

extension Host {
    func makeBlob(token: UInt64, sizeHint: UInt64) -> (number: UInt64, descriptor: Int32)? {
        var descriptor: Int32 = -1
        var number: UInt64 = 0
        guard let blob = unsafe blob,
            unsafe blob.pointee.create(table, token, sizeHint, &descriptor, &number) == .BATTEN_RC_OK
        else { return nil }
        return (number, descriptor)
    }

    func seal(token: UInt64, _ number: UInt64) -> Bool {
        guard let blob = unsafe blob else { return false }
        return unsafe blob.pointee.seal(table, token, number) == .BATTEN_RC_OK
    }

    /// All bytes of a blob; nil when it cannot be read.
    func readBlob(token: UInt64, _ number: UInt64) -> [UInt8]? {
        var descriptor: Int32 = -1
        guard let blob = unsafe blob, unsafe blob.pointee.open(table, token, number, &descriptor) == .BATTEN_RC_OK
        else {
            return nil
        }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes.append(contentsOf: piece[..<count])
        }
    }
}
