public import BattenPlugin
public import CBattenABI
internal import CBattenFakeHost
internal import Synchronization

/// A host for unit tests of plugins, for which no Batten is needed.
///
/// It goes through a plugin's life as a host does, offers every service, remembers what it is told, and holds the plugin
/// against the rules of the header. It belongs to the thread that made it.
///
///     let host = try FakeHost(entry)
///     let end = host.run("hello.greet", ["name": "Ada"])
///     #expect(end?.output == ["greeting": "Hello, Ada"])
///     #expect(host.end() == [])
@safe
public final class FakeHost {
    /// A plugin that did not start, or a call that did not begin, with the reason.
    public struct Refusal: Error, Hashable, CustomStringConvertible {
        /// What the plugin said.
        public let description: String
    }

    /// The function that a plugin exports.
    public typealias Entry = (UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>?

    private var host: OpaquePointer?

    /// Makes a host and starts a plugin in it.
    ///
    /// - Parameters:
    ///   - entry: the plugin's exported function.
    ///   - config: the plugin's configuration.
    ///   - secrets: what the secrets are; others are denied.
    ///   - quotas: how much of each meter can be held; others are without a limit.
    /// - Throws: ``Refusal`` if the plugin refuses to start.
    public init(
        _ entry: @escaping Entry, config: JSON = [:], secrets: [String: String] = [:], quotas: [String: Int64] = [:]
    ) throws(Refusal) {
        unsafe host = unsafe Self.makeHost(entry)
        for (name, value) in secrets { unsafe batten_fake_secret(host, name, value) }
        for (meter, limit) in quotas { unsafe batten_fake_quota(host, meter, limit) }
        guard unsafe batten_fake_start(host, config.text) != 0 else {
            let why = unsafe Refusal(description: String(cString: batten_fake_why(host)))
            end()
            throw why
        }
    }

    private static let making = Mutex(())
    // SAFETY: touched by the one thread that has `making`.
    nonisolated(unsafe) private static var entryOfNext: Entry?

    /// Makes the C host; its function captures nothing, so the plugin's is kept beside while it is asked.
    private static func makeHost(_ entry: @escaping Entry) -> OpaquePointer? {
        // SAFETY: the function is called before this one returns, on this thread.
        nonisolated(unsafe) let entry = unsafe entry
        return unsafe making.withLock { _ in
            unsafe entryOfNext = entry
            defer { unsafe entryOfNext = nil }
            // SAFETY: it is not used before this one returns it.
            nonisolated(unsafe) let host = unsafe batten_fake_new { unsafe FakeHost.entryOfNext?($0) }
            return unsafe host
        }
    }

    deinit {
        end()
    }

    /// Sets for the calls to come how long they may take; nil means for ever, as at first.
    public func limitTime(to duration: Duration?) {
        let nanoseconds = duration.map { $0 / .nanoseconds(1) } ?? .infinity
        unsafe batten_fake_time(host, Int64(exactly: nanoseconds.rounded()) ?? .max)
    }

    /// Sets for the calls to come what an earlier attempt kept; they are then second attempts.
    public func setCheckpoint(_ state: String?) {
        unsafe batten_fake_checkpoint(host, state)
    }

    /// Sets how many more pieces of output the reader takes before it is behind; nil means all, as at first.
    public func setRoom(pieces: Int32?) {
        unsafe batten_fake_room(host, pieces.map { max(0, $0) } ?? -1)
    }

    /// Begins a call.
    ///
    /// - Returns: names the call.
    /// - Throws: ``Refusal`` if there is no such executor, or it takes no such configuration.
    public func call(_ type: String, _ input: JSON, config: JSON = [:]) throws(Refusal) -> UInt64 {
        let token = unsafe batten_fake_call(host, type, config.text, input.text)
        guard token != 0 else { throw unsafe Refusal(description: String(cString: batten_fake_why(host))) }
        return token
    }

    /// Asks a call to end.
    public func cancel(_ token: UInt64, _ reason: StopReason = .cancelled) {
        unsafe batten_fake_cancel(host, token, batten_stop(rawValue: reason.rawValue) ?? .BATTEN_STOP_CANCELLED)
    }

    /// Waits for the end of a call; nil if it has not come after so long.
    public func wait(for token: UInt64, atMost limit: Duration = .seconds(10)) -> FakeOutcome? {
        let milliseconds = min(max(limit / .milliseconds(1), 0), Double(Int32.max))
        guard let end = unsafe batten_fake_wait(host, token, Int32(milliseconds)) else { return nil }
        return unsafe FakeOutcome(end.pointee)
    }

    /// Makes a call and waits for its end; nil if it did not begin, or not end within ten seconds.
    public func run(_ type: String, _ input: JSON) -> FakeOutcome? {
        guard let token = try? call(type, input) else { return nil }
        return wait(for: token)
    }

    /// Everything that the plugin told the host, a line each.
    ///
    /// For example `log 1 info about to greet {}`, `beat 1 0.50 half`, `usage 1 tokens model 12`, `hold 1 requests api
    /// 1`. The number is the call's.
    public var seen: [String] { unsafe Self.lines(batten_fake_seen(host)) }

    /// What is left of a quota; nil for one without a limit.
    public func quotaLeft(_ meter: String) -> Int64? {
        let left = unsafe batten_fake_quota_left(host, meter)
        return left < 0 ? nil : left
    }

    /// Ends everything: calls in flight are cancelled, the plugin is stopped.
    ///
    /// The host is of no use afterwards.
    ///
    /// - Returns: the rules of the header that the plugin broke.
    @discardableResult
    public func end() -> [String] {
        guard unsafe host != nil else { return [] }
        let before = unsafe Self.lines(batten_fake_broken(host))
        let count = unsafe Int(batten_fake_end(host))
        unsafe host = nil
        // What is broken by ending itself is written to standard error.
        return before + (before.count..<max(before.count, count)).map { _ in "a rule, while the plugin was stopped" }
    }

    private static func lines(_ text: UnsafePointer<CChar>) -> [String] {
        unsafe String(cString: text).split(separator: "\n").map { String($0) }
    }
}

/// How a call ended.
public struct FakeOutcome: Sendable {
    /// Why it failed; nil if it is done.
    public let failure: Failure.Class?
    /// Whether the world may have changed.
    public let effect: Failure.Effect
    /// How long to wait before trying again; nil if not known.
    public let retryAfter: Duration?
    /// The failure's code, or empty.
    public let code: String
    /// The failure's message, or empty.
    public let message: String
    /// The result; nil without one.
    public let output: JSON?

    init(_ end: batten_fake_outcome) {
        failure = unsafe Failure.Class(rawValue: end.outcome_class.rawValue)
        effect = unsafe Failure.Effect(rawValue: end.effect.rawValue) ?? .unknown
        retryAfter = unsafe end.retry_after_ns < 0 ? nil : .nanoseconds(end.retry_after_ns)
        code = unsafe String(cString: end.code)
        message = unsafe String(cString: end.message)
        output = unsafe try? JSON(parsing: Array(String(cString: end.output).utf8))
    }
}
