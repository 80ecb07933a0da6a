import BattenSystem
import Glibc

/// A program that goes on in the background, with its output thrown away.
final class BenchProcess {
    private let child: pid_t
    private var isOver = false

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the program's path and what it is given.
    ///   - variables: environment variables beside those of this process.
    init(_ arguments: [String], variables: [String: String] = [:]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [Int32(0), 1, 2] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        for (name, value) in variables { setenv(name, value, 1) }
        defer { for name in variables.keys { unsetenv(name) } }
        var child = pid_t()
        guard posix_spawn(&child, arguments[0], &actions, nil, &words, environ) == 0 else {
            throw BenchError("\(arguments[0]) cannot be started")
        }
        self.child = child
    }

    deinit { end(SIGKILL) }

    /// Ends the program with a signal and waits until it is gone.
    func end(_ signal: Int32) {
        guard !isOver else { return }
        isOver = true
        kill(child, signal)
        var status: Int32 = 0
        waitpid(child, &status, 0)
    }

    /// Processor time of all its threads so far, in milliseconds.
    func processorMilliseconds() throws -> Double {
        let folder = "/proc/\(child)/task"
        var sum = 0.0
        for thread in try FileSystem.list(folder) {
            let text = String(decoding: try FileSystem.read("\(folder)/\(thread)/schedstat"), as: UTF8.self)
            sum += text.split(separator: " ").first.flatMap { Double($0) } ?? 0
        }
        return sum / 1e6
    }

    /// How often its threads have gone to sleep so far.
    func voluntarySwitches() throws -> Int {
        let folder = "/proc/\(child)/task"
        return try FileSystem.list(folder).reduce(0) { sum, thread in
            try sum + Self.number("voluntary_ctxt_switches", of: "\(folder)/\(thread)/status")
        }
    }

    /// A number that the kernel tells of the process, for example `VmRSS` in KiB.
    func status(_ field: String) throws -> Int { try Self.number(field, of: "/proc/\(child)/status") }

    private static func number(_ field: String, of path: String) throws -> Int {
        let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        let words = line?.split(whereSeparator: { $0 == "\t" || $0 == " " || $0 == ":" }) ?? []
        guard words.count > 1, let number = Int(words[1]) else { throw BenchError("\(path) does not tell \(field)") }
        return number
    }
}

/// Waits until something is so.
///
/// - Throws: when it is not within a minute.
func awaitIt(_ what: String, every pause: Int64 = 500_000, _ body: () throws -> Bool) throws {
    let end = MonotonicClock.now() + 60_000_000_000
    while try !body() {
        guard MonotonicClock.now() < end else { throw BenchError("waited in vain: \(what)") }
        MonotonicClock.sleep(until: MonotonicClock.now() + pause)
    }
}
