internal import CLinux
internal import Glibc

/// A TCP port of 127.0.0.1 that answers requests of a browser on this machine, one after another.
public final class LoopbackPort: Sendable {
    /// Bytes that the head of a request may have at most.
    private static let bound = 64 << 10
    /// The port.
    public let port: UInt16
    private let listener: Int32

    /// Starts listening.
    ///
    /// - Parameter port: 0 takes a free one.
    public init(port: UInt16 = 0) throws(SystemError) {
        let made = Descriptor(
            owning: try checked("make a socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0) })
        let number = made.rawValue
        var reuse: Int32 = 1
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(number, generic, length) | listen(number, 16) | getsockname(number, generic, &length)
            }
        }
        guard code == 0 else { throw SystemError("listen on port \(port) of 127.0.0.1", code: errno) }
        self.port = UInt16(bigEndian: address.sin_port)
        listener = made.release()
    }

    deinit { _ = close(listener) }

    /// Waits for the next request and answers it.
    ///
    /// - Parameters:
    ///   - deadline: nanoseconds of ``MonotonicClock``.
    ///   - answer: given the head of the request, without the empty line; what it gives is sent as it is.
    /// - Returns: false when the deadline came first.
    public func serveOne(until deadline: Int64, _ answer: ([UInt8]) -> [UInt8]) -> Bool {
        guard Self.wait(listener, until: deadline) else { return false }
        let number = linux_accept(listener)
        guard number >= 0 else { return true }
        let asker = Descriptor(owning: number)
        // A browser that opens a connection ahead of time must not hold up the next one.
        let end = min(deadline, MonotonicClock.adding(.seconds(5), to: MonotonicClock.now()))
        var head: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        let mark = Array("\r\n\r\n".utf8)
        while head.count < Self.bound {
            guard Self.wait(number, until: end) else { return true }
            let count = unsafe recv(number, &chunk, chunk.count, 0)
            guard count > 0 else { return true }
            head += chunk[..<count]
            guard let place = head.indices.first(where: { head[$0...].starts(with: mark) }) else { continue }
            let reply = answer(Array(head[..<place]))
            var sent = 0
            while sent < reply.count {
                let count = unsafe reply.withUnsafeBytes { bytes in
                    unsafe send(
                        number, bytes.baseAddress.map { unsafe $0 + sent }, reply.count - sent,
                        Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                sent += count
            }
            break
        }
        _ = asker.rawValue
        return true
    }

    private static func wait(_ number: Int32, until deadline: Int64) -> Bool {
        while true {
            let left = deadline - MonotonicClock.now()
            guard left > 0 else { return false }
            var asked = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            let found = unsafe poll(&asked, 1, Int32(clamping: left / 1_000_000 + 1))
            if found > 0 { return true }
            if found < 0, errno != EINTR { return false }
        }
    }
}
