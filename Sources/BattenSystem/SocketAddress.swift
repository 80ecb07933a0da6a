internal import Glibc

/// Lends the address of a local socket.
///
/// - Parameter name: a path, or `@` and a name that is not one of a file.
@discardableResult
func withSocketAddress<Value>(
    _ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Value
) throws(SystemError) -> Value {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    let isAbstract = bytes.first == UInt8(ascii: "@")
    if isAbstract { bytes[0] = 0 }
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard !bytes.isEmpty, bytes.count < room else { throw SystemError("name a socket \(name)", code: ENAMETOOLONG) }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in unsafe target.copyBytes(from: bytes) }
    // A name without a file has no end but that of the address.
    let length =
        isAbstract
        ? MemoryLayout<sockaddr_un>.offset(of: \sockaddr_un.sun_path).map { $0 + bytes.count }
        : MemoryLayout<sockaddr_un>.size
    let size = socklen_t(length ?? MemoryLayout<sockaddr_un>.size)
    let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            Result { () throws(SystemError) in try unsafe body(pointer, size) }
        }
    }
    return try result.get()
}
