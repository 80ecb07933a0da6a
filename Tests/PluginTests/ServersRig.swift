import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import Testing

/// The test servers that `scripts/servers` started, as the environment names them.
enum Servers {
    /// False only if somebody said so: without servers, and without that word, the tests fail.
    static let areWanted = ProcessEnvironment.variable("BATTEN_TEST_SERVERS") != "off"

    private static let names = [
        "HTTP", "SMTP", "SMTPS", "MAIL", "ODD", "ELSEWHERE", "HTTPS", "CERTIFICATES", "OPENAI", "OPENAI_KEY",
    ]

    /// The value of `BATTEN_TEST_<name>`.
    static func value(_ name: String) throws -> String {
        try #require(
            ProcessEnvironment.variable("BATTEN_TEST_\(name)"),
            """
            no test servers are running: run the tests with scripts/test, or one command with scripts/servers COMMAND; \
            BATTEN_TEST_SERVERS=off leaves these tests out
            """)
    }

    /// The text with `$ODD`, `$HTTP` and so on replaced by where the servers are.
    static func filled(_ text: String) throws -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let name = String(rest.prefix { $0.isUppercase || $0 == "_" })
            if names.contains(name) {
                result += try value(name)
                rest = rest.dropFirst(name.count)
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}

/// A bundled plugin in the real host, with the calls of a test.
final class ServersRig: Sendable {
    let host: PluginHost
    let folder: String
    private let count = Atomic<UInt64>(0)
    private let broken = Monitor<[String]>([])

    /// The rules of the header that plugins broke.
    var brokenRules: [String] { broken.withLock { $0 } }

    /// - Parameters:
    ///   - config: the plugins' configurations, as JSON in which `$ODD` and so on are filled in.
    ///   - isolation: where all calls are carried out; nil is as users have it.
    ///   - keepsRules: whether plugins are held to the rules of the header while they work.
    ///   - folder: the calls' folder, removed at the end; nil makes one.
    init(
        _ config: String = "{}", isolation: IsolationMode? = nil, keepsRules: Bool = false, folder: String? = nil
    ) throws {
        self.folder = try folder ?? FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-servers-test-")
        let settings = try JSONReader.parse(try Servers.filled(config)).objectValue ?? [:]
        var configurations: [String: JSONValue] = [:]
        for (name, value) in settings { configurations[name] = value }
        var host = HostSettings(
            bundledFolder: FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".",
            configurations: configurations)
        if let isolation {
            for id in ["shell", "http", "llm", "notify", "transform", "file", "sql", "ffi"] {
                host.isolation[id] = isolation
            }
        }
        // It says of itself that it is always isolated: the usual way and one process a call stand for the two modes.
        if isolation == .inProcess { host.isolation["transform"] = .workerPerCall }
        host.keepsRules = keepsRules
        host.report = { [broken] report in
            guard case .misbehaviour(_, let rule) = report else { return }
            broken.signal(all: true) { $0.append(rule) }
        }
        self.host = PluginHost(host)
    }

    deinit {
        host.shutdown(within: .seconds(5))
        try? FileSystem.removeTree(folder)
    }

    /// What a call reported, and its end.
    final class Running: CallSink {
        struct Seen {
            var lines: [String] = []
            var text = ""
            var usage: [String: Int64] = [:]
            var progress = 0
            /// How many of the next pieces of text are refused.
            var refusals = 0
            var outcome: StageOutcome?
        }

        let seen = Monitor(Seen())

        func log(tag: UInt64, stream: String, text: String) {
            seen.signal(all: true) { $0.lines.append("\(stream): \(text)") }
        }

        func progress(tag: UInt64, fraction: Double?, note: String) {
            seen.signal(all: true) { $0.progress += 1 }
        }

        func stream(tag: UInt64, text: String) -> Bool {
            seen.signal(all: true) { seen in
                seen.text += text
                return true
            }
        }

        func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {
            seen.signal(all: true) { $0.usage["\(subject) \(metric)", default: 0] += amount }
        }

        func checkpoint(tag: UInt64, state: [UInt8]) {}

        func finished(tag: UInt64, outcome: StageOutcome) {
            seen.signal(all: true) { $0.outcome = outcome }
        }

        /// Waits for something, at most a minute.
        func wait<Result>(_ body: (inout Seen) -> Result?) throws -> Result {
            let found = seen.wait(until: MonotonicClock.now() + 60_000_000_000) { body(&$0) }
            return try #require(found, "it did not happen within a minute")
        }
    }

    func start(_ executor: String, _ input: String, key: String = "run-1/stage-1") throws -> (Running, CallHandle) {
        let running = Running()
        let tag = count.wrappingAdd(1, ordering: .relaxed).newValue
        let plugin = String(executor.prefix { $0 != "." })
        let call = ExecutorCall(
            tag: tag, executor: executor, config: host.settings.configurations[plugin] ?? .object([:]), run: "run-1",
            stage: "stage-1", idempotencyKey: key, input: try JSONReader.parse(try Servers.filled(input)),
            workingDirectory: folder)
        return (running, host.start(call, sink: running))
    }

    func run(_ executor: String, _ input: String, key: String = "run-1/stage-1") throws -> (
        outcome: StageOutcome, seen: Running.Seen
    ) {
        let (running, _) = try start(executor, input, key: key)
        let outcome = try running.wait { $0.outcome }
        return (outcome, running.seen.withLock { $0 })
    }
}

/// One line of a table: a call, and what must come of it.
struct CallRow {
    var name: String
    var input: String
    var outcome: OutcomeClass
    var effect: Effect?
    var code: String
    /// What the message or, of a call that did its work, the output as JSON must contain.
    var says: [String]
    /// What neither message nor output nor details may contain.
    var hides: [String]

    init(
        _ name: String, _ input: String, _ outcome: OutcomeClass = .ok, _ effect: Effect? = nil, code: String = "",
        says: [String] = [], hides: [String] = []
    ) {
        self.name = name
        self.input = input
        self.outcome = outcome
        self.effect = effect
        self.code = code
        self.says = says
        self.hides = hides
    }

    /// What is wrong with an outcome; nothing if it fits.
    func problems(_ got: StageOutcome) throws -> [String] {
        var problems: [String] = []
        let output = JSONWriter.string(got.output)
        let text = got.outcomeClass == .ok ? output : got.message
        if got.outcomeClass != outcome || got.code != code {
            problems.append("\(name): \(got.outcomeClass) \(got.code) \(got.message) instead of \(outcome) \(code)")
        }
        if let effect, got.effect != effect { problems.append("\(name): effect \(got.effect)") }
        for words in says {
            let wanted = try Servers.filled(words)
            if !text.contains(wanted) { problems.append("\(name): '\(wanted)' is not in \(text)") }
        }
        let everything = "\(output) \(got.message) \(JSONWriter.string(got.details))"
        for words in hides where everything.contains(words) { problems.append("\(name): shows \(words)") }
        return problems
    }
}
