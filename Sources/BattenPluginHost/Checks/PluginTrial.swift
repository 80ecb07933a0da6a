public import BattenCore
import BattenSystem
import Synchronization

/// Calls of one plugin, one after the other, in this process or in a worker: for holding their outcomes against each other.
public final class PluginTrial: Sendable {
    /// What came of a call.
    public struct Result: Sendable, Equatable {
        /// The outcome, whole.
        public var outcome: StageOutcome
        /// What was counted, by metric and subject.
        public var usage: [String: Int64]

        /// The result as data.
        public var json: JSONValue {
            .object([
                "outcome": outcome.frameDocument,
                "usage": .object(JSONObject(usage.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })),
            ])
        }

        /// Creates a result.
        public init(outcome: StageOutcome, usage: [String: Int64]) {
            self.outcome = outcome
            self.usage = usage
        }

        /// Reads what ``json`` has written; nil when it is something else.
        public init?(_ json: JSONValue) {
            guard let document = json["outcome"], let outcome = StageOutcome(frameDocument: document) else {
                return nil
            }
            self.outcome = outcome
            usage = [:]
            for (key, amount) in json["usage"]?.objectValue ?? [:] { usage[key] = amount.intValue }
        }
    }

    private let host: PluginHost
    private let loaded: LoadedPlugin?
    private let isolated: IsolatedPlugin?

    /// Loads a plugin into this process.
    ///
    /// - Parameters:
    ///   - path: the plugin's file.
    ///   - copy: where the bytes are that are loaded.
    ///   - spool: where large blobs lie; nil keeps them in memory.
    public init(path: String, copy: String, spool: String?) throws(PluginError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let file = PluginFile(id: PluginFolders.pluginID(ofFile: name) ?? "", path: path, isBundled: false)
        var settings = HostSettings(bundledFolder: nil)
        settings.spoolFolder = spool
        host = PluginHost(settings)
        let descriptor = try PluginLoader.load(file, from: copy)
        loaded = LoadedPlugin(file, descriptor, verified: nil, host: host)
        isolated = nil
    }

    /// Has a plugin carried out in a worker.
    ///
    /// - Parameters:
    ///   - capabilities: what each of its executors may reach, whatever it declares.
    ///   - spool: where large blobs lie; nil keeps them in memory.
    init(_ descriptor: PluginDescriptor, path: String, workerPath: String, capabilities: JSONValue, spool: String?) {
        var settings = HostSettings(bundledFolder: nil, workerPath: workerPath)
        settings.spoolFolder = spool
        var granted = JSONObject()
        for executor in descriptor.executors { granted[executor.type] = capabilities }
        let plugin = IsolatedPlugin(
            descriptor, path: path, verified: nil, mode: .worker, settings: settings, granted: granted)
        host = PluginHost(settings)
        host.isolated.withLock { $0[descriptor.id] = plugin }
        isolated = plugin
        loaded = nil
    }

    /// Carries a call out.
    ///
    /// - Parameter patience: how long it may take before it is cancelled.
    /// - Returns: nil when it had to be cancelled, or there is no such executor.
    public func call(_ executor: String, config: JSONValue, input: JSONValue, patience: Duration) -> Result? {
        let sink = TrialSink()
        let call = ExecutorCall(
            tag: 1, executor: executor, config: config, run: "run-1", stage: "stage-1", idempotencyKey: "key-1",
            input: input, workingDirectory: "/")
        guard let handle = start(call, sink) else { return nil }
        let end = MonotonicClock.adding(patience, to: MonotonicClock.now())
        if let result = sink.wait(until: end) { return result }
        host.cancel(handle, why: .cancelled)
        _ = sink.wait(until: nil)
        return nil
    }

    private func start(_ call: ExecutorCall, _ sink: TrialSink) -> CallHandle? {
        if let isolated {
            guard let executor = isolated.executors[call.executor] else { return nil }
            return host.start(call, executor, in: isolated, sink: sink)
        }
        guard let executor = loaded?.executors[call.executor] else { return nil }
        do throws(SystemError) {
            let instance = try executor.instance(for: call.config) { () throws(SystemError) in try host.loops.next() }
            return CallHandle(token: host.submit(ActiveCall(call, instance: instance, sink: sink)))
        } catch {
            return nil
        }
    }

    /// Stops the plugin.
    public func end() {
        host.shutdown(within: .seconds(5), plugins: loaded.map { [$0] })
    }
}

/// Waits for the outcome of a call.
private final class TrialSink: CallSink {
    private struct State {
        var usage: [String: Int64] = [:]
        var outcome: StageOutcome?
    }

    private let state = Monitor(State())

    func wait(until end: Int64?) -> PluginTrial.Result? {
        state.wait(until: end) { state in
            state.outcome.map { PluginTrial.Result(outcome: $0, usage: state.usage) }
        }
    }

    func log(tag: UInt64, stream: String, text: String) {}
    func progress(tag: UInt64, fraction: Double?, note: String) {}
    func stream(tag: UInt64, text: String) -> Bool { true }
    func checkpoint(tag: UInt64, state: [UInt8]) {}

    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {
        state.withLock { $0.usage["\(metric) of \(subject)", default: 0] &+= amount }
    }

    func finished(tag: UInt64, outcome: StageOutcome) {
        state.signal { $0.outcome = outcome }
    }
}
