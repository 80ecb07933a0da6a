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
    /// Runs that continue another one.
    var forkCount = 0

    var signalCount = 0
    var random: Seeded
    let home: String
    let folder: StateFolder
    let clock = SimulatedClock()
    let oracle: Oracle
    private(set) var processes: [SimulatedProcess] = []
    private var processCount = 0
    private let seed: UInt64
    static let activeLimit = 6
    /// Limits over all processes: in every other history.
    let limits: SharedLimits
    /// Whether there are quotas: in every third history.
    let isMetered: Bool

    /// Prepares a history.
    init(seed: UInt64, home: String) throws {
        self.seed = seed
        self.home = home
        random = Seeded(seed)
        oracle = Oracle(clock: clock)
        limits = seed.isMultiple(of: 2) ? SharedLimits(stages: 4, workflows: ["simulated": 5]) : SharedLimits()
        folder = StateFolder(home)
        isMetered = seed.isMultiple(of: 3)
        let store = try SQLiteStore(folder)
        if isMetered {
            for (metric, limit) in [("output_tokens", Int64(20)), (QuotaMetric.stageRuns, 25)] {
                let rule = QuotaRule(name: metric, metric: metric, limit: limit, window: .rolling(.minute))
                _ = try store.set(rule, at: clock.now(), zones: { _ in .utc })
            }
        }
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
    /// Results that were taken over from other calls.
    var takenOverCount: Int { oracle.takenOverCount }
    /// Stages that a rejected gate has taken back.
    var rewindCount: Int { oracle.names.reduce(0) { $0 + (oracle.runs[$1]?.rewinds ?? 0) } }
    var hookCount: Int { oracle.runs.values.reduce(0) { $0 + $1.hooks.names.count } }

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
        case ..<80: submit(process)
        case ..<95: fork(process)
        case ..<560: endCall(process)
        case ..<640: report(process)
        case ..<850: passTime()
        case ..<880: try control(process)
        case ..<895: try tell(process)
        case ..<900: jumpClock()
        case ..<930: killSoon(process)
        case ..<942: killNow(process)
        case ..<949: leave(process)
        case ..<960: stop(process)
        case ..<966: stopAtCommit(process)
        case ..<980: failDisk(process)
        case ..<985: cutPower()
        default: try startProcess()
        }
    }

    func note(_ text: String) {
        trace.append("\(stepCount): \(text)")
        if trace.count > 60 { trace.removeFirst() }
    }

    private func endCall(_ process: SimulatedProcess) {
        if !process.host.late.isEmpty, random.chance(300) {
            let index = random.below(process.host.late.count)
            let call = process.host.late[index].call
            note("\(process.id): \(call.run)/\(call.stage)#\(call.attempt) ends late")
            return process.host.finishLate(index, outcome(isAskedToStop: false))
        }
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
        case ..<62:
            let list = (0..<random.below(5)).map { JSONValue.int(Int64($0)) }
            return StageOutcome(
                .ok, effect: .made, output: ["n": .int(Int64(random.below(1000))), "list": .array(list)])
        case ..<72: return StageOutcome(.failed, effect: .made, code: "test.failed", message: "it said no")
        case ..<84: return StageOutcome(.transient, effect: .none, code: "test.transient", message: "it may pass")
        case ..<88:
            return StageOutcome(
                .rateLimited, effect: .none, retryAfter: .seconds(random.below(90)), code: "test.slow", message: "slow")
        case ..<91: return StageOutcome(.permanent, effect: .none, code: "test.permanent", message: "never")
        case ..<94:
            return StageOutcome(.crashed, effect: .unknown, code: StageOutcome.lostWorkerCode, message: "gone")
        case ..<96: return StageOutcome(.crashed, effect: .unknown, code: "test.crashed", message: "gone")
        default: return StageOutcome(.timeout, effect: .unknown, code: "test.timeout", message: "late")
        }
    }

    private func report(_ process: SimulatedProcess) {
        guard !process.host.calls.isEmpty else { return }
        let index = random.below(process.host.calls.count)
        let call = process.host.calls[index]
        if isMetered {
            switch random.below(4) {
            case 0: return process.host.use(index, Int64(1 + random.below(4)))
            case 1: return process.host.hold(index, settling: Int64(random.below(Int(SimulatedHost.held) + 1)))
            default: break
            }
        }
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

    private func leave(_ process: SimulatedProcess) {
        note("\(process.id) \(process.isLeaving ? "leaves" : "is about to leave")")
        process.leave()
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

    /// Stops a process right before a commit, has another one take its runs, and lets it go on with the commit.
    private func stopAtCommit(_ process: SimulatedProcess) {
        process.store.meanwhile = { [unowned self, unowned process] in
            guard let other = processes.first(where: { $0 !== process && !$0.isStopped && $0.isAlive }) else { return }
            note("\(process.id) stands still before a commit")
            adopt(from: process.id, by: other)
        }
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
            try SimulatedProcess(
                id: id, folder: folder, clock: clock, oracle: oracle, limits: limits, isMetered: isMetered))
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

    func settle() {
        oracle.living = Set(processes.filter(\.isAlive).map(\.id))
        for process in processes where !process.isStopped && process.isAlive { process.work() }
    }

    // MARK: The end

    /// Lets everything end: no more faults, every call succeeds, time passes as it is needed.
    private func end() throws {
        for process in processes {
            if process.isLeaving { process.leave() }
            process.isStopped = false
            process.store.kill = nil
            process.store.meanwhile = nil
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
        if isMetered { try checkQuotas(atEnd: true) }
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
