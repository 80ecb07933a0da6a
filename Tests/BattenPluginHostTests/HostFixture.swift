import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization

/// A plugin folder with copies of fixtures, and a host that trusts it.
final class HostFixture: Sendable {
    let folder: String
    let host: PluginHost
    private let reported: Monitor<[HostReport]>

    /// - Parameter fixtures: names of folders under Tests/Fixtures; each is offered under its name with `_` for `-`.
    /// - Parameter isolation: where the plugins' calls are carried out.
    init(
        _ fixtures: [String], blockingLimit: Int? = nil, abandonedLimit: Int = 16,
        isolation: IsolationMode = .inProcess, adjust: (inout HostSettings) -> Void = { _ in }
    ) throws {
        folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-host-test")
        for name in fixtures { try Self.install(name, in: folder) }
        let reports = Monitor<[HostReport]>([])
        var settings = HostSettings(
            bundledFolder: folder, blockingLimit: blockingLimit, abandonedLimit: abandonedLimit,
            report: { report in reports.signal(all: true) { $0.append(report) } })
        if isolation != .inProcess {
            settings.bundledFolder = nil
            settings.folders = [folder]
            for name in fixtures { settings.isolation[Self.id(name)] = isolation }
        }
        adjust(&settings)
        host = PluginHost(settings)
        reported = reports
    }

    deinit {
        host.shutdown(within: .seconds(2))
        try? FileSystem.removeTree(folder)
    }

    /// Waits for a report that the body accepts; false after ten seconds.
    func waitForReport(_ accepts: (HostReport) -> Bool) -> Bool {
        reported.wait(until: MonotonicClock.now() + 120_000_000_000) { $0.contains(where: accepts) ? true : nil }
            ?? false
    }

    /// Everything reported so far.
    var reports: [HostReport] { reported.withLock { $0 } }

    /// What the plugins have logged of themselves so far.
    var pluginLog: [String] {
        reported.withLock { reports in
            reports.compactMap { if case .log(_, _, let text) = $0 { text } else { nil } }
        }
    }

    /// Starts one call and waits for its outcome.
    func call(
        _ type: String, attempt: Int = 1, input: JSONValue = [:], config: JSONValue = [:],
        sink given: RecordingSink? = nil
    ) -> StageOutcome? {
        let sink = given ?? RecordingSink()
        let earlier = sink.soFar.count
        _ = host.start(Self.request(type, attempt: attempt, input: input, config: config), sink: sink)
        return sink.outcomes(earlier + 1)?.last?.outcome
    }

    /// Makes a call whose time is to run out while the plugin is inside it, and waits for its outcome.
    ///
    /// A loaded machine can be slower than the time given: a call that never began is made again with eight times as much.
    /// - Parameters:
    ///   - time: what the first call gets.
    ///   - meanwhile: what to do after the call was started.
    ///   - makeCall: makes the call that has a deadline on the monotonic clock, in nanoseconds.
    func callOutOfTime(
        after time: Duration, meanwhile: () -> Void = {}, _ makeCall: (Int64) -> ExecutorCall
    ) -> StageOutcome? {
        var outcome: StageOutcome?
        for factor in [1, 8, 64] {
            let sink = RecordingSink()
            _ = host.start(makeCall(MonotonicClock.adding(time * factor, to: MonotonicClock.now())), sink: sink)
            meanwhile()
            outcome = sink.outcomes(1)?.first?.outcome
            guard outcome?.code == "timeout", outcome?.effect == Effect.none else { break }
        }
        return outcome
    }

    static func request(
        _ type: String, tag: UInt64 = 7, attempt: Int = 1, input: JSONValue = [:], config: JSONValue = [:],
        deadline: Int64? = nil, grace: Duration = .seconds(5)
    ) -> ExecutorCall {
        ExecutorCall(
            tag: tag, executor: type, config: config, run: "run", stage: "stage", attempt: attempt,
            idempotencyKey: "key-1", deadline: deadline, grace: grace, input: input)
    }

    /// The plugin id that a fixture gets.
    static func id(_ fixture: String) -> String { String(fixture.map { $0 == "-" ? "_" : $0 }) }

    /// Where the build put a fixture.
    static func library(_ fixture: String) -> String {
        let folder = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."
        return "\(folder)/libfixture-\(fixture).so"
    }

    /// Copies a fixture into a plugin folder.
    static func install(_ fixture: String, as id: String? = nil, in folder: String) throws {
        let path = "\(folder)/libbatten-plugin-\(id ?? Self.id(fixture)).so"
        try FileSystem.writeAtomically(try FileSystem.read(library(fixture)), to: path, mode: 0o755)
        // A process that another test is starting has the file open for writing until it executes its program, and a
        // host that looks meanwhile waits for the rest of the file.
        while FileSystem.hasWriter(try FileSystem.open(path)) == true { Pause.sleep(microseconds: 200) }
    }
}

/// Remembers everything that calls report.
final class RecordingSink: CallSink {
    struct Finished: Sendable {
        let tag: UInt64
        let outcome: StageOutcome
        /// Whether the thread may be kept.
        var isFree = false
    }

    private let finished = Monitor<[Finished]>([])
    private let seen = Monitor<[String]>([])
    private let refusals: Mutex<Int>
    /// Answers reservations.
    private let quota: @Sendable (QuotaRequest, UInt64, @Sendable (QuotaAnswer) -> Void) -> Void
    private let asked = Mutex<[@Sendable (QuotaAnswer) -> Void]>([])

    /// - Parameters:
    ///   - refusals: how many pieces of text are answered with "behind".
    ///   - quota: answers what a call wants to hold, or does not.
    init(
        refusals: Int = 0,
        quota: @escaping @Sendable (QuotaRequest, UInt64, @Sendable (QuotaAnswer) -> Void) -> Void = {
            $2(.granted(lease: 1))
        }
    ) {
        self.refusals = Mutex(refusals)
        self.quota = quota
    }

    func hold(_ request: QuotaRequest, tag: UInt64, answer: @escaping @Sendable (QuotaAnswer) -> Void) {
        asked.withLock { $0.append(answer) }
        var line = "hold \(request.meter) \(request.subject) \(request.amount)"
        if let bound = request.bound {
            line += " \(bound.inputTokens) \(bound.outputTokens) \(bound.leastOutputTokens) \(bound.followsDeclared)"
        }
        note(line)
        quota(request, tag, answer)
    }

    func settle(lease: UInt64, used: Int64, tag: UInt64) { note("settle \(lease) \(used)") }

    func release(lease: UInt64, tag: UInt64) { note("release \(lease)") }

    /// Answers what was asked last and has no answer.
    func answerLate(_ answer: QuotaAnswer) { asked.withLock { $0.popLast() }?(answer) }

    /// Everything but outcomes, one line each.
    var lines: [String] { seen.withLock { $0 } }

    /// Waits for a line; false when it does not come within two minutes.
    func waitForLine(_ line: String) -> Bool {
        seen.wait(until: MonotonicClock.now() + 120_000_000_000) { $0.contains(line) ? true : nil } ?? false
    }

    /// Waits for so many outcomes; nil when they do not come within two minutes.
    func outcomes(_ count: Int) -> [Finished]? {
        finished.wait(until: MonotonicClock.now() + 120_000_000_000) { $0.count >= count ? $0 : nil }
    }

    /// The outcomes so far.
    var soFar: [Finished] { finished.withLock { $0 } }

    func log(tag: UInt64, stream: String, text: String) { note("log \(tag) \(stream): \(text)") }

    func progress(tag: UInt64, fraction: Double?, note text: String) {
        note("progress \(tag) \(fraction.map(\.description) ?? "?") \(text)")
    }

    func stream(tag: UInt64, text: String) -> Bool {
        note("stream \(tag) \(text)")
        return refusals.withLock { left in
            left -= 1
            return left < 0
        }
    }

    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {
        note("usage \(tag) \(metric) \(subject) \(amount)")
    }

    func checkpoint(tag: UInt64, state: [UInt8]) {
        note("checkpoint \(tag) \(String(decoding: state, as: UTF8.self))")
    }

    func finished(tag: UInt64, outcome: StageOutcome) {
        finished.signal(all: true) { $0.append(Finished(tag: tag, outcome: outcome)) }
    }

    func finishedOnFreeThread(tag: UInt64, outcome: StageOutcome) {
        // Whoever has borrowed a loop's thread is not on a loop.
        let isFree = EventLoop.current == nil
        finished.signal(all: true) { $0.append(Finished(tag: tag, outcome: outcome, isFree: isFree)) }
    }

    private func note(_ line: String) {
        seen.signal(all: true) { $0.append(line) }
    }
}
