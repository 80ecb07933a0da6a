import BattenCore
import BattenSystem

/// Starting calls, and what they report.
extension EngineLoop {
    /// Renders a stage's input and calls its executor; what goes wrong here is the attempt's outcome.
    func start(_ start: StageStart, of run: ActiveRun) {
        resolveSecrets(of: run)
        if let call = run.plan.constantCall(stageIndex: start.planned, body: start.body) {
            return dispatch(call, start, of: run)
        }
        let rendered = run.machine.renderCall(
            stageIndex: start.stageIndex, body: start.body, secrets: { run.secrets[$0] },
            open: { open($0, of: run) })
        switch rendered {
        case .failed(var outcome):
            // A message may quote a value that holds a secret.
            outcome.message = run.masker.mask(excerpt: outcome.message)
            outcome.details = run.masker.mask(excerpt: outcome.details)
            apply(.attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: outcome), to: run)
        case .blocked(let secret):
            block(start, secret, of: run)
        case .sealed(let key):
            apply(
                .attemptBlocked(
                    stage: start.stageIndex, attempt: start.attempt,
                    reason: "what it reads holds a secret that was sealed under the key \(key), which is not here: "
                        + "put its key file back, then resume the run"),
                to: run)
        case .call(let rendered):
            if let key = rendered.cacheKey { return takeOver(rendered, key, start, of: run) }
            dispatch(rendered, start, of: run)
        }
    }

    func dispatch(_ rendered: RenderedCall, _ start: StageStart, of run: ActiveRun) {
        if let missing = missing(rendered.executor) {
            apply(
                .attemptBlocked(
                    stage: start.stageIndex, attempt: start.attempt, on: .plugin,
                    reason: "blocked: plugin missing: \(missing); then the run goes on by itself, "
                        + "or with batten resume if no engine has it"),
                to: run)
            return
        }
        if let secret = missingSecret(of: start.stageIndex, run) { return block(start, secret, of: run) }
        let configuration: JSONValue
        do throws(EngineError) {
            configuration = try self.configuration(for: rendered.executor, of: run).value
        } catch {
            let outcome = StageOutcome(
                .permanent, effect: .none, code: "batten.configuration",
                message: error.help.isEmpty ? error.message : "\(error.message); \(error.help)")
            apply(.attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: outcome), to: run)
            return
        }
        var checkpoint: [UInt8] = []
        if start.body.keepsCheckpoints, let kept = run.checkpoints[start.stageIndex] {
            guard let opened = opened(checkpoint: kept) else {
                apply(
                    .attemptBlocked(
                        stage: start.stageIndex, attempt: start.attempt,
                        reason: "what its last attempt saved holds a secret, and its key is not here: "
                            + "put the key file back, then resume the run"),
                    to: run)
                return
            }
            checkpoint = opened
        }
        if let workdir = run.workdir { try? FileSystem.makeFolder(workdir) }
        let stage = run.plan.planned(start.planned)
        let name =
            start.body == .compensate || start.planned >= run.plan.stages.count
            ? run.machine.stageName(start.stageIndex) : stage.id
        let now = clock.monotonicNanoseconds()
        var call = ExecutorCall(
            tag: run.tag(stage: start.stageIndex, attempt: start.attempt), executor: rendered.executor,
            config: configuration, run: run.id,
            stage: name, attempt: start.attempt, idempotencyKey: start.idempotencyKey,
            deadline: MonotonicClock.adding(start.timeout, to: now), grace: settings.grace, input: rendered.input,
            environment: rendered.environment, workingDirectory: rendered.workingDirectory ?? run.directory,
            checkpoint: checkpoint,
            secrets: run.secrets.merging(configuration.namedSecrets) { declared, _ in declared },
            isolation: stage.definition.isolation ?? .inherit,
            isAlone: start.wantsIsolation)
        // The entry stands before the call begins, because its reports may come before `start` returns; they wait in
        // the inbox until this thread takes them.
        call.input = bounded(call.input, of: rendered.executor, configuration, start)
        let handle = host.start(call, sink: sink)
        hasDispatched = true
        run.calls[start.stageIndex] = ActiveRun.Call(
            handle: handle, attempt: start.attempt, stage: name, executor: rendered.executor, item: start.item,
            masker: run.masker, stream: run.masker.isEmpty ? nil : run.masker.makeStream())
    }

    /// Why an executor cannot be called; what was installed since the host last looked counts.
    private func missing(_ executor: String) -> String? {
        guard host.missing(executor) != nil else { return nil }
        host.lookAgain()
        return host.missing(executor)
    }

    /// Starts stages that were blocked because their plugin was missing and that can be called now.
    func lookForPlugins() {
        guard failure == nil else { return }
        var hasLooked = false
        for run in runs.values {
            let blocked = run.machine.blockedExecutors
            guard !blocked.isEmpty else { continue }
            if !hasLooked { host.lookAgain() }
            hasLooked = true
            let found = blocked.filter { host.missing($0.value) == nil }.keys
            if !found.isEmpty { apply(.pluginFound(stages: Set(found)), to: run) }
        }
    }

    /// What an instance of an executor is opened with for calls of a run.
    func configuration(for executor: String, of run: ActiveRun) throws(EngineError) -> CallConfiguration {
        if let known = run.configurations[executor] { return known }
        let state = run.machine.state
        let found = try settings.callConfiguration(
            String(executor.prefix { $0 != "." }),
            RunSource(trigger: state.row.trigger, directory: run.directory, workflowFolder: state.workflowFolder))
        run.configurations[executor] = found
        if !found.secrets.isEmpty {
            run.configurationSecrets += found.secrets
            mask(run)
        }
        return found
    }

    // MARK: Reports

    /// Takes an attempt's outcome.
    func finished(_ tag: CallTag, outcome: StageOutcome) {
        guard let run = runs[tag.run] else { return }
        var outcome = outcome
        if !run.masker.isEmpty {
            outcome.message = run.masker.mask(excerpt: outcome.message)
            outcome.details = run.masker.mask(excerpt: outcome.details)
        }
        if outcome.outcomeClass == .ok, let cost = run.calls[tag.stage]?.pricing.total,
            let member = run.machine.costMember(ofStage: tag.stage), var output = outcome.output.objectValue
        {
            output[member] = .double(cost)
            outcome.output = .object(output)
        }
        outcome.output = sealed(outcome.output, of: run)
        var attempt = tag.attempt
        if var call = run.calls[tag.stage], tag.names(attempt: call.attempt) {
            attempt = call.attempt
            if let rest = call.stream?.finish(), !rest.isEmpty {
                observer?.live(run: run.id, .stream(stage: call.stage, item: call.item, text: rest))
            }
            for name in call.lines.keys.sorted() {
                for line in call.lines[name]?.finish() ?? [] { keep(line, name, call, of: run) }
            }
            run.calls[tag.stage] = nil
            dropHolds(run: tag.run, stage: tag.stage)
        }
        apply(input(for: outcome, tag.stage, attempt), to: run)
        if !flights.isEmpty { land(tag.stage, attempt, outcome, of: run) }
    }

    /// Takes a log line.
    func log(_ tag: CallTag, stream: String, text: String, at: Timestamp) {
        guard let (run, call) = call(of: tag) else { return }
        guard !run.masker.isEmpty, run.calls[tag.stage] != nil else {
            return keep(LineMasker.Line(text: text, at: at), stream, call, of: run)
        }
        let lines = run.calls[tag.stage]?.lines[stream, default: LineMasker(call.masker)].append(text, at: at)
        for line in lines ?? [] { keep(line, stream, call, of: run) }
    }

    private func keep(_ line: LineMasker.Line, _ stream: String, _ call: ActiveRun.Call, of run: ActiveRun) {
        // What another call has learned meanwhile is masked too.
        let line = LogLine(
            at: line.at, stage: call.stage, item: call.item, attempt: call.attempt, stream: stream,
            text: run.masker.mask(line.text))
        observer?.live(run: run.id, .log(line))
        keep(line, of: run)
    }

    /// Takes a report of progress.
    func progress(_ tag: CallTag, fraction: Double?, note: String) {
        guard let observer, let (run, call) = call(of: tag) else { return }
        let note = run.masker.isEmpty ? note : run.masker.mask(excerpt: note)
        observer.live(
            run: run.id, .progress(stage: call.stage, item: call.item, fraction: fraction, note: note))
    }

    /// Takes a piece of partial output.
    func stream(_ tag: CallTag, text: String) {
        guard let observer, let (run, call) = call(of: tag) else { return }
        let shown = run.calls[tag.stage]?.stream?.append(text) ?? text
        guard !shown.isEmpty else { return }
        observer.live(run: run.id, .stream(stage: call.stage, item: call.item, text: shown))
    }

    /// Takes a report of usage; it is booked with the run's next commit, at the latest with the attempt's own.
    ///
    /// - Parameter lease: the reservation that it is booked on; nil is the one of the same metric and subject that the
    ///   call holds, or that of its attempt.
    func usage(
        _ tag: CallTag, metric: String, subject: String, amount: Int64, at: Timestamp, of lease: Int64? = nil
    ) {
        guard let (run, call) = call(of: tag) else { return }
        var lease = lease ?? 0
        if lease == 0, let place = call.leases.firstIndex(where: { $0.takesIn(metric, subject) }) {
            lease = call.leases[place].lease
            if call.leases[place].settles(metric) {
                let reported = call.leases[place].reported.addingSaturated(amount)
                run.calls[tag.stage]?.leases[place].reported = reported
            }
        }
        let subject = run.masker.mask(subject)
        let price = subject.isEmpty ? nil : settings.prices.price(of: subject)
        let cost = run.calls[tag.stage]?.pricing.cost(
            metric: metric, subject: subject, amount: amount, price: price)
        book(metric, subject, amount, cost: cost, at: at, lease: lease, tag, call, of: run)
        observer?.live(
            run: run.id, .usage(stage: call.stage, metric: metric, subject: subject, amount: amount, cost: cost))
    }

    /// Takes state for the next attempt.
    func checkpoint(_ tag: CallTag, state: [UInt8]) {
        guard let (run, call) = call(of: tag), run.machine.isRunning(stage: tag.stage, attempt: call.attempt),
            run.machine.keepsCheckpoints(tag.stage)
        else { return }
        let state = sealed(checkpoint: state, of: run)
        run.checkpoints[tag.stage] = state
        run.add(CheckpointRow(stageIndex: tag.stage, attempt: call.attempt, state: state))
        touch(run)
    }
}
