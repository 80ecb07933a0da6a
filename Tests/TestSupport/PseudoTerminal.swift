public import BattenSystem
import Glibc

/// A program that runs in a terminal of the test's own.
public final class PseudoTerminal {
    /// Requests of `ioctl` that Swift does not see: TIOCSPTLCK and TIOCGPTN.
    private static let unlock: UInt = 0x4004_5431
    private static let number: UInt = 0x8004_5430

    private let master: Int32
    private let pid: pid_t
    private var seen: [UInt8] = []
    private var isOpen = true
    private var status: Int32?

    /// Starts a program in a terminal.
    ///
    /// - Parameters:
    ///   - arguments: the program's path and its arguments.
    ///   - environment: its whole environment.
    ///   - folder: where it starts.
    ///   - columns: width of the terminal.
    public init(
        _ arguments: [String], environment: [String: String], folder: String, columns: Int = 80, rows: Int = 24
    ) throws(SystemError) {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var number: Int32 = 0
        var locked: Int32 = 0
        guard master >= 0, ioctl(master, Self.unlock, &locked) == 0, ioctl(master, Self.number, &number) == 0 else {
            throw SystemError("open a terminal", code: errno)
        }
        let slave = "/dev/pts/\(number)"
        self.master = master
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, slave, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // In a session of its own the terminal it opens becomes the one that signals come from.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | 0x80)
        let words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + arguments
        let argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + variables { free(text) } }
        Self.size(master, columns, rows)
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, variables)
        guard code == 0 else { throw SystemError("start \(arguments[0])", code: code) }
        self.pid = pid
    }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        if isOpen { Glibc.close(master) }
    }

    /// The program's process id.
    public var processID: Int32 { pid }

    /// Types text; a line feed is the return key.
    public func type(_ text: String) { type(bytes: Array(text.utf8)) }

    /// Types bytes.
    public func type(bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits until a text is shown behind what was waited for before.
    ///
    /// - Returns: everything that was shown up to its end; nil when it did not come in time.
    public func expect(_ text: String, within time: Duration = .seconds(30)) -> String? {
        let wanted = Array(text.utf8)
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        var searched = 0
        while true {
            if let place = Self.find(wanted, in: seen, from: searched) {
                let found = String(decoding: seen[..<(place + wanted.count)], as: UTF8.self)
                seen.removeFirst(place + wanted.count)
                return found
            }
            searched = max(0, seen.count - wanted.count)
            guard read(until: end) else { return nil }
        }
    }

    /// What has been shown and not been waited for.
    public var rest: String { String(decoding: seen, as: UTF8.self) }

    /// Changes the terminal's size; the program is told.
    public func resize(columns: Int, rows: Int = 24) { Self.size(master, columns, rows) }

    /// Closes the terminal, as a window that is closed.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(master)
    }

    /// Waits for the program's end.
    ///
    /// - Returns: its exit status, 128 and the signal's number when a signal ended it; nil when it did not end in time.
    public func wait(within time: Duration = .seconds(30)) -> Int32? {
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        while MonotonicClock.now() < end {
            var status: Int32 = 0
            let found = waitpid(pid, &status, WNOHANG)
            if found == pid {
                let code = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
                self.status = code
                return code
            }
            // What it still writes must not hold it up.
            if isOpen {
                _ = read(until: MonotonicClock.now() + 20_000_000)
            } else {
                usleep(10_000)
            }
        }
        return nil
    }

    private func read(until end: Int64) -> Bool {
        let left = end - MonotonicClock.now()
        guard left > 0 else { return false }
        var ready = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, Int32(clamping: left / 1_000_000 + 1)) > 0 else { return false }
        var room = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(master, &room, room.count)
        guard count > 0 else { return false }
        seen += room[..<count]
        return true
    }

    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = wanted.first else { return nil }
        var place = start
        while let found = bytes[place...].firstIndex(of: first), found + wanted.count <= bytes.count {
            if bytes[found..<found + wanted.count].elementsEqual(wanted) { return found }
            place = found + 1
        }
        return nil
    }

    private static func size(_ descriptor: Int32, _ columns: Int, _ rows: Int) {
        var size = winsize(
            ws_row: UInt16(clamping: rows), ws_col: UInt16(clamping: columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
    }
}
