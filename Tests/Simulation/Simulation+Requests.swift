import BattenStore
import TestSupport

@testable import BattenCore
@testable import BattenEngine

/// What people ask for: runs, forks of runs, controls, answers.
extension Simulation {
    func submit(_ process: SimulatedProcess) {
        guard process.loop.runs.count < Self.activeLimit else { return }
        let definition = RandomWorkflow.make(&random)
        let plan: Plan
        do {
            plan = try Planner.plan(definition, catalog: process.host, snapshot: Array("\(definition)".utf8))
        } catch {
            return oracle.complain("a random workflow has no plan: \(error)")
        }
        start(RunSubmission(plan: plan, directory: home, workdir: home + "/work/{run}"), as: "a run", nil, process)
    }

    private func start(
        _ submission: RunSubmission, as what: String, _ fork: OracleFork?, _ process: SimulatedProcess
    ) {
        let id = "run\(oracle.names.count)"
        note("\(process.id) accepts \(id), \(what), with \(submission.plan.stages.count) stages")
        oracle.expect(id, submission.plan, fork: fork)
        process.inbox.put(.submit(submission, id: id, seed: random.next(), reply: Reply()))
    }

    /// Asks for a run that begins with what another one has committed, ended or not.
    func fork(_ process: SimulatedProcess) {
        guard process.loop.runs.count < Self.activeLimit, !oracle.names.isEmpty else { return }
        let origin = random.pick(Array(oracle.names.suffix(20)))
        guard oracle.parents[origin] == nil, let other = oracle.runs[origin],
            let stored = try? process.store.recover(run: origin),
            stored.journal.count == other.journal.count
        else { return }
        let kind: ForkOrigin.Kind = random.pick([.fork, .retry, .restore])
        let position = kind == .restore ? Int64(1 + random.below(stored.journal.count)) : Int64(stored.journal.count)
        let isEdited = random.chance(250)
        let from: Set<String> =
            kind == .fork ? [other.plan.stages[random.below(other.plan.finallyStart)].id] : []
        do {
            var machine = RunMachine(plan: other.plan)
            for record in stored.journal where record.seq <= position { try machine.replay(record) }
            var end = machine
            for record in stored.journal where record.seq > position { try end.replay(record) }
            let plan = isEdited ? try edited(other.plan, process.host) : other.plan
            let decision = ForkDecision(
                origin: machine, undone: end.state.undone, plan: plan, from: from, parameters: [:],
                rerunsChanged: random.chance(500))
            let fork = OracleFork(
                origin: origin, other, seq: position, kind: kind, from: from, isSameDefinition: !isEdited)
            forkCount += 1
            start(
                RunSubmission(
                    plan: plan, directory: home, workdir: home + "/work/{run}",
                    origin: ForkOrigin(run: origin, seq: position, kind: kind),
                    kept: decision.kept + decision.partial),
                as: "\(kind.rawValue) of \(origin) at \(position)", fork, process)
        } catch {
            oracle.complain("run \(origin) cannot be continued: \(error)")
        }
    }

    /// The same workflow with one stage changed and one more.
    private func edited(_ plan: Plan, _ host: SimulatedHost) throws -> Plan {
        var definition = plan.definition
        let place = random.below(definition.stages.count)
        definition.stages[place].with["edited"] = true
        var more = StageDefinition(id: "more\(oracle.names.count)", uses: "test.run", with: ["body": "main"])
        more.dependsOn = [definition.stages[random.below(definition.stages.count)].id]
        definition.stages.append(more)
        return try Planner.plan(definition, catalog: host, snapshot: Array("\(definition)".utf8))
    }

    func control(_ process: SimulatedProcess) throws {
        guard !oracle.names.isEmpty else { return }
        let run = oracle.names[max(0, oracle.names.count - 1 - random.below(8))]
        guard let stored = try? process.store.recover(run: run), !stored.row.status.isTerminal else { return }
        let control = random.pick([RunControl.cancel, .cancel, .cancelNow, .pause, .pause, .resume, .resume])
        ask(run, control, owner: stored.owner, through: process)
    }

    /// Answers gates and sends signals, also where nothing waits for them.
    func tell(_ process: SimulatedProcess) throws {
        let open = oracle.names.suffix(8).filter { oracle.runs[$0]?.isEnded == false }
        guard !open.isEmpty else { return }
        let run = random.pick(Array(open))
        guard let stored = try? process.store.recover(run: run), let plan = oracle.runs[run]?.plan else { return }
        let waiting = (plan.stages + plan.hookStages).filter {
            $0.definition.uses == "gate" || $0.definition.uses == "signal" || $0.definition.onLost == .gate
        }
        for stage in waiting {
            signalCount += 1
            let name = plan.name(of: stage.index)
            let items = oracle.runs[run]?.items[name]?.count ?? 0
            if stage.definition.uses == "signal" {
                let name = random.pick(["go", "stop"])
                let signal = RunSignal(name: name, data: .int(Int64(signalCount)), by: "test")
                ask(run, .signal(signal), owner: stored.owner, through: process)
            } else {
                let answer = GateAnswer(
                    stage: name, item: items > 0 ? random.below(items) : nil, approves: random.chance(700),
                    by: random.pick(["ann", "bob", "cid"]),
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
    func satisfy(_ process: SimulatedProcess) {
        for run in process.loop.runs.values.sorted(by: { $0.number < $1.number }) {
            let state = run.machine.state
            if state.row.status == .paused { process.inbox.put(.control(run: run.id, .resume)) }
            for stage in state.stages where stage.mode == .awaiting {
                let row = stage.row
                if stage.signalName == nil {
                    for person in ["ann", "bob", "cid"] {
                        let answer = GateAnswer(stage: row.id, item: row.item, approves: true, by: person)
                        process.inbox.put(.control(run: run.id, .answer(answer)))
                    }
                } else if let name = stage.signalName {
                    signalCount += 1
                    let signal = RunSignal(name: name, data: .int(Int64(signalCount)), by: "test")
                    process.inbox.put(.control(run: run.id, .signal(signal)))
                }
            }
        }
    }
}
