import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// Calls that are carried out in worker processes.
extension PluginHost {
    /// Where a call goes.
    enum Route {
        case inProcess
        case isolated(GrantedExecutor, IsolatedPlugin)
    }

    /// Decides where a call goes: the plugin's own mode, or more isolation where the stage asks for it.
    func route(_ type: String, wantsMore: Bool) -> Result<Route, PluginCatalog.Miss> {
        let key = wantsMore ? type + "!" : type
        if let known = routes.withLock({ $0[key] }) { return .success(known) }
        let id = String(type.prefix { $0 != "." })
        let description: PluginCatalog.Description
        switch catalog.describe(id, host: self) {
        case .success(let found): description = found
        case .failure(let miss): return .failure(miss)
        }
        guard description.descriptor.executors.contains(where: { $0.type == type }) else {
            let offers = description.descriptor.executors.map(\.type).sorted()
            return .failure(.unknownExecutor(plugin: id, offers: offers))
        }
        do throws(PluginError) {
            if let verified = description.verified { try PluginVerifier.requireTrust(verified) }
            let route = try route(type, description, wantsMore: wantsMore)
            routes.withLock { $0[key] = route }
            return .success(route)
        } catch {
            return .failure(.refused(error))
        }
    }

    private func route(
        _ type: String, _ description: PluginCatalog.Description, wantsMore: Bool
    ) throws(PluginError) -> Route {
        let descriptor = description.descriptor
        var mode = try mode(of: descriptor, isBundled: description.verified == nil)
        if mode == .inProcess, wantsMore { mode = .worker }
        guard mode != .inProcess else { return .inProcess }
        var former: IsolatedPlugin?
        let plugin = isolated.withLock { plugins -> IsolatedPlugin in
            if let found = plugins[descriptor.id] {
                if found.serves(description) { return found }
                former = found
            }
            let made = IsolatedPlugin(
                descriptor, path: description.file.path, verified: description.verified, mode: mode, settings: settings)
            plugins[descriptor.id] = made
            return made
        }
        if let former {
            formerlyIsolated.withLock { $0.append(former) }
            for group in former.allGroups { group.renew() }
        }
        guard let executor = plugin.executors[type] else { return .inProcess }
        guard !executor.descriptor.isHostProcessOnly else {
            throw PluginError(
                .hostProcessOnly, "\(type) cannot run in a worker process, and its plugin is isolated",
                help: "give --in-process-plugins if you trust the plugin with everything this process may do")
        }
        return .isolated(executor, plugin)
    }

    /// Where a plugin's calls are carried out.
    ///
    /// A plugin's manifest may hold `isolation`, the least that it ever has, and `usual_isolation`, what it has unless the
    /// settings say otherwise.
    ///
    /// - Throws: ``PluginError`` when the settings ask for less isolation than the plugin itself wants.
    func mode(of descriptor: PluginDescriptor, isBundled: Bool) throws(PluginError) -> IsolationMode {
        try mode(of: descriptor.id, manifest: descriptor.manifest, isBundled: isBundled)
    }

    /// Where a plugin's calls are carried out, under the settings of this host.
    ///
    /// - Throws: ``PluginError`` when the settings ask for less isolation than the plugin itself wants.
    public func mode(of plugin: PluginInformation) throws(PluginError) -> IsolationMode {
        try mode(of: plugin.id, manifest: plugin.manifest, isBundled: plugin.isBundled)
    }

    private func mode(of id: String, manifest: JSONValue, isBundled: Bool) throws(PluginError) -> IsolationMode {
        let least = manifest["isolation"].flatMap { IsolationMode($0) }
        let trusted = isBundled || settings.allowInProcessPlugins
        if let chosen = settings.isolation[id] {
            guard chosen.degree >= least?.degree ?? 0 else {
                throw PluginError(
                    .tooLittleIsolation,
                    "the plugin \(id) always runs isolated, and its settings ask for \(chosen.json)",
                    help: "leave plugins.\(id).isolation out")
            }
            guard chosen != .inProcess || trusted else {
                throw PluginError(
                    .tooLittleIsolation,
                    "the plugin \(id) did not come with Batten, and its settings ask for in_process",
                    help: "if you trust it with everything this process may do, give --in-process-plugins")
            }
            return chosen
        }
        if let least { return least }
        let standard = trusted ? IsolationMode.inProcess : .worker
        let usual = manifest["usual_isolation"].flatMap { IsolationMode($0) }
        return usual.flatMap { $0.degree >= standard.degree ? $0 : nil } ?? standard
    }

    /// Starts a call in a worker.
    func start(
        _ request: ExecutorCall, _ executor: GrantedExecutor, in plugin: IsolatedPlugin, sink: any CallSink
    ) -> CallHandle {
        if let violation = executor.descriptor.input.violation(of: request.input) {
            sink.finished(tag: request.tag, outcome: HostOutcome.badInput(request.executor, violation))
            return CallHandle(token: 0)
        }
        if let deadline = request.deadline, deadline <= MonotonicClock.now() {
            let why = CancelReason.deadline.rawValue
            sink.finished(tag: request.tag, outcome: HostOutcome.notStarted(request.executor, why: why))
            return CallHandle(token: 0)
        }
        let group = plugin.group(folder: request.workingDirectory, host: self)
        let isAlone =
            request.isAlone || plugin.mode == .workerPerCall || plugin.history.isSuspect(request.idempotencyKey)
        let made = isolatedCalls.insert { token in
            IsolatedCall(request, token: token, executor: executor, group: group, isAlone: isAlone, sink: sink)
        }
        guard let call = made else {
            sink.finished(tag: request.tag, outcome: HostOutcome.shutDown)
            return CallHandle(token: 0)
        }
        if let deadline = call.deadline,
            !addDeadline(.init(instant: deadline, token: call.token, isGrace: false))
        {
            endIsolated(call, HostOutcome.noResources("the thread that watches deadlines cannot be started"))
        } else {
            group.submit(call)
        }
        return CallHandle(token: call.token)
    }

    /// Asks a call to stop, for a `batten_stop` reason; the first reason stays.
    func requestIsolatedStop(_ token: UInt64, why: UInt32) {
        guard let call = isolatedCalls.find(token), let phase = call.requestStop(why: why) else { return }
        switch phase {
        case .ended: return
        case .waiting: endIsolated(call, HostOutcome.notStarted(call.executor.type, why: why))
        case .sent(let worker):
            worker.stop(call, why: why)
            let (end, overflow) = MonotonicClock.now().addingReportingOverflow(call.grace)
            guard !overflow else { return }
            if !addDeadline(.init(instant: end, token: token, isGrace: true)) { abandonIsolated(token) }
        }
    }

    /// Ends a call whose grace time is over, and the worker it is in.
    func abandonIsolated(_ token: UInt64) {
        guard let call = isolatedCalls.find(token) else { return }
        let outcome = HostOutcome.abandoned(call.executor.type, why: call.stop, grace: call.grace, isIsolated: true)
        let isEnded = endIsolated(call, outcome, isAbandoned: true) { phase in
            // Whoever hears of the outcome may call again at once, and shall not meet the worker that hangs.
            if case .sent(let worker) = phase { call.group.hung(call, in: worker) }
        }
        guard isEnded else { return }
        settings.report(
            .abandoned(plugin: call.group.plugin.descriptor.id, executor: call.executor.type, outstanding: 0))
    }

    /// Ends a call with an outcome, if nobody else has.
    ///
    /// - Parameter before: is told where the call was, before the outcome is delivered.
    /// - Returns: whether it had not ended yet.
    @discardableResult
    func endIsolated(
        _ call: IsolatedCall, _ outcome: StageOutcome, isAbandoned: Bool = false,
        before: (IsolatedCall.Phase) -> Void = { _ in }
    ) -> Bool {
        guard let phase = call.end() else { return false }
        let spooled = call.blobs.withLock { $0.removeAll() }
        if spooled > 0, case .sent(let worker) = phase { worker.spooled.subtract(spooled, ordering: .relaxed) }
        before(phase)
        isolatedCalls.remove(call, isAbandoned: isAbandoned)
        leases.end(call.token)
        call.sink.finished(tag: call.tag, outcome: outcome)
        noticeQuiet()
        return true
    }

    /// The ids of all worker processes that have not ended.
    public var workerProcesses: [Int32] {
        workerGroups.flatMap(\.processIDs).sorted()
    }

    private var workerGroups: [WorkerGroup] {
        (isolated.withLock { Array($0.values) } + formerlyIsolated.withLock { $0 }).flatMap(\.allGroups)
    }

    /// Ends all workers; calls inside have been given up before.
    func closeWorkers(by end: Int64) {
        let groups = workerGroups
        for group in groups { group.close() }
        let areGone = { groups.allSatisfy { $0.processes == 0 } }
        guard !areGone() else { return }
        _ = quiet.wait(until: end - 200_000_000) { _ in areGone() ? true : nil }
        guard !areGone() else { return }
        for group in groups { group.kill() }
        // Killed processes end as soon as the kernel gets to it; what they started is ended with them.
        _ = quiet.wait(until: max(end, MonotonicClock.now() + 1_000_000_000)) { _ in areGone() ? true : nil }
    }
}
