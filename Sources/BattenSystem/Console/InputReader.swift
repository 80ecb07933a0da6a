internal import CLinux
internal import Glibc

/// Reads a stream piece by piece, and can be called away from waiting for it.
public final class InputReader: Sendable {
    /// What came.
    public enum Piece: Sendable, Hashable {
        /// Some bytes, at least one.
        case bytes([UInt8])
        /// The end; a terminal that is gone counts as one.
        case end
        /// Somebody called ``wake()``.
        case woken
    }

    private let descriptor: Int32
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Prepares for reading a stream.
    public init(_ stream: StandardStream) throws(SystemError) {
        var readEnd: Int32 = -1
        var writeEnd: Int32 = -1
        try checked("make a pipe") { unsafe linux_pipe(&readEnd, &writeEnd) }
        descriptor = stream.rawValue
        self.readEnd = readEnd
        self.writeEnd = writeEnd
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Ends the wait that goes on in ``read(upTo:)``, or the next one; may be called from any thread.
    public func wake() {
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// Waits for input or a wake, and reads what is there.
    ///
    /// - Parameter count: bytes to read at most, at least 1.
    public func read(upTo count: Int) throws(SystemError) -> Piece {
        while true {
            var waits = [
                pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = unsafe poll(&waits, 2, -1)
            if ready < 0 {
                if errno == EINTR { continue }
                throw SystemError("wait for input", code: errno)
            }
            if waits[0].revents != 0 {
                var byte: UInt8 = 0
                _ = unsafe Glibc.read(readEnd, &byte, 1)
                return .woken
            }
            guard waits[1].revents != 0 else { continue }
            var room = [UInt8](repeating: 0, count: max(1, count))
            let got = unsafe room.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if got == 0 { return .end }
            if got < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                // What a terminal says when it was closed.
                if errno == EIO { return .end }
                throw SystemError("read standard input", code: errno)
            }
            return .bytes(Array(room[..<got]))
        }
    }
}
