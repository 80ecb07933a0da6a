import CBattenABI
import Glibc
import Synchronization

@testable import BattenPlugin

/// A blob of the tests' host: a file without a name.
struct FakeBlob: Sendable {
    let descriptor: Int32
    var isSealed = false

    /// Makes one, with its content.
    init(_ text: String = "") {
        var path = Array("/tmp/batten-blob-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        unlink(path)
        let bytes = Array(text.utf8)
        precondition(descriptor >= 0 && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
    }

    /// What has been written to it.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    /// Opens it once more, from its first byte; negative when that fails.
    func open(_ flags: Int32) -> Int32 { Glibc.open("/proc/self/fd/\(descriptor)", flags | O_CLOEXEC) }
}

extension FakeHost {
    /// Blobs are numbered from 1 in the order in which they are made.
    func fillBlob() {
        blob.initialize(
            to: batten_blob(
                struct_size: UInt64(MemoryLayout<batten_blob>.size),
                open: { table, _, number, descriptor in
                    FakeHost.of(table).seen.withLock { seen in
                        guard let blob = seen.blobs[number], blob.isSealed, !seen.isFull else {
                            return .BATTEN_RC_DENIED
                        }
                        descriptor.pointee = blob.open(O_RDONLY)
                        return descriptor.pointee < 0 ? .BATTEN_RC_REFUSED : .BATTEN_RC_OK
                    }
                },
                create: { table, _, _, descriptor, number in
                    FakeHost.of(table).seen.withLock { seen in
                        guard !seen.isFull else { return .BATTEN_RC_REFUSED }
                        let blob = FakeBlob()
                        number.pointee = UInt64(seen.blobs.count + 1)
                        seen.blobs[number.pointee] = blob
                        descriptor.pointee = blob.open(O_RDWR)
                        return .BATTEN_RC_OK
                    }
                },
                seal: { table, _, number in
                    FakeHost.of(table).seen.withLock { seen in
                        guard seen.blobs[number]?.isSealed == false else { return .BATTEN_RC_REFUSED }
                        seen.blobs[number]?.isSealed = true
                        return .BATTEN_RC_OK
                    }
                }))
    }

    /// Makes a blob that can be the input of a call; the number names it.
    func addBlob(_ text: String) -> UInt64 {
        seen.withLock { seen in
            let number = UInt64(seen.blobs.count + 1)
            seen.blobs[number] = FakeBlob(text)
            seen.blobs[number]?.isSealed = true
            return number
        }
    }
}
