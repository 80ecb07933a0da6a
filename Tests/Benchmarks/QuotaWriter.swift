import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// Reserves of a quota and settles, over and over, as an engine of its own does it.
struct QuotaWriter {
    static let rule = QuotaRule(name: "bench", metric: "tokens", limit: 1_000_000_000_000, window: .rolling(.minute))

    private let store: SQLiteStore
    private let seat: EngineSeat
    private var run: BenchmarkRun
    private let counted: String

    /// Opens the store of a folder.
    init(home: String, name: String) throws {
        let folder = StateFolder(home)
        store = try SQLiteStore(folder, options: StoreOptions(durability: .full))
        seat = try EngineSeat(folder, id: name)
        run = BenchmarkRun("run-\(name)")
        counted = "\(home)/pairs-\(name)"
        var accept = run.accept(stages: 1)
        accept.acceptance?.owner = name
        _ = try store.commit([accept, run.step(done: [], next: [0])])
    }

    /// Makes pairs for some time, and writes how many these were.
    ///
    /// - Parameter begin: when, on the monotonic clock.
    func write(from begin: Int64, seconds: Double) throws {
        MonotonicClock.sleep(until: begin)
        let end = begin + Int64(seconds * 1e9)
        var pairs: Int64 = 0
        while MonotonicClock.now() < end {
            pairs += 1
            try pair(pairs)
        }
        try FileSystem.writeAtomically(Array("\(pairs)".utf8), to: counted)
    }

    /// One reservation and its settlement, a transaction each.
    private func pair(_ lease: Int64) throws {
        let at = SystemEngineClock().now()
        let amounts = QuotaAmounts(metric: "tokens", subject: "m", amount: 100, price: nil)
        let demand = QuotaDemand(
            run: run.id, stage: "stage_0", use: QuotaUse(executor: "x.y", subject: "m", workflow: "bench"),
            amounts: amounts, startsAttempt: false)
        var verdict: QuotaVerdict?
        _ = try store.commit(SlotRequest(engine: seat.id, at: at, metered: [run.id])) { standing in
            verdict = standing.quotas?.answer(demand, turn: nil)
            guard case .granted(let grant)? = verdict else { return SlotDecision(commits: []) }
            var commit = RunCommit(run: run.id, epoch: 1)
            let change = ReservationChange(stageIndex: 0, attempt: 1, parts: grant.parts, lease: lease)
            commit.reserved = [Reservation(change: change, engine: seat.id, madeAt: at)]
            return SlotDecision(commits: [commit])
        }
        guard case .granted(let grant)? = verdict, !grant.parts.isEmpty else {
            throw BenchError("nothing was reserved: \(String(describing: verdict))")
        }
        var row = UsageRow(
            stage: "stage_0", attempt: 1, plugin: "x", metric: "tokens", subject: "m", amount: 95, at: at)
        row.executor = "x.y"
        row.stageIndex = 0
        row.lease = lease
        var commit = RunCommit(run: run.id, epoch: 1)
        commit.usage = [row]
        commit.released = [ReservationChange(stageIndex: 0, attempt: 1, lease: lease)]
        guard try store.commit([commit]) == [.committed] else { throw BenchError("the settlement was refused") }
    }
}
