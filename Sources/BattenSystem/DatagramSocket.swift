internal import Glibc

/// A socket with a name in a folder, for short messages within one host.
///
/// Names are bound and reached through the folder's descriptor, so that a long path does not meet the limit of 107 bytes
/// that socket names have.
public struct DatagramSocket: ~Copyable, Sendable {
    /// The socket, readable when a message is there.
    ///
    /// It does not block.
    public let descriptor: Descriptor

    /// Makes a socket that receives.
    ///
    /// - Parameters:
    ///   - name: its file's name; a file that is there already is replaced.
    ///   - folder: the folder of the file.
    public init(receivingAt name: String, in folder: String) throws(SystemError) {
        let socket = try Self.make()
        let place = try FileSystem.open(folder)
        let path = "/proc/self/fd/\(place.rawValue)/\(name)"
        try FileSystem.remove(path)
        let number = socket.rawValue
        try unsafe withAddress(path) { address, length throws(SystemError) in
            try checked("bind the socket \(folder)/\(name)") { unsafe bind(number, address, length) }
        }
        descriptor = socket
    }

    /// Takes away all messages that are there.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public borrowing func drain() -> Int {
        var count = 0
        var buffer: (UInt64, UInt64) = (0, 0)
        while true {
            let length = unsafe recv(descriptor.rawValue, &buffer, 16, 0)
            if length >= 0 { count += 1 } else if errno != EINTR { return count }
        }
    }

    /// Sends an empty message to a socket, without waiting.
    ///
    /// - Returns: whether somebody is there to receive it, or has messages enough to wake it.
    public static func poke(_ name: String, in folder: String) throws(SystemError) -> Bool {
        let socket = try make()
        let place: Descriptor
        do throws(SystemError) {
            place = try FileSystem.open(folder)
        } catch {
            if error.number == .noSuchFile { return false }
            throw error
        }
        let path = "/proc/self/fd/\(place.rawValue)/\(name)"
        let number = socket.rawValue
        do throws(SystemError) {
            try unsafe withAddress(path) { address, length throws(SystemError) in
                try checked("reach the socket \(folder)/\(name)") { () -> Int in
                    var byte: UInt8 = 1
                    return unsafe sendto(number, &byte, 1, Int32(MSG_NOSIGNAL), address, length)
                }
            }
            return true
        } catch {
            switch error.number {
            case .noSuchFile, .connectionRefused: return false
            case .wouldBlock: return true
            default: throw error
            }
        }
    }

    private static func make() throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return Descriptor(owning: try checked("make a socket") { socket(AF_UNIX, kind, 0) })
    }
}

/// Lends the address of a socket's file.
private func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < room else { throw SystemError("name a socket \(path)", code: ENAMETOOLONG) }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in unsafe target.copyBytes(from: bytes) }
    let result = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            Result { () throws(SystemError) in
                try unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
    try result.get()
}
