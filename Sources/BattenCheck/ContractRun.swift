import BattenCore
import BattenSystem
import CBattenABI

/// One contract check at work: the plugin, the seed, and what was found so far.
struct ContractRun {
    let subject: CheckSubject
    let seed: UInt64
    var findings = CheckFindings()
    /// When no further call is started, nanoseconds of the monotonic clock.
    private let end = MonotonicClock.now() + 10_000_000_000

    init(_ subject: CheckSubject, seed: UInt64) {
        self.subject = subject
        self.seed = seed
    }

    /// Goes through one life of the plugin; the body is not called when the plugin refuses to start.
    ///
    /// - Parameters:
    ///   - config: the plugin's configuration; nil is one that fits its schema.
    ///   - prepare: sets the host up before the start.
    mutating func life(
        config: String? = nil, prepare: (FakeHost) -> Void = { _ in }, _ body: (FakeHost, inout ContractRun) -> Void
    ) {
        let host = unsafe FakeHost(subject.entry)
        prepare(host)
        if host.start(config ?? CheckSubject.configuration(subject.config)) {
            body(host, &self)
        } else if host.why.split(separator: ":", maxSplits: 1).last?.contains(where: { $0 != " " }) != true {
            findings.breaks("refusal", "start refuses without a reason")
        } else {
            findings.note(host.why)
        }
        host.end(into: &findings)
    }

    /// An input that fits the executor's schema; nil, with a note, when none was found.
    mutating func input(_ executor: CheckSubject.Executor, _ number: UInt64, isHostile: Bool = false) -> String? {
        var maker = ValueMaker(seed: seed &+ number &* 7_919, isHostile: isHostile)
        guard let value = maker.value(for: executor.input) else {
            findings.note("no input was found that fits the schema of \(executor.type); it is not called")
            return nil
        }
        return JSONWriter.string(value)
    }

    /// A configuration that fits a schema and is as odd as it allows; nil when none was found.
    func oddConfiguration(_ schema: JSONSchema, _ number: UInt64) -> String? {
        var maker = ValueMaker(seed: seed &+ number &* 104_729, isHostile: true)
        return maker.value(for: schema).map { JSONWriter.string($0) }
    }

    /// Starts a call; nil when the plugin refused it, which it may.
    mutating func begin(
        _ executor: CheckSubject.Executor, _ input: String, config: String? = nil, on host: FakeHost
    ) -> UInt64? {
        guard MonotonicClock.now() < end else {
            findings.note("time was up before every call was made; executors that take long were called less often")
            return nil
        }
        let config = config ?? CheckSubject.configuration(executor.config)
        let token = host.call(executor.type, config: config, input: input)
        if token == 0 {
            if host.why.hasSuffix("refused: ") { findings.breaks("refusal", host.why + "without a reason") }
            findings.note("\(executor.type): \(host.why)")
            return nil
        }
        return token
    }

    /// Waits for the end of a call, asks it to end when it takes long, and looks at its outcome.
    mutating func finish(
        _ executor: CheckSubject.Executor, _ token: UInt64, _ input: String, on host: FakeHost, patience: Int32 = 150
    ) {
        var end = host.wait(token, patience)
        if end == nil {
            host.cancel(token)
            end = host.wait(token, 6_000)
        }
        guard let end else {
            if executor.isCancellable {
                findings.breaks(
                    "cancel", "\(executor.type) says it is cancellable and had not ended 6 s after it was asked to")
            } else {
                findings.note("\(executor.type) had not ended 6 s after it was asked to; it does not say it would")
            }
            return
        }
        check(end, of: executor, input)
    }

    private mutating func check(_ end: FakeHost.Outcome, of executor: CheckSubject.Executor, _ input: String) {
        let shown = input.utf8.count > 300 ? String(input.prefix(300)) + "…" : input
        guard (100...499).contains(end.outcomeClass) else {
            findings.breaks("outcome", "\(executor.type) ended with the class \(end.outcomeClass), input \(shown)")
            return
        }
        guard end.outcomeClass == batten_class.BATTEN_CLASS_DONE.rawValue else { return }
        let output: JSONValue
        if end.output.isEmpty {
            output = .null
        } else if let read = try? JSONReader.parse(end.output) {
            output = read
        } else {
            findings.breaks("output", "the output of \(executor.type) is no JSON, input \(shown)")
            return
        }
        if let violation = executor.output.validate(output).first {
            findings.breaks(
                "output", "the output of \(executor.type) does not fit its schema: \(violation), input \(shown)")
        }
    }
}
