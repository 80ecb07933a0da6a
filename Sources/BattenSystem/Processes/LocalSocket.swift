internal import CLinux
internal import Glibc

/// Two connected stream sockets between processes of one machine, over which bytes and descriptors go.
public enum LocalSocket {
    /// What became of an attempt to send or receive.
    public enum Result: Sendable, Hashable {
        /// So many bytes went over, at least one.
        case moved(Int)
        /// Nothing, because it would have had to wait.
        case wouldBlock
        /// The other side is gone.
        case ended
        /// The kernel refused.
        case failed(SystemError)
    }

    /// Makes a pair of ends; the caller closes both.
    public static func pair() throws(SystemError) -> (near: Int32, far: Int32) {
        var near: Int32 = -1
        var far: Int32 = -1
        try checked("make a pair of sockets") { unsafe linux_socket_pair(&near, &far) }
        return (near, far)
    }

    /// Sends what fits without waiting.
    ///
    /// - Parameters:
    ///   - socket: the sending end.
    ///   - bytes: at least one byte.
    ///   - descriptor: a descriptor that goes along with the first byte; it stays the caller's.
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, passing descriptor: Int32 = -1) -> Result
    {
        while true {
            let count = unsafe linux_send(socket, bytes.baseAddress, bytes.count, descriptor)
            if count >= 0 { return .moved(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EPIPE, ECONNRESET: return .ended
            case let code: return .failed(SystemError("send", code: code))
            }
        }
    }

    /// Receives what is there.
    ///
    /// - Parameters:
    ///   - socket: the receiving end.
    ///   - room: at least one byte of room.
    ///   - waits: whether to wait for the first byte.
    ///   - passed: descriptors that came along are appended; they are the caller's from then on.
    public static func receive(
        _ socket: Int32, into room: UnsafeMutableRawBufferPointer, waits: Bool = false, passed: inout [Int32]
    ) -> Result {
        var numbers: [64 of Int32] = .init(repeating: -1)
        var numbersCount: Int32 = 0
        while true {
            let count = unsafe withUnsafeMutablePointer(to: &numbers) { pointer in
                unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 64) { numbers in
                    unsafe linux_receive(socket, room.baseAddress, room.count, waits ? 1 : 0, numbers, &numbersCount)
                }
            }
            for index in 0..<Int(numbersCount) { passed.append(numbers[index]) }
            if count > 0 { return .moved(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case ECONNRESET: return .ended
            case let code: return .failed(SystemError("receive", code: code))
            }
        }
    }
}

/// A pipe that takes what another process writes.
public enum OutputPipe {
    /// Makes a pipe whose reading end does not wait; the caller closes both.
    public static func make() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var (reading, writing): (Int32, Int32) = (-1, -1)
        try checked("make a pipe") { unsafe linux_blocking_pipe(&reading, &writing) }
        try checked("make a pipe") { linux_no_wait(reading) }
        return (reading, writing)
    }

    /// Reads what is there without waiting.
    public static func read(_ descriptor: Int32, into room: UnsafeMutableRawBufferPointer) -> LocalSocket.Result {
        while true {
            let count = unsafe Glibc.read(descriptor, room.baseAddress, room.count)
            if count > 0 { return .moved(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(SystemError("read", code: code))
            }
        }
    }
}
