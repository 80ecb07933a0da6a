internal import CLinux
internal import Glibc

/// One of the three streams that a process is started with.
public enum StandardStream: Int32, Sendable, Hashable {
    case input = 0
    case output = 1
    case error = 2

    /// What became of a write.
    public enum WriteResult: Sendable, Hashable {
        case written
        /// Nobody reads the other end any more.
        case closed
        /// The system refused, for example because the disk is full.
        case failed(SystemError)
    }

    /// Makes the streams safe to use: closed ones become /dev/null, and a closed pipe is an error instead of a signal.
    public static func prepare() throws(SystemError) {
        try checked("open /dev/null for a closed standard stream") { linux_secure_standard_descriptors() }
        try checked("handle SIGPIPE") { linux_survive_closed_pipes() }
    }

    /// Has a write to a closed pipe or socket fail with an error instead of ending the process; children are not affected.
    public static func surviveClosedPipes() {
        _ = linux_survive_closed_pipes()
    }

    /// Whether it is a terminal: `isatty`.
    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Columns and rows of the terminal; nil when it is none or does not say.
    public var windowSize: (columns: Int, rows: Int)? {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard unsafe linux_window_size(rawValue, &columns, &rows) == 0, columns > 0 else { return nil }
        return (Int(columns), Int(rows))
    }

    /// Writes all bytes; waits where the stream is set not to.
    public func write(_ bytes: [UInt8]) -> WriteResult {
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
                let count = unsafe Glibc.write(rawValue, rest.baseAddress, rest.count)
                if count >= 0 {
                    offset += count
                    continue
                }
                switch errno {
                case EINTR: continue
                case EAGAIN:
                    var ready = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&ready, 1, -1)
                case EPIPE: return .closed
                case let code: return .failed(SystemError("write", code: code))
                }
            }
            return .written
        }
    }

    /// Reads a line from a terminal without showing it.
    ///
    /// Backspace takes back a byte, Ctrl-U all of them; the terminal is as before when this returns.
    /// - Returns: the line without its end.
    /// - Throws: also when Ctrl-C was typed, or Ctrl-D before anything else.
    public func readHiddenLine() throws(SystemError) -> [UInt8] {
        var shown = termios()
        try checked("read the terminal's settings") { unsafe tcgetattr(rawValue, &shown) }
        var hidden = shown
        // Ctrl-C comes as a byte, so that the settings are put back after it too.
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        try checked("hide what is typed") { unsafe tcsetattr(rawValue, TCSAFLUSH, &hidden) }
        defer { _ = unsafe tcsetattr(rawValue, TCSAFLUSH, &shown) }
        var line: [UInt8] = []
        while line.count < 1 << 20 {
            var byte: UInt8 = 0
            let count = try checked("read the terminal") { unsafe Glibc.read(rawValue, &byte, 1) }
            switch byte {
            case _ where count == 0, 0x0A, 0x0D: return line
            case 0x03: throw SystemError("read the terminal", message: "interrupted")
            case 0x04:
                if line.isEmpty { throw SystemError("read the terminal", message: "nothing was typed") }
                return line
            case 0x08, 0x7F: _ = line.popLast()
            case 0x15: line = []
            default: line.append(byte)
            }
        }
        throw SystemError("read the terminal", message: "the line is too long")
    }

    /// Reads everything up to the end.
    ///
    /// - Parameter limit: bytes after which reading stops with an error.
    public func readToEnd(limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try checked("read standard input") {
                unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(rawValue, $0.baseAddress, $0.count) }
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw SystemError("read standard input", message: "more than \(limit) bytes")
            }
        }
    }
}
