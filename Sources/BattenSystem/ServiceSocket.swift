internal import CLinux
internal import Glibc

/// A socket with a name in a folder that answers questions of one line, one after another.
///
/// The folder's rights say who may ask.
public final class ServiceSocket: Sendable {
    /// Bytes that a question may have at most.
    public static let bound = 4 << 20
    private let listener: Int32

    /// Makes a socket.
    ///
    /// - Parameters:
    ///   - name: its file's name; a file that is there already is replaced.
    ///   - folder: the folder of the file.
    public init(_ name: String, in folder: String) throws(SystemError) {
        let made = Descriptor(owning: try Self.make())
        let place = try FileSystem.open(folder)
        let path = "/proc/self/fd/\(place.rawValue)/\(name)"
        try FileSystem.remove(path)
        let number = made.rawValue
        try unsafe withSocketAddress(path) { address, length throws(SystemError) in
            try checked("bind the socket \(folder)/\(name)") { unsafe bind(number, address, length) }
        }
        try checked("listen on \(folder)/\(name)") { listen(number, 64) }
        listener = made.release()
    }

    deinit { _ = close(listener) }

    /// Waits for the next question and answers it; who is slower than so long is not waited for.
    ///
    /// - Parameters:
    ///   - time: how long one that asks may take.
    ///   - answer: given the line without its end; nil answers nothing.
    /// - Returns: false once ``stop()`` was called.
    public func serveOne(within time: Duration, _ answer: ([UInt8]) -> [UInt8]?) -> Bool {
        let number = linux_accept(listener)
        guard number >= 0 else {
            switch errno {
            // Descriptors or memory may be there again in a moment.
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                usleep(100_000)
                return true
            case EINTR, ECONNABORTED: return true
            default: return false
            }
        }
        let asker = Descriptor(owning: number)
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        guard let line = Self.line(number, until: end) else { return true }
        if let answer = answer(line) { Self.write(number, answer, until: end) }
        _ = asker.rawValue
        return true
    }

    /// Has ``serveOne(within:_:)`` return, now and from now on.
    public func stop() { _ = shutdown(listener, Int32(SHUT_RDWR)) }

    /// Asks a socket one line and gives its whole answer.
    ///
    /// - Parameter time: how long the answer may take.
    /// - Returns: nil when nobody is there to answer.
    /// - Throws: ``SystemError``, among others when the answer takes longer.
    public static func ask(
        _ line: [UInt8], of name: String, in folder: String, within time: Duration
    ) throws(SystemError) -> [UInt8]? {
        let socket = Descriptor(owning: try make())
        let number = socket.rawValue
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        do throws(SystemError) {
            let place = try FileSystem.open(folder)
            let path = "/proc/self/fd/\(place.rawValue)/\(name)"
            limit(number, until: end)
            try unsafe withSocketAddress(path) { address, length throws(SystemError) in
                try checked("reach the socket \(folder)/\(name)") { unsafe connect(number, address, length) }
            }
        } catch {
            if error.number == .noSuchFile || error.number == .connectionRefused { return nil }
            throw error
        }
        guard write(number, line + [UInt8(ascii: "\n")], until: end) else {
            throw SystemError("ask the socket \(folder)/\(name)", code: ETIMEDOUT)
        }
        var answer: [UInt8] = []
        while true {
            limit(number, until: end)
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try socket.read(upTo: 64 << 10)
            } catch {
                throw error.number == .wouldBlock
                    ? SystemError("wait for an answer of the socket \(folder)/\(name)", code: ETIMEDOUT) : error
            }
            if bytes.isEmpty { return answer.isEmpty ? nil : answer }
            answer += bytes
        }
    }

    // MARK: Parts

    private static func make() throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return try checked("make a socket") { socket(AF_UNIX, kind, 0) }
    }

    /// Has calls on a socket return when the time is up.
    private static func limit(_ socket: Int32, until end: Int64) {
        let left = max(end - MonotonicClock.now(), 1_000)
        var time = timeval(tv_sec: Int(left / 1_000_000_000), tv_usec: Int(left % 1_000_000_000 / 1_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// Reads up to the end of a line; nil when it is too long or does not come in time.
    private static func line(_ socket: Int32, until end: Int64) -> [UInt8]? {
        var line: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while line.count <= bound {
            if MonotonicClock.now() >= end { return nil }
            limit(socket, until: end)
            let count = unsafe recv(socket, &room, room.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { return line.isEmpty ? nil : line }
            if let stop = room[..<count].firstIndex(of: UInt8(ascii: "\n")) { return line + room[..<stop] }
            line += room[..<count]
        }
        return nil
    }

    @discardableResult
    private static func write(_ socket: Int32, _ bytes: [UInt8], until end: Int64) -> Bool {
        var place = 0
        while place < bytes.count {
            if MonotonicClock.now() >= end { return false }
            limit(socket, until: end)
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[place...])
                return unsafe send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            place += count
        }
        return true
    }
}
