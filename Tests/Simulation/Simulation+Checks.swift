import BattenStore

@testable import BattenCore
@testable import BattenEngine

/// What is held after each step.
extension Simulation {
    /// The workflow and the end of the journal of each run that a violation names.
    var story: [String] {
        oracle.names.filter { name in violations.contains { $0.hasPrefix("run \(name)") } }.flatMap { name in
            guard let run = oracle.runs[name] else { return [String]() }
            let stages = run.plan.stages.map { stage -> String in
                let definition = stage.definition
                return "  \(stage.index) \(stage.id): \(definition.uses) after \(definition.dependsOn) if "
                    + "\(definition.condition ?? "-"), for_each \(definition.forEach.map { "\($0)" } ?? "-")"
            }
            let records = run.journal.suffix(60).map { record -> String in
                let item = record.item.map { "[\($0)]" } ?? ""
                let attempt = record.attempt.map { "#\($0)" } ?? ""
                let data = "\(JSONWriter.string(record.data))".prefix(120)
                return "  \(record.seq) \(record.type) \(record.stage ?? "")\(item)\(attempt) \(data)"
            }
            return ["\(name) is"] + stages + ["and its journal ends"] + records
        }
    }

    func check(deeply: Bool) {
        checkSharedSlots()
        for process in processes where process.isAlive && !process.isStopped {
            let running = process.loop.runs.values.reduce(0) {
                $0 + $1.machine.state.runningAttempts.count - $1.machine.state.childrenRunning
            }
            if process.loop.slots.taken != running {
                oracle.complain("\(process.id): \(process.loop.slots.taken) slots are taken by \(running) attempts")
            }
            checkCalls(process)
            if deeply { checkStates(process) }
        }
    }

    /// Never more attempts at once than all processes may make together.
    private func checkSharedSlots() {
        guard let limit = limits.stages else { return }
        var running = 0
        for process in processes where process.isAlive {
            for active in process.loop.runs.values where oracle.runs[active.id]?.epoch == active.epoch {
                let state = active.machine.state
                running += state.runningAttempts.count - state.childrenRunning
            }
        }
        if running > limit { oracle.complain("\(running) attempts run where \(limit) may") }
    }

    /// Each attempt that runs has its call, or waits for the same one of another stage, which is made once.
    private func checkCalls(_ process: SimulatedProcess) {
        for active in process.loop.runs.values {
            for (stage, attempt) in active.machine.state.runningAttempts
            where active.calls[stage]?.attempt != attempt && active.flightKeys[stage] == nil
                && active.children[stage]?.attempt != attempt
            {
                oracle.complain("run \(active.id): attempt \(attempt) of row \(stage) runs, and nobody calls it")
            }
        }
        checkParents(process)
        var seen: Set<Oracle.CallIdentity> = []
        for call in process.host.calls {
            let tag = CallTag(call.call.tag)
            guard let identity = oracle.identity(of: call.call), let active = process.loop.runs[tag.run],
                active.machine.isRunning(stage: tag.stage, attempt: call.call.attempt)
            else { continue }
            if !seen.insert(identity).inserted {
                oracle.complain("\(process.id) makes the call \(identity) twice at once")
            }
        }
    }

    /// A parent's stage stands as its child does, in one commit with it.
    private func checkParents(_ process: SimulatedProcess) {
        // Who was taken over and has not found out yet is told nothing more.
        for active in process.loop.runs.values
        where active.isSettled && oracle.runs[active.id]?.epoch == active.epoch {
            for (stage, below) in active.children {
                guard let child = process.loop.runs[below.number], child.isSettled else { continue }
                let known = active.machine.childWait(stageIndex: stage)
                let wait = ChildWait(child.machine.state)
                if known != wait {
                    oracle.complain(
                        "run \(active.id): its child \(child.id) waits for \(String(describing: wait)), and row \(stage) "
                            + "says \(String(describing: known))")
                }
            }
        }
    }

    /// The journal replays to the state, and the rows are its image.
    private func checkStates(_ process: SimulatedProcess) {
        for active in process.loop.runs.values.sorted(by: { $0.number < $1.number }) {
            guard oracle.runs[active.id]?.epoch == active.epoch,
                let stored = try? process.store.recover(run: active.id)
            else { continue }
            var replayed = RunMachine(plan: active.machine.plan)
            do {
                for record in stored.journal { try replayed.replay(record) }
            } catch {
                oracle.complain("run \(active.id) cannot be replayed: \(error)")
                continue
            }
            if replayed.state != active.machine.state {
                oracle.complain("run \(active.id): its journal replays to another state")
            }
            if stored.row != active.machine.state.row {
                oracle.complain("run \(active.id): its row is \(stored.row), its state \(active.machine.state.row)")
            }
            if !replayed.state.isPaused {
                for timer in replayed.state.armedTimers where active.timers[timer.key] == nil {
                    // A deadline that passes while its stage is being stopped changes nothing.
                    if case .deadline(let stage)? = TimerKey(timer.key), replayed.state.stages[stage].stopping != nil {
                        continue
                    }
                    oracle.complain("run \(active.id): nobody waits for the timer \(timer.key)")
                }
            }
            do {
                guard let reader = try StoreReader(folder) else { continue }
                try checkRows(of: active, reader)
            } catch {
                oracle.complain("run \(active.id) cannot be read: \(error)")
            }
        }
        checkGroups()
        if isMetered {
            do { try checkQuotas() } catch { oracle.complain("the quotas cannot be read: \(error)") }
        }
    }

    /// What quotas have reserved is the sum of the reservations and never above the limit; at the end it is nobody's that
    /// lives, and what is used is what the ledger has.
    func checkQuotas(atEnd: Bool = false) throws {
        guard let reader = try StoreReader(folder) else { return }
        let sums = try reader.query(
            """
            SELECT q.name, q.amount, q.reserved,
                (SELECT coalesce(sum(r.amount), 0) FROM reservations r WHERE r.quota_key = q.key)
            FROM quotas q
            """)
        for row in sums.rows where row[2] != row[3] || (row[2].intValue ?? 0) > (row[1].intValue ?? 0) {
            oracle.complain("the quota \(row[0]) of \(row[1]) has \(row[2]) reserved in rows of \(row[3])")
        }
        guard atEnd else { return }
        for row in try reader.query("SELECT DISTINCT engine FROM reservations").rows {
            guard let engine = row[0].stringValue, oracle.living.contains(engine) else { continue }
            oracle.complain("\(engine) keeps reservations when all has ended")
        }
        for problem in try StoreAdministration(folder).check().problems { oracle.complain("\(problem)") }
    }

    private func checkRows(of active: ActiveRun, _ reader: StoreReader) throws {
        let run = active.id
        let state = active.machine.state
        func compare<Row: Equatable>(_ what: String, _ rows: [Row], _ expected: [Row]) {
            guard rows != expected else { return }
            let pair = zip(rows, expected).first { $0 != $1 }
            oracle.complain("run \(run): rows of \(what) differ, \(rows.count): \(String(describing: pair))")
        }
        compare("stages", try reader.stages(run: run), state.stageRows)
        compare("gates", try reader.gates(run: run), state.gateRows)
        compare("signals", try reader.signals(run: run), state.signalRows)
        compare(
            "timers", try reader.timers(run: run).sorted { $0.key < $1.key },
            state.armedTimers.sorted { $0.key < $1.key })
        let attempts = try reader.attempts(run: run)
        compare(
            "attempts", attempts.map(\.stageIndex),
            state.stages.indices.flatMap { index in
                Array(repeating: index, count: state.stages[index].row.attempts)
            })
        for index in state.stages.indices {
            guard let last = state.latestAttempt(index) else { continue }
            compare("attempts", attempts.filter { $0.stageIndex == index }.suffix(1), [last])
        }
        let reserved = try reader.query(
            """
            SELECT DISTINCT x.idx, x.number FROM reservations x JOIN runs r ON r.key = x.run_key
            WHERE r.id = '\(run)'
            """)
        for row in reserved.rows
        where !state.runningAttempts.contains(where: {
            Int64($0.stage) == row[0].intValue && Int64($0.1) == row[1].intValue
        }) {
            oracle.complain("run \(run): row \(row[0])#\(row[1]) has reserved something and does not run")
        }
        let slots = try reader.query(
            "SELECT s.idx FROM slots s JOIN runs r ON r.key = s.run_key WHERE r.id = '\(run)' ORDER BY s.idx")
        compare(
            "slots", slots.rows.map { $0.first?.intValue ?? -1 },
            limits.isEmpty
                ? [] : state.runningAttempts.map(\.stage).filter { !active.machine.isChild($0) }.map { Int64($0) })
    }

    /// The places in groups are those of runs that have not ended.
    private func checkGroups() {
        let open = oracle.names.filter { name in
            guard let run = oracle.runs[name], run.group != nil else { return false }
            return !run.isEnded && run.doubt.isEmpty
        }
        guard let reader = try? StoreReader(folder),
            let places = try? reader.query(
                "SELECT r.id, g.holds FROM group_runs g JOIN runs r ON r.key = g.run_key ORDER BY g.run_key")
        else { return }
        let holding = Dictionary(
            places.rows.map { ($0[0].stringValue ?? "", $0[1].intValue == 1) }, uniquingKeysWith: { first, _ in first })
        for name in open where oracle.runs[name]?.hasStarted == true && holding[name] != true {
            oracle.complain("run \(name) has started and does not hold its group")
        }
        for name in open where holding[name] == nil { oracle.complain("run \(name) has no place in its group") }
        for (name, _) in holding where oracle.runs[name]?.isEnded == true && oracle.runs[name]?.doubt.isEmpty == true {
            oracle.complain("run \(name) has ended and keeps its place in a group")
        }
    }
}
