import BattenCore
import BattenSystem

/// Committing what was decided, and acting on it.
extension EngineLoop {
    /// Commits everything that waits, tells who watches, and acts; again while acting decides more.
    func settle() {
        while !touched.isEmpty || !admissions.isEmpty || withdrawsWaits || asksForHolds, failure == nil {
            // What has begun does not wait for another commit.
            EventLoop.wakeHeld()
            var batch: [ActiveRun] = []
            var commits: [RunCommit] = []
            let verdicts: [CommitVerdict]
            do {
                if admissions.isEmpty && !withdrawsWaits && !asksForHolds
                    || admissions.contains(where: \.awaitsBudgets)
                {
                    (batch, commits) = takeTouched()
                    verdicts = try store.commit(commits)
                } else {
                    let request = slotRequest()
                    verdicts = try store.commit(request) { standing in
                        let (waits, called) = admit(standing)
                        (batch, commits) = takeTouched()
                        return SlotDecision(commits: commits, waits: waits, called: called)
                    }
                }
            } catch {
                // Nothing of the batch stands, so nothing of it is shown or done.
                return fail(error)
            }
            answerAcceptances(commits, verdicts)
            for index in batch.indices {
                guard verdicts[index] == .committed else {
                    // A run that was never accepted is nobody's loss.
                    release(batch[index], isTold: verdicts[index] == .fenced)
                    continue
                }
                publish(commits[index])
            }
            learnQuotas()
            for (index, run) in batch.enumerated() where verdicts[index] == .committed { act(run) }
            // Not before all have acted: what these decide is another commit's.
            if groupsWereLeft { askForGroups() }
            if !brokenFlights.isEmpty { mendFlights() }
            offerSlots()
            if wantsControls {
                EventLoop.wakeHeld()
                wantsControls = false
                takeControls()
            }
        }
    }

    private func takeTouched() -> ([ActiveRun], [RunCommit]) {
        tellParents()
        let batch = touched
        touched = []
        return (batch, batch.map { $0.takeCommit() })
    }

    private func answerAcceptances(_ commits: [RunCommit], _ verdicts: [CommitVerdict]) {
        guard !acceptances.isEmpty else { return }
        var fates: [String: CommitVerdict] = [:]
        for (commit, verdict) in zip(commits, verdicts) { fates[commit.run] = verdict }
        acceptances.removeAll { acceptance in
            guard let fate = fates[acceptance.id] else { return false }
            switch fate {
            case .committed: acceptance.reply.give(.success(acceptance.id))
            case .duplicate(let earlier): acceptance.reply.give(.success(earlier))
            case .fenced:
                acceptance.reply.give(
                    .failure(
                        EngineError(
                            .store, "run \(acceptance.id) was taken over by another process",
                            help: "look with: batten status \(acceptance.id)")))
            }
            return true
        }
    }

    private func publish(_ commit: RunCommit) {
        guard let observer, !commit.records.isEmpty || commit.runRow != nil || !commit.stages.isEmpty else { return }
        observer.committed(run: commit.run, records: commit.records, row: commit.runRow, stages: commit.stages)
    }

    /// Stops what still runs of runs that other engines have taken, and lets go of them.
    func letGoOfTakenRuns() {
        guard failure == nil else { return }
        do {
            for id in try store.taken(of: runs.values.map(\.id), from: settings.engineID) {
                if let number = numbers[id], let run = runs[number] { release(run) }
            }
        } catch {
            fail(error)
        }
    }

    /// Lets go of a run that another engine has taken.
    func release(_ run: ActiveRun, isTold: Bool = true) {
        // A run that was let go of may still have had something to commit, and be refused once more.
        guard runs.removeValue(forKey: run.number) != nil else { return }
        run.isReleased = true
        if isTold { observer?.released(run: run.id) }
        abandon(run, with: .success(.takenOver))
        giveBackSlots(of: run)
        forgetBudget(of: run)
        // This engine may have taken the run up again since, under another number.
        if numbers[run.id] == run.number { numbers[run.id] = nil }
    }

    /// Does what a run's committed decisions ask for.
    private func act(_ run: ActiveRun) {
        if !run.granted.isEmpty {
            let granted = run.granted
            run.granted = []
            for grant in granted { grant.answer(.granted(lease: grant.lease, output: grant.output)) }
        }
        var ended: RunStatus?
        let effects = run.takeEffects()
        for effect in effects {
            switch effect {
            case .startAttempt(let start):
                // What was decided later, and shares the commit or waits for the next one, may have ended the attempt
                // before it began.
                if effects.count > 1 || run.isTouched,
                    !run.machine.isRunning(stage: start.stageIndex, attempt: start.attempt)
                {
                    continue
                }
                self.start(start, of: run)
            case .startChild(let start): startChild(start, of: run)
            case .cancelAttempt(let stage, let attempt, let now): cancel(stage, attempt, now: now, of: run)
            case .armTimer(let key, let at): arm(key, at: at, of: run)
            case .disarmTimer(let key):
                if let timer = run.timers.removeValue(forKey: key) { timers.remove(timer) }
            case .joinGroup(let cancelsEarlier): join(run, cancelsEarlier: cancelsEarlier)
            case .lookBack: lookBack(run)
            case .runEnded(let status): ended = status
            }
        }
        if let ended {
            finish(run, ended)
        } else {
            // Beginning a stage may have decided more; that is said once it is committed.
            tellWatches(of: run)
            tellAncestors(of: run)
        }
    }

    /// Tells a run whether it may be the first to do well again.
    private func lookBack(_ run: ActiveRun) {
        do {
            let last = try store.lastEnd(ofWorkflow: run.plan.definition.name, besides: run.id)
            apply(.lookedBack(hadFailed: last == .failed || last == .timedOut), to: run)
        } catch {
            fail(error)
        }
    }

    private func arm(_ key: String, at instant: Timestamp, of run: ActiveRun) {
        if let earlier = run.timers.removeValue(forKey: key) { timers.remove(earlier) }
        let delay = max(.zero, instant - clock.now())
        let due = MonotonicClock.adding(delay, to: clock.monotonicNanoseconds())
        hasTimers = true
        run.timers[key] = timers.insert(at: due, RunTimer(run: run.number, key: key))
    }

    private func cancel(_ stage: Int, _ attempt: Int, now: Bool, of run: ActiveRun) {
        if let child = child(of: run, stage: stage, attempt: attempt) {
            apply(.control(now ? .cancelNow : .cancel), to: child)
            return
        }
        guard let call = run.calls[stage], call.attempt == attempt else {
            return passengerCancelled(stage, attempt, of: run)
        }
        dropHolds(run: run.number, stage: stage)
        host.cancel(call.handle, why: now ? .shutdown : .cancelled)
    }
}
