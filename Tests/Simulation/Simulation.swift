import BattenCore
import BattenStore
import BattenSystem
import CFaultyDisk
import TestSupport

@testable import BattenCore
@testable import BattenEngine

/// One seeded history: the real machine, engine and store under simulated clocks, executors, processes and disk.
///
/// A step is one thing that happens: a call ends, time passes, somebody asks for something, a process is killed or
/// stopped, the disk fails, the power goes. After each step the promises are held against what was committed.
final class Simulation {
    /// What happened, for the report of a failure; only the last things.
    private(set) var trace: [String] = []
    private(set) var stepCount = 0
    private(set) var killCount = 0
    private(set) var powerCutCount = 0
    private(set) var faultCount = 0

    private var signalCount = 0
    private var random: Seeded
    private let home: String
    private let folder: StateFolder
    private let clock = SimulatedClock()
    private let oracle = Oracle()
    private var processes: [SimulatedProcess] = []
    private var processCount = 0
    private let seed: UInt64
    private static let activeLimit = 6
    /// Limits over all processes: in every other history.
    private let limits: SharedLimits

    /// Prepares a history.
    init(seed: UInt64, home: String) throws {
        self.seed = seed
        self.home = home
        random = Seeded(seed)
        limits = seed.isMultiple(of: 2) ? SharedLimits(stages: 4, workflows: ["simulated": 5]) : SharedLimits()
        folder = StateFolder(home)
        _ = try SQLiteStore(folder)
        try startProcess()
    }

    deinit {
        for process in processes { process.kill() }
        processes = []
        faulty_disk_forget(home)
    }

    var violations: [String] { oracle.violations }
    var runCount: Int { oracle.names.count }
    var callCount: Int { oracle.callCount }

    /// Goes on for a number of steps, then lets everything end in peace.
    ///
    /// - Returns: whether all promises were kept.
    func play(steps: Int) throws -> Bool {
        for step in 0..<steps {
            stepCount += 1
            try happen()
            settle()
            check(deeply: step % 64 == 63)
            guard violations.isEmpty else { return false }
            try replaceTheDead()
            guard violations.isEmpty else { return false }
        }
        try end()
        return violations.isEmpty
    }

    // MARK: What happens

    private func happen() throws {
        let live = processes.filter { !$0.isStopped }
        guard let process = live.isEmpty ? nil : random.pick(live) else { return goOn(processes[0]) }
        switch random.below(1000) {
        case ..<90: submit(process)
        case ..<560: endCall(process)
        case ..<640: report(process)
        case ..<850: passTime()
        case ..<880: try control(process)
        case ..<895: try tell(process)
        case ..<900: jumpClock()
        case ..<930: killSoon(process)
        case ..<945: killNow(process)
        case ..<965: stop(process)
        case ..<980: failDisk(process)
        case ..<985: cutPower()
        default: try startProcess()
        }
    }

    private func note(_ text: String) {
        trace.append("\(stepCount): \(text)")
        if trace.count > 60 { trace.removeFirst() }
    }

    private func submit(_ process: SimulatedProcess) {
        guard process.loop.runs.count < Self.activeLimit else { return }
        let definition = RandomWorkflow.make(&random)
        let plan: Plan
        do {
            plan = try Planner.plan(definition, catalog: process.host, snapshot: Array("\(definition)".utf8))
        } catch {
            return oracle.complain("a random workflow has no plan: \(error)")
        }
        let id = "run\(oracle.names.count)"
        note("\(process.id) accepts \(id) with \(plan.stages.count) stages")
        oracle.expect(id, plan)
        process.inbox.put(
            .submit(
                RunSubmission(plan: plan, directory: home, workdir: home + "/work/{run}"), id: id, seed: random.next(),
                reply: Reply()))
    }

    private func endCall(_ process: SimulatedProcess) {
        guard !process.host.calls.isEmpty else { return }
        let index = random.below(process.host.calls.count)
        let call = process.host.calls[index]
        let outcome = outcome(isAskedToStop: call.isAskedToStop)
        note(
            "\(process.id): \(call.call.run)/\(call.call.stage)#\(call.call.attempt) ends \(outcome.outcomeClass.rawValue)"
        )
        process.host.finish(index, outcome)
    }

    private func outcome(isAskedToStop: Bool) -> StageOutcome {
        if isAskedToStop, random.chance(700) {
            return StageOutcome(.cancelled, effect: random.pick([.none, .made, .unknown]), code: "test.cancelled")
        }
        switch random.below(100) {
        case ..<62: return StageOutcome(.ok, effect: .made, output: .object(["n": .int(Int64(random.below(100)))]))
        case ..<72: return StageOutcome(.failed, effect: .made, code: "test.failed", message: "it said no")
        case ..<84: return StageOutcome(.transient, effect: .none, code: "test.transient", message: "it may pass")
        case ..<88:
            return StageOutcome(
                .rateLimited, effect: .none, retryAfter: .seconds(random.below(90)), code: "test.slow", message: "slow")
        case ..<92: return StageOutcome(.permanent, effect: .none, code: "test.permanent", message: "never")
        case ..<96: return StageOutcome(.crashed, effect: .unknown, code: "test.crashed", message: "gone")
        default: return StageOutcome(.timeout, effect: .unknown, code: "test.timeout", message: "late")
        }
    }

    private func report(_ process: SimulatedProcess) {
        guard !process.host.calls.isEmpty else { return }
        let call = random.pick(process.host.calls)
        switch random.below(3) {
        case 0: call.sink.log(tag: call.call.tag, stream: "stdout", text: "line \(random.below(1000))")
        case 1: call.sink.usage(tag: call.call.tag, metric: "tokens", subject: "model", amount: 3)
        default: call.sink.checkpoint(tag: call.call.tag, state: [UInt8(random.below(256))])
        }
    }

    private func passTime() {
        let now = clock.monotonicNanoseconds()
        var instants: [Int64] = []
        for process in processes where !process.isStopped {
            if let next = process.loop.nextDeadline() { instants.append(next) }
            if let next = process.host.nextDeadline { instants.append(next) }
        }
        let next = instants.min() ?? now + 1_000_000_000
        clock.advance(to: random.chance(700) ? next : now + Int64(random.below(20_000)) * 1_000_000)
        for process in processes where !process.isStopped { process.host.expire(at: clock.monotonicNanoseconds()) }
    }

    private func control(_ process: SimulatedProcess) throws {
        guard !oracle.names.isEmpty else { return }
        let run = oracle.names[max(0, oracle.names.count - 1 - random.below(8))]
        guard let stored = try? process.store.recover(run: run), !stored.row.status.isTerminal else { return }
        let control = random.pick([RunControl.cancel, .cancel, .cancelNow, .pause, .pause, .resume, .resume])
        ask(run, control, owner: stored.owner, through: process)
    }

    /// Answers gates and sends signals, also where nothing waits for them.
    private func tell(_ process: SimulatedProcess) throws {
        let open = oracle.names.suffix(8).filter { oracle.runs[$0]?.isEnded == false }
        guard !open.isEmpty else { return }
        let run = random.pick(Array(open))
        guard let stored = try? process.store.recover(run: run), let plan = oracle.runs[run]?.plan else { return }
        let waiting = plan.stages.filter { $0.definition.uses == "gate" || $0.definition.uses == "signal" }
        for stage in waiting {
            signalCount += 1
            if stage.definition.uses == "signal" {
                let name = random.pick(["go", "stop"])
                let signal = RunSignal(name: name, data: .int(Int64(signalCount)), by: "test")
                ask(run, .signal(signal), owner: stored.owner, through: process)
            } else {
                let answer = GateAnswer(
                    stage: stage.id, approves: random.chance(800), by: random.pick(["ann", "bob", "cid"]),
                    form: random.chance(200) ? ["n": .int(2)] : [:], reason: "so")
                ask(run, .answer(answer), owner: stored.owner, through: process)
            }
        }
    }

    private func ask(_ run: String, _ control: RunControl, owner: String, through process: SimulatedProcess) {
        note("\(process.id) asks \(run): \(control.kind)")
        let request = ControlRequest(run: run, control: control, source: "test", at: clock.now())
        _ = try? process.store.requestControl(request)
        processes.first { $0.id == owner && !$0.isStopped }?.inbox.put(.storeChanged)
    }

    /// Gives every run what it waits for.
    private func satisfy(_ process: SimulatedProcess) {
        for run in process.loop.runs.values.sorted(by: { $0.number < $1.number }) {
            let state = run.machine.state
            if state.row.status == .paused { process.inbox.put(.control(run: run.id, .resume)) }
            for (stage, reason) in state.waitingStages {
                if reason.on == "gate" {
                    for person in ["ann", "bob", "cid"] {
                        process.inbox.put(
                            .control(run: run.id, .answer(GateAnswer(stage: stage, approves: true, by: person))))
                    }
                } else if reason.on == "signal", let place = run.plan.indexByID[stage],
                    let name = run.plan.stages[place].definition.with["name"]?.stringValue
                {
                    signalCount += 1
                    process.inbox.put(
                        .control(
                            run: run.id, .signal(RunSignal(name: name, data: .int(Int64(signalCount)), by: "test"))))
                }
            }
        }
    }

    private func jumpClock() {
        let seconds = random.below(7200) - 3600
        note("the wall clock jumps by \(seconds) s")
        clock.jump(by: .seconds(seconds))
    }

    private func killSoon(_ process: SimulatedProcess) {
        guard process.store.kill == nil else { return }
        process.store.kill = random.chance(500) ? .beforeCommit : .afterCommit
        note("\(process.id) will be killed at its next commit")
    }

    private func killNow(_ process: SimulatedProcess) {
        note("\(process.id) is killed")
        process.kill()
    }

    /// Stops a process, has another one take its runs, as `resume --take-over` does, and lets the first go on.
    private func stop(_ process: SimulatedProcess) {
        guard processes.count < 4 else { return }
        note("\(process.id) is stopped")
        process.isStopped = true
        guard let other = processes.first(where: { !$0.isStopped && $0.isAlive }) else { return }
        adopt(from: process.id, by: other)
    }

    private func goOn(_ process: SimulatedProcess) {
        note("\(process.id) goes on")
        process.isStopped = false
        process.host.expire(at: clock.monotonicNanoseconds())
    }

    private func failDisk(_ process: SimulatedProcess) {
        let fault = 1 + random.below(5)
        note("the disk of \(process.id) will fail (\(fault))")
        faulty_disk_arm(process.disk, Int32(fault), Int32(random.below(6)))
    }

    private func cutPower() {
        powerCutCount += 1
        note("the power goes")
        for process in processes { process.kill() }
        killCount += processes.count
        processes = []
        let lost = faulty_disk_power_cut(home, random.next())
        if lost < 0 { oracle.complain("the power cut could not be simulated") }
        _ = try? FileSystem.remove(folder.database + "-shm")
    }

    // MARK: Processes

    private func startProcess() throws {
        guard processes.filter({ !$0.isStopped }).count < 3 else { return }
        processCount += 1
        let id = "engine-\(seed)-\(processCount)"
        processes.append(
            try SimulatedProcess(id: id, folder: folder, clock: clock, oracle: oracle, limits: limits))
        oracle.living = Set(processes.map(\.id))
        note("\(id) starts")
    }

    /// Removes processes that have ended, and has one that lives take up what they left.
    private func replaceTheDead() throws {
        let dead = processes.filter { !$0.isAlive }
        if dead.isEmpty, processes.contains(where: { !$0.isStopped }) { return }
        for process in dead {
            if faulty_disk_has_failed(process.disk) != 0 { faultCount += 1 }
            process.kill()
        }
        killCount += dead.count
        processes.removeAll { process in dead.contains { $0 === process } }
        if !processes.contains(where: { !$0.isStopped }) { try startProcess() }
        guard let heir = processes.first(where: { !$0.isStopped }) else { return }
        let alive = Set(processes.map(\.id))
        for run in oracle.names where oracle.runs[run]?.isEnded == false {
            guard heir.isAlive else { return }
            let stored: RecoveredRun?
            do {
                stored = try heir.store.recover(run: run)
            } catch {
                note("\(heir.id) cannot read \(run) and ends")
                return heir.kill()
            }
            oracle.reconcile(run, stored)
            // Children go with their parents.
            guard let stored, !stored.row.status.isTerminal, !alive.contains(stored.owner), stored.row.parent == nil
            else { continue }
            adopt(stored, by: heir)
        }
        settle()
    }

    private func adopt(from owner: String, by heir: SimulatedProcess) {
        for run in oracle.names where oracle.runs[run]?.isEnded == false {
            guard let stored = try? heir.store.recover(run: run), stored.owner == owner, !stored.row.status.isTerminal,
                stored.row.parent == nil
            else { continue }
            adopt(stored, by: heir)
        }
    }

    private func adopt(_ stored: RecoveredRun, by heir: SimulatedProcess) {
        let run = stored.row.id
        guard let plan = oracle.runs[run]?.plan, heir.isAlive else { return }
        do {
            guard let epoch = try heir.store.claim(run: run, engine: heir.id, fromEpoch: stored.epoch),
                let fresh = try heir.store.recover(run: run)
            else { return }
            note("\(heir.id) adopts \(run) from \(stored.owner), epoch \(epoch)")
            heir.inbox.put(.adopt(fresh, plan: plan, epoch: epoch, reply: Reply()))
        } catch {
            // It may own what it cannot read: a process that meets this ends.
            note("\(heir.id) cannot adopt \(run) and ends")
            heir.kill()
        }
    }

    private func settle() {
        oracle.living = Set(processes.filter(\.isAlive).map(\.id))
        for process in processes where !process.isStopped && process.isAlive { process.work() }
    }

    // MARK: Checks

    private func check(deeply: Bool) {
        checkSharedSlots()
        for process in processes where process.isAlive && !process.isStopped {
            let running = process.loop.runs.values.reduce(0) {
                $0 + $1.machine.state.runningAttempts.count - $1.machine.state.childrenRunning
            }
            if process.loop.slots.taken != running {
                oracle.complain("\(process.id): \(process.loop.slots.taken) slots are taken by \(running) attempts")
            }
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
            do {
                guard let reader = try StoreReader(folder) else { continue }
                let rows = try reader.stages(run: active.id)
                if rows != active.machine.state.stageRows {
                    let pairs = zip(rows, active.machine.state.stageRows).first { $0 != $1 }
                    oracle.complain("run \(active.id): rows of stages differ: \(String(describing: pairs))")
                }
                if try reader.gates(run: active.id) != active.machine.state.gateRows {
                    oracle.complain("run \(active.id): rows of gates differ")
                }
                let slots = try reader.query(
                    "SELECT s.idx FROM slots s JOIN runs r ON r.key = s.run_key WHERE r.id = '\(active.id)'")
                let calls = replayed.state.runningAttempts.count - replayed.state.childrenRunning
                let held = limits.isEmpty ? 0 : calls
                if slots.rows.count != held {
                    oracle.complain("run \(active.id): \(slots.rows.count) rows of slots, \(held) attempts")
                }
                if try reader.signals(run: active.id) != active.machine.state.signalRows {
                    oracle.complain("run \(active.id): rows of signals differ")
                }
            } catch {
                oracle.complain("run \(active.id) cannot be read: \(error)")
            }
        }
    }

    // MARK: The end

    /// Lets everything end: no more faults, every call succeeds, time passes as it is needed.
    private func end() throws {
        for process in processes {
            process.isStopped = false
            process.store.kill = nil
            faulty_disk_arm(process.disk, Int32(0), 0)
        }
        for _ in 0..<20_000 {
            settle()
            try replaceTheDead()
            check(deeply: false)
            guard violations.isEmpty else { return }
            if let process = processes.first(where: { !$0.host.calls.isEmpty }) {
                process.host.finish(
                    0, StageOutcome(.ok, effect: .made, output: .object(["n": .int(1)])))
                continue
            }
            if processes.allSatisfy({ $0.isAlive && $0.loop.runs.isEmpty }) { break }
            for process in processes { satisfy(process) }
            passTime()
        }
        for run in oracle.names {
            let stored = try processes.first?.store.recover(run: run)
            oracle.reconcile(run, stored)
            if let stored, !stored.row.status.isTerminal {
                let owner = processes.first { $0.id == stored.owner }
                let active = owner?.loop.runs.values.filter { $0.id == run } ?? []
                oracle.complain(
                    "run \(run) has not ended: \(stored.row.status.rawValue), owner \(stored.owner) "
                        + (owner == nil ? "is gone" : "drives it \(active.count) times: ")
                        + active.map { "\($0.machine.state.waitingStages) \($0.calls.count) calls" }.joined())
            }
        }
    }
}
