import BattenCore
import BattenSystem

/// Results that are used again: kept ones, and those of calls in flight.
extension EngineLoop {
    /// Answers a call from a kept result, has it wait for the same call in flight, or makes it.
    func takeOver(_ rendered: RenderedCall, _ cacheKey: String, _ start: StageStart, of run: ActiveRun) {
        let stage = run.plan.planned(start.planned)
        var version = ""
        if case .executor(let info) = stage.kind { version = info.pluginVersion }
        // What a call cannot be configured with it tells itself.
        guard let settings = try? configuration(for: rendered.executor, of: run) else {
            return dispatch(rendered, start, of: run)
        }
        let key = rendered.cacheDigest(
            cacheKey, pluginVersion: version, configuration: settings.identity, directory: run.directory)
        do {
            if let kept = try kept(key, for: start, stage) {
                return answer(start.stageIndex, start.attempt, of: run, with: kept.result, from: kept.run)
            }
        } catch {
            return fail(error)
        }
        if flights[key] != nil {
            let deadline = MonotonicClock.adding(start.timeout, to: clock.monotonicNanoseconds())
            flights[key]?.passengers.append(
                Flight.Passenger(run: run.number, start: start, call: rendered, deadline: deadline))
            run.flightKeys[start.stageIndex] = key
            hasTimers = true
            let timer = Flight.timer(ofStage: start.stageIndex)
            run.timers[timer] = timers.insert(at: deadline, RunTimer(run: run.number, key: timer))
            return
        }
        flights[key] = Flight(
            run: run.number, stage: start.stageIndex, attempt: start.attempt, ttl: stage.cache?.ttl)
        run.flightKeys[start.stageIndex] = key
        dispatch(rendered, start, of: run)
        // A call that could not be made has no end either.
        guard run.calls[start.stageIndex]?.attempt != start.attempt else { return }
        flights[key] = nil
        run.flightKeys[start.stageIndex] = nil
    }

    /// A kept result that is good enough for an attempt.
    private func kept(
        _ key: [UInt8], for start: StageStart, _ stage: PlannedStage
    ) throws(StoreError) -> CachedResult? {
        let now = clock.now()
        // Who rejected a result wants another one.
        guard start.round == 1, let kept = try store.cached(key, at: now) else { return nil }
        // What is good enough for whoever stored it may be too old for this stage.
        if let ttl = stage.cache?.ttl, kept.storedAt + ttl <= now { return nil }
        return kept
    }

    private func answer(_ stage: Int, _ attempt: Int, of run: ActiveRun, with result: JSONValue, from source: String) {
        var outcome = StageOutcome(.ok, effect: .none, output: result)
        outcome.cachedFrom = source
        apply(.attemptFinished(stage: stage, attempt: attempt, outcome: outcome), to: run)
    }

    /// Keeps the result of a call that has ended and hands it to those that wait for it; after a failure the next of
    /// them makes the call.
    func land(_ stage: Int, _ attempt: Int, _ outcome: StageOutcome, of run: ActiveRun) {
        guard let key = run.flightKeys[stage], let flight = flights[key], flight.run == run.number,
            flight.stage == stage, flight.attempt == attempt
        else { return }
        run.flightKeys[stage] = nil
        let row = run.machine.state.stageRow(stage)
        guard outcome.outcomeClass == .ok, run.machine.hasResult(stage) else { return handOn(key) }
        flights[key] = nil
        let now = clock.now()
        run.add(
            CachedResult(
                key: key, run: run.id, stage: row?.id ?? "", result: outcome.output, storedAt: now,
                expiresAt: flight.ttl.map { now + $0 }))
        for passenger in flight.passengers {
            guard let other = board(passenger) else { continue }
            answer(passenger.start.stageIndex, passenger.start.attempt, of: other, with: outcome.output, from: run.id)
        }
    }

    /// The run of a passenger that still waits, its clock stopped.
    private func board(_ passenger: Flight.Passenger) -> ActiveRun? {
        guard let run = runs[passenger.run] else { return nil }
        run.flightKeys[passenger.start.stageIndex] = nil
        let timer = Flight.timer(ofStage: passenger.start.stageIndex)
        if let armed = run.timers.removeValue(forKey: timer) { timers.remove(armed) }
        let isCurrent = run.machine.isRunning(stage: passenger.start.stageIndex, attempt: passenger.start.attempt)
        return isCurrent ? run : nil
    }

    /// Has the next of those that wait make the call.
    private func handOn(_ key: [UInt8]) {
        // Nobody makes a call any more; what waits for one is given back.
        guard !isGivingBack else { return }
        while let flight = flights[key] {
            guard let next = flight.passengers.first else {
                flights[key] = nil
                return
            }
            guard let run = board(next) else {
                flights[key]?.passengers.removeFirst()
                continue
            }
            let stage = run.plan.planned(next.start.planned)
            do {
                // Somebody else may have made the call meanwhile.
                if let kept = try kept(key, for: next.start, stage) {
                    flights[key]?.passengers.removeFirst()
                    answer(next.start.stageIndex, next.start.attempt, of: run, with: kept.result, from: kept.run)
                    continue
                }
            } catch {
                return fail(error)
            }
            var successor = Flight(
                run: next.run, stage: next.start.stageIndex, attempt: next.start.attempt, ttl: stage.cache?.ttl)
            successor.passengers = Array(flight.passengers.dropFirst())
            flights[key] = successor
            run.flightKeys[next.start.stageIndex] = key
            var start = next.start
            start.timeout = .nanoseconds(max(0, next.deadline - clock.monotonicNanoseconds()))
            dispatch(next.call, start, of: run)
            if run.calls[start.stageIndex]?.attempt == start.attempt { return }
            run.flightKeys[next.start.stageIndex] = nil
        }
    }

    // MARK: Leaving

    /// A passenger was asked to stop.
    func passengerCancelled(_ stage: Int, _ attempt: Int, of run: ActiveRun) {
        // An attempt that was ended at once has its outcome already.
        guard leave(stage, of: run), run.machine.isRunning(stage: stage, attempt: attempt) else { return }
        apply(
            .attemptFinished(stage: stage, attempt: attempt, outcome: StageOutcome(.cancelled, effect: .none)),
            to: run)
    }

    /// A passenger's time is up.
    func passengerTimedOut(_ stage: Int, of run: ActiveRun) {
        guard leave(stage, of: run), let row = run.machine.state.stageRow(stage) else { return }
        let outcome = StageOutcome(
            .timeout, effect: .none, code: "batten.cache_timeout",
            message: "the same call, made by another stage, did not end in time")
        apply(.attemptFinished(stage: stage, attempt: row.attempts, outcome: outcome), to: run)
    }

    /// Takes a stage from those that wait.
    private func leave(_ stage: Int, of run: ActiveRun) -> Bool {
        guard let key = run.flightKeys[stage],
            let place = flights[key]?.passengers.firstIndex(where: {
                $0.run == run.number && $0.start.stageIndex == stage
            })
        else { return false }
        flights[key]?.passengers.remove(at: place)
        run.flightKeys[stage] = nil
        let timer = Flight.timer(ofStage: stage)
        if let armed = run.timers.removeValue(forKey: timer) { timers.remove(armed) }
        return true
    }

    /// Takes a run that this engine lets go of out of all flights; those it led are handed on once this turn has acted.
    func leaveFlights(_ run: ActiveRun) {
        for key in run.flightKeys.values {
            flights[key]?.passengers.removeAll { $0.run == run.number }
            if flights[key]?.run == run.number { brokenFlights.append(key) }
        }
        run.flightKeys = [:]
    }

    /// Hands on the calls whose runs have gone.
    func mendFlights() {
        let broken = brokenFlights
        brokenFlights = []
        for key in broken {
            guard let flight = flights[key], runs[flight.run] == nil else { continue }
            handOn(key)
        }
    }
}
