import BattenCore
import BattenPluginHost
import BattenSystem

/// One plugin file that is tried outside of any run.
struct PluginTrial {
    let host: PluginHost
    /// The plugin's id, from its file's name.
    let id: String
    let path: String
    private let console: Console

    /// Prepares a trial; nothing is loaded yet.
    ///
    /// - Parameters:
    ///   - path: the file, absolute.
    ///   - inProcess: loads it into this process, from its file, as debuggers need it.
    init(_ path: String, in context: CommandContext, inProcess: Bool) throws(CommandFailure) {
        guard let id = PluginFileName.id(of: PathText.name(path)) else {
            throw CommandFailure(
                "plugin.bad_descriptor", "'\(path)' is not named like a plugin",
                help: "a plugin's file is libbatten-plugin-<id>.so", exit: .plugin)
        }
        guard FileSystem.exists(path) else {
            throw .notFound("missing_file", "there is no file '\(path)'", help: "build the plugin first")
        }
        var settings = try context.host().settings
        let folder = FileSystem.parent(of: path) ?? "/"
        // What came with Batten needs what lies beside it.
        let resolved = [settings.bundledFolder, folder].map { place in
            place.flatMap { try? HostMachine.resolvedPath($0) }
        }
        let isBundled = resolved[0] != nil && resolved[0] == resolved[1]
        settings.bundledFolder = isBundled ? folder : nil
        settings.folders = isBundled ? [] : [folder]
        settings.userFolder = nil
        settings.lockFile = nil
        settings.safeMode = false
        if inProcess {
            settings.allowInProcessPlugins = true
            settings.loadsFilesForDebugging = true
        }
        host = PluginHost(settings)
        self.id = id
        self.path = path
        console = context.console
    }

    /// What the plugin says of itself.
    func information() throws(CommandFailure) -> PluginInformation {
        switch host.information(of: id) {
        case .success(let plugin): return plugin
        case .failure(let error): throw CommandFailure(error)
        case nil: throw .notFound("unknown_plugin", "'\(path)' offers no plugin", help: "look at its name")
        }
    }

    /// Finds an executor by its type, or by what stands behind the dot.
    func executor(_ name: String) throws(CommandFailure) -> ExecutorInfo {
        let plugin = try information()
        let type = name.contains(".") ? name : "\(id).\(name)"
        guard let found = plugin.executors.first(where: { $0.type == type }) else {
            let offers = plugin.executors.map(\.type)
            throw .notFound(
                "unknown_executor", "the plugin '\(id)' has no executor '\(name)'",
                help: [DidYouMean.help(for: type, in: offers), "it has: \(offers.joined(separator: ", "))"].joined(
                    " "))
        }
        return found
    }

    /// Makes one call and waits for its end; what it tells meanwhile goes to standard error.
    func call(
        _ executor: ExecutorInfo, input: JSONObject, timeout: Duration?, folder: String
    ) -> (outcome: StageOutcome, milliseconds: Int) {
        let sink = TrialSink(console)
        let begun = MonotonicClock.now()
        let deadline = timeout.map { MonotonicClock.adding($0, to: begun) }
        let call = ExecutorCall(
            tag: 1, executor: executor.type, run: "trial", stage: "call", idempotencyKey: "trial-\(begun)",
            deadline: deadline, input: .object(input), workingDirectory: folder)
        _ = host.start(call, sink: sink)
        let outcome = sink.outcome()
        return (outcome, Int((MonotonicClock.now() - begun) / 1_000_000))
    }

    /// Ends the plugin.
    func end() { host.shutdown(within: .seconds(5)) }
}

/// Shows what a call tells, and keeps its outcome.
private final class TrialSink: CallSink {
    private let console: Console
    private let end = Monitor<StageOutcome?>(nil)

    init(_ console: Console) {
        self.console = console
    }

    func outcome() -> StageOutcome {
        end.wait { $0 } ?? StageOutcome(.cancelled, effect: .unknown, code: "cancelled", message: "")
    }

    func log(tag: UInt64, stream: String, text: String) {
        console.note("\(TextFit.clean(stream)) | \(TextFit.clean(text))")
    }

    func progress(tag: UInt64, fraction: Double?, note: String) {
        let share = fraction.map { "\(Int($0 * 100))% " } ?? ""
        console.note("progress | \(share)\(TextFit.clean(note))")
    }

    func stream(tag: UInt64, text: String) -> Bool {
        if !console.isQuiet { console.rawErrors(text) }
        return true
    }

    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {
        console.note("usage | \(TextFit.clean(metric)) of \(TextFit.clean(subject)): \(amount)")
    }

    func checkpoint(tag: UInt64, state: [UInt8]) { console.note("checkpoint | \(state.count) bytes") }

    func finished(tag: UInt64, outcome: StageOutcome) { end.signal(all: true) { $0 = outcome } }
}
