public import BattenSystem
import Glibc

/// A TCP socket that listens on a free port of 127.0.0.1 until it is released; connections wait in its queue.
public final class LoopbackListener: Sendable {
    /// The port.
    public let port: UInt16
    private let descriptor: Int32

    /// Starts listening.
    public init() throws(SystemError) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) | listen(descriptor, 64) | getsockname(descriptor, generic, &length)
            }
        }
        guard code == 0 else { throw SystemError("listen on 127.0.0.1", code: errno) }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(descriptor)
    }
}
