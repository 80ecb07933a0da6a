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
        try unsafe withSocketAddress(path) { address, length throws(SystemError) in
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
            try unsafe withSocketAddress(path) { address, length throws(SystemError) in
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

    /// Sends one message to a socket that anybody may have made, without waiting.
    ///
    /// - Parameters:
    ///   - text: the whole message.
    ///   - address: an absolute path, or `@` and a name that is not one of a file.
    public static func send(_ text: String, to address: String) throws(SystemError) {
        let socket = try make()
        let number = socket.rawValue
        let bytes = Array(text.utf8)
        try unsafe withSocketAddress(address) { address, length throws(SystemError) in
            try checked("send to a socket") { () -> Int in
                unsafe sendto(number, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
    }

    private static func make() throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return Descriptor(owning: try checked("make a socket") { socket(AF_UNIX, kind, 0) })
    }
}
