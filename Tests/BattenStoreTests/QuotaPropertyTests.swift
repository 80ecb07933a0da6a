import BattenCore
import BattenStore
import Synchronization
import TestSupport
import Testing

/// Random interleavings of reserving, holding, reporting, settling, dying and taking up, over several stores of one file: what is reserved and booked never passes a limit, is what the ledger has, and is all given back.
@Suite struct QuotaPropertyTests {
    /// How calls behave.
    enum Habit: String, Sendable, CaseIterable {
        /// They use at most what they have reserved, and no clock goes back.
        case inside
        /// The same, with clocks that go back and limits that change.
        case moved
        /// They use more than they have reserved at times.
        case above
    }

    struct Trial: Sendable, CustomTestStringConvertible {
        let habit: Habit
        let seed: UInt64
        var testDescription: String { "\(habit.rawValue), seed \(seed)" }
    }

    static let trials = Habit.allCases.flatMap { habit in (1...8).map { Trial(habit: habit, seed: $0 * 7919) } }

    @Test(arguments: trials) func limitsHold(_ trial: Trial) throws {
        let world = try World(trial)
        for step in 0..<350 {
            try world.act()
            if step % 50 == 49 { try world.check("after step \(step)") }
        }
        try world.finish()
        #expect(world.granted > 20 && world.refused > 5, "seed \(trial.seed): the trial has tried something")
    }

    /// An attempt that runs.
    private struct Attempt {
        let run: Int
        let stage: Int
        let number: Int
        var lease: Int64 = 0
        /// What is left of its bound, by lease.
        var bounds: [Int64: Int64]
    }

    private struct Run {
        let id: String
        let workflow: String
        var epoch: Int64
        var owner: Int
        var script: RunScript
        var stages: [Int: Int] = [:]
        var attempts: [Attempt] = []
    }

    /// A process: a store of its own, and an engine id that dies with it.
    private final class Process {
        let engine: String
        let store: SQLiteStore
        init(_ engine: String, _ store: SQLiteStore) { (self.engine, self.store) = (engine, store) }
    }

    /// Which engines live, and the monotonic clock.
    private final class Host: Sendable {
        let living = Mutex<Set<String>>([])
        let monotonic = Atomic<Int64>(1_000_000_000)
    }

    private final class World {
        static let minute: Int64 = 60_000_000_000
        let trial: Trial
        let state: TemporaryState
        let host = Host()
        var random: Seeded
        var now = at(0)
        var processes: [Process] = []
        var runs: [Run] = []
        var booked: [(at: Timestamp, workflow: String, amount: Int64)] = []
        var born = 0
        var granted = 0
        var refused = 0

        init(_ trial: Trial) throws {
            self.trial = trial
            state = try TemporaryState()
            random = Seeded(trial.seed)
            for _ in 0..<3 { processes.append(try spawn()) }
            try set("tpm", 1_000, .rolling(.minute))
            try set("hour", 6_000, .calendar(.hour, zone: "UTC"))
            try set("one", 700, .rolling(.minute), QuotaScope([.init(.workflow, "w1")]))
        }

        private func spawn() throws -> Process {
            born += 1
            let engine = "engine-\(born)"
            host.living.withLock { _ = $0.insert(engine) }
            let store = try SQLiteStore(
                state.folder, options: StoreOptions(durability: .off),
                monotonic: { [host] in host.monotonic.load(ordering: .relaxed) },
                isEngineAlive: { [host] engine in host.living.withLock { $0.contains(engine) } })
            return Process(engine, store)
        }

        private func set(
            _ name: String, _ limit: Int64, _ window: QuotaWindow, _ scope: QuotaScope = QuotaScope()
        ) throws {
            let rule = QuotaRule(name: name, metric: "tokens", limit: limit, window: window, scope: scope)
            _ = try pick(processes).store.set(rule, at: now, zones: { _ in .utc })
        }

        private func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: 0..<values.count, using: &random)]
        }

        // MARK: Acting

        func act() throws {
            host.monotonic.add(Int64.random(in: 0...400_000_000, using: &random), ordering: .relaxed)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<8: try accept()
            case 8..<40: try start()
            case 40..<50: try hold()
            case 50..<68: try report()
            case 68..<84: try end()
            case 84..<87: try die()
            case 87..<89 where trial.habit == .moved: try change()
            default: pass()
            }
        }

        /// Time goes on; where clocks are set back it does so by less than it has gone on.
        private func pass() {
            if trial.habit == .moved, Int.random(in: 0..<4, using: &random) == 0 {
                now = now - .nanoseconds(Int64.random(in: 0...(Self.minute / 2), using: &random))
            } else {
                now = now + .nanoseconds(Int64.random(in: 0...(Self.minute * 2 / 3), using: &random))
            }
        }

        private func accept() throws {
            let owner = Int.random(in: 0..<processes.count, using: &random)
            let workflow = pick(["w1", "w2"])
            var script = RunScript("run\(runs.count)")
            var commit = script.accept(stages: 6, workflow: workflow, owner: processes[owner].engine, acceptedAt: now)
            if Bool.random(using: &random) {
                commit.acceptance?.budgets = [
                    QuotaRule(name: "budget of run \(script.id)", metric: "tokens", limit: 900, window: .run)
                ]
            }
            #expect(try processes[owner].store.commit([commit]) == [.committed])
            runs.append(Run(id: script.id, workflow: workflow, epoch: 1, owner: owner, script: script))
        }

        private func demand(_ run: Run, _ stage: Int, _ amount: Int64, starts: Bool) -> QuotaDemand {
            QuotaDemand(
                run: run.id, stage: "s\(stage)", use: QuotaUse(executor: "x.y", subject: "m", workflow: run.workflow),
                amounts: QuotaAmounts(metric: "tokens", subject: "m", amount: amount, price: nil), startsAttempt: starts
            )
        }

        /// Asks for an amount, and reserves it if there is room.
        private func reserve(_ place: Int, _ attempt: Attempt, _ amount: Int64, lease: Int64) throws -> Bool {
            let run = runs[place]
            let process = processes[run.owner]
            var request = SlotRequest(engine: process.engine, at: now, metered: [run.id])
            request.zones = { _ in .utc }
            var verdict: QuotaVerdict?
            var standings: [Int64: QuotaBook.Standing] = [:]
            _ = try process.store.commit(request) { standing in
                guard let book = standing.quotas else { return SlotDecision(commits: []) }
                standings = book.standings
                let answer = book.answer(demand(run, attempt.stage, amount, starts: lease == 0), turn: nil)
                verdict = answer
                guard case .granted(let grant) = answer else { return SlotDecision(commits: []) }
                var commit = RunCommit(run: run.id, epoch: run.epoch)
                commit.reserved = [
                    Reservation(
                        change: ReservationChange(
                            stageIndex: attempt.stage, attempt: attempt.number, parts: grant.parts, lease: lease),
                        engine: process.engine, madeAt: now)
                ]
                return SlotDecision(commits: [commit])
            }
            let found = try #require(verdict, "\(trial): the book was not opened")
            guard case .granted(let grant) = found else {
                refused += 1
                return false
            }
            granted += 1
            for part in grant.parts {
                let standing = try #require(standings[part.quota])
                // Nothing that counts starts before an excess is covered.
                #expect(standing.used + standing.reserved + amount <= standing.rule.limit, "\(trial): \(standing)")
            }
            return true
        }

        private func start() throws {
            guard !runs.isEmpty else { return try accept() }
            let place = Int.random(in: 0..<runs.count, using: &random)
            let busy = Set(runs[place].attempts.map(\.stage))
            guard let stage = (0..<6).filter({ !busy.contains($0) }).randomElement(using: &random) else { return }
            let number = runs[place].stages[stage, default: 0] + 1
            let amount = Int64.random(in: 1...400, using: &random)
            var attempt = Attempt(run: place, stage: stage, number: number, bounds: [0: amount])
            attempt.lease = 0
            guard try reserve(place, attempt, amount, lease: 0) else { return }
            runs[place].stages[stage] = number
            runs[place].attempts.append(attempt)
        }

        /// The place of a run that has attempts, and of one of these.
        private func anAttempt() -> (Int, Int)? {
            guard let place = runs.indices.filter({ !runs[$0].attempts.isEmpty }).randomElement(using: &random) else {
                return nil
            }
            return (place, Int.random(in: 0..<runs[place].attempts.count, using: &random))
        }

        private func hold() throws {
            guard let (place, index) = anAttempt() else { return }
            let amount = Int64.random(in: 1...200, using: &random)
            let lease = runs[place].attempts[index].lease + 1
            guard try reserve(place, runs[place].attempts[index], amount, lease: lease) else { return }
            runs[place].attempts[index].lease = lease
            runs[place].attempts[index].bounds[lease] = amount
        }

        private func usage(_ place: Int, _ index: Int) -> UsageRow? {
            let attempt = runs[place].attempts[index]
            guard let (lease, left) = attempt.bounds.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
            else { return nil }
            let excess = trial.habit == .above && Int.random(in: 0..<3, using: &random) == 0 ? Int64(150) : 0
            guard left + excess > 0 else { return nil }
            let amount = Int64.random(in: 1...(left + excess), using: &random)
            runs[place].attempts[index].bounds[lease] = max(0, left - amount)
            var row = UsageRow(
                stage: "s\(attempt.stage)", attempt: attempt.number, plugin: "x", metric: "tokens", subject: "m",
                amount: amount, at: now)
            row.executor = "x.y"
            row.stageIndex = attempt.stage
            row.lease = lease
            booked.append((now, runs[place].workflow, amount))
            return row
        }

        private func report() throws {
            guard let (place, index) = anAttempt(), let row = usage(place, index) else { return }
            var commit = RunCommit(run: runs[place].id, epoch: runs[place].epoch)
            commit.usage = [row]
            // A hold is settled: its rest goes back.
            if row.lease > 0, Bool.random(using: &random) {
                let attempt = runs[place].attempts[index]
                commit.released = [
                    ReservationChange(stageIndex: attempt.stage, attempt: attempt.number, lease: row.lease)
                ]
                runs[place].attempts[index].bounds[row.lease] = nil
            }
            #expect(try processes[runs[place].owner].store.commit([commit]) == [.committed])
        }

        private func end() throws {
            guard let (place, index) = anAttempt() else { return }
            var commit = RunCommit(run: runs[place].id, epoch: runs[place].epoch)
            if Bool.random(using: &random), let row = usage(place, index) { commit.usage = [row] }
            let attempt = runs[place].attempts.remove(at: index)
            commit.released = [ReservationChange(stageIndex: attempt.stage, attempt: attempt.number)]
            #expect(try processes[runs[place].owner].store.commit([commit]) == [.committed])
        }

        /// A process dies; what it did is taken up by another one, now or much later.
        private func die() throws {
            let place = Int.random(in: 0..<processes.count, using: &random)
            let dead = processes[place].engine
            host.living.withLock { _ = $0.remove(dead) }
            processes[place] = try spawn()
            for run in runs.indices where runs[run].owner == place {
                runs[run].attempts = []
                let heir = Int.random(in: 0..<processes.count, using: &random)
                let epoch = try processes[heir].store.claim(
                    run: runs[run].id, engine: processes[heir].engine, fromEpoch: runs[run].epoch)
                runs[run].epoch = try #require(epoch, "\(trial): \(runs[run].id) cannot be taken up")
                runs[run].owner = heir
                // What the dead one still sends is refused, and reserves nothing.
                var late = RunCommit(run: runs[run].id, epoch: runs[run].epoch - 1)
                late.released = [ReservationChange(stageIndex: 0, attempt: 1)]
                #expect(try processes[place].store.commit([late]) == [.fenced])
            }
        }

        /// A quota is lowered, also below what is used, or raised again.
        private func change() throws {
            try set("tpm", Int64.random(in: 0...1_500, using: &random), .rolling(.minute))
        }

        // MARK: Checking

        func check(_ when: String) throws {
            #expect(try StoreAdministration(state.folder).check().problems == [], "\(trial) \(when)")
            guard trial.habit == .inside else { return }
            let reader = try #require(try StoreReader(state.folder))
            for quota in try reader.quotas(at: now, zones: { _ in .utc }) {
                #expect(quota.standing.left >= 0, "\(trial) \(when): \(quota)")
            }
            for (limit, workflow) in [(Int64(1_000), nil), (700, "w1")] {
                for end in booked {
                    let sum = booked.filter {
                        $0.at <= end.at && $0.at > end.at - .nanoseconds(Self.minute)
                            && (workflow == nil || $0.workflow == workflow)
                    }.reduce(Int64(0)) { $0 + $1.amount }
                    #expect(sum <= limit, "\(trial) \(when): \(sum) in the minute before \(end.at)")
                }
            }
        }

        /// Every attempt ends or dies; nothing is left.
        func finish() throws {
            try check("at the end")
            host.living.withLock { _ = $0.remove(processes[0].engine) }
            for place in runs.indices where runs[place].owner != 0 {
                while !runs[place].attempts.isEmpty {
                    let attempt = runs[place].attempts.removeLast()
                    var commit = RunCommit(run: runs[place].id, epoch: runs[place].epoch)
                    commit.released = [ReservationChange(stageIndex: attempt.stage, attempt: attempt.number)]
                    #expect(try processes[runs[place].owner].store.commit([commit]) == [.committed])
                }
            }
            // Whoever asks next gives back what the dead one had.
            host.monotonic.add(1_000_000_000, ordering: .relaxed)
            let request = SlotRequest(engine: processes[1].engine, at: now, metered: [])
            _ = try processes[1].store.commit(request) { _ in SlotDecision(commits: []) }
            let reader = try #require(try StoreReader(state.folder))
            #expect(try reader.query("SELECT * FROM reservations").rows.isEmpty, "\(trial)")
            #expect(try reader.query("SELECT * FROM quotas WHERE reserved <> 0").rows.isEmpty, "\(trial)")
            #expect(try StoreAdministration(state.folder).check().problems == [], "\(trial)")
            let sum = booked.reduce(Int64(0)) { $0 + $1.amount }
            let ledger = try reader.query("SELECT sum(amount) FROM usage").rows.first?.first
            #expect(booked.isEmpty || "\(ledger ?? .null)" == "\(sum)", "\(trial): the ledger has \(ledger ?? .null)")
        }
    }
}
