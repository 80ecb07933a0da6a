import CCurl
import Synchronization

/// Looks host names up on a few threads and keeps the answers for a while.
///
/// libcurl's own resolver may start a thread for each lookup; with ten thousand transfers that is ten thousand threads.
public final class Resolver: Sendable {
    /// What a lookup gave.
    public enum Answer: Sendable, Equatable {
        /// Addresses in the order to try them.
        case addresses([String])
        /// The reason, for people.
        case failed(String)
    }

    /// A function that looks a name up, blocking.
    public typealias Lookup = @Sendable (String) -> Answer

    private struct Entry {
        var answer: Answer?
        var expires: Int64
        var waiting: [@Sendable (Answer) -> Void]
    }

    private let pool: WorkerPool
    private let lookup: Lookup
    private let entries = Mutex<[String: Entry]>([:])

    /// How long an answer is kept, in nanoseconds.
    public static let keepsAnswers: Int64 = 60_000_000_000
    /// How long a failure is kept, in nanoseconds.
    public static let keepsFailures: Int64 = 2_000_000_000
    /// How many names are kept at most.
    public static let capacity = 4096

    /// Makes a resolver without answers; `lookup` stands in for getaddrinfo(3).
    public init(pool: WorkerPool, lookup: @escaping Lookup = Resolver.system) {
        self.pool = pool
        self.lookup = lookup
    }

    /// Gives the answer at once if it is known; otherwise returns nil and calls `done` later, on any thread.
    ///
    /// Callers that ask for one name at the same time share one lookup.
    public func resolve(_ host: String, now: Int64, done: @escaping @Sendable (Answer) -> Void) -> Answer? {
        let name = host.lowercased()
        enum Next {
            case known(Answer)
            case wait
            case look
        }
        let next: Next = entries.withLock { entries in
            if var entry = entries[name] {
                if let answer = entry.answer, entry.expires > now { return .known(answer) }
                if entry.answer == nil {
                    entry.waiting.append(done)
                    entries[name] = entry
                    return .wait
                }
            }
            if entries.count >= Self.capacity {
                entries = entries.filter { $0.value.answer == nil || $0.value.expires > now }
                if entries.count >= Self.capacity { entries = entries.filter { $0.value.answer == nil } }
            }
            entries[name] = Entry(answer: nil, expires: 0, waiting: [done])
            return .look
        }
        switch next {
        case .known(let answer): return answer
        case .wait: return nil
        case .look:
            let started = pool.run { [self] in finish(name, lookup(name)) }
            if started { return nil }
            entries.withLock { $0[name] = nil }
            return .failed("no thread is left to look it up")
        }
    }

    private func finish(_ name: String, _ answer: Answer) {
        let kept = if case .failed = answer { Self.keepsFailures } else { Self.keepsAnswers }
        let waiting = entries.withLock { entries in
            defer { entries[name] = Entry(answer: answer, expires: batten_monotonic_ns() + kept, waiting: []) }
            return entries[name]?.waiting ?? []
        }
        for done in waiting { done(answer) }
    }

    /// Asks the system, by getaddrinfo(3).
    public static let system: Lookup = { host in
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failed(String(cString: gai_strerror(code)).lowercased()) }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: 128)
            if let address = entry.pointee.ai_addr,
                batten_numeric_host(address, entry.pointee.ai_addrlen, &text, 128) == 0
            {
                let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(name) { addresses.append(name) }
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failed("it has no address") : .addresses(addresses)
    }
}
