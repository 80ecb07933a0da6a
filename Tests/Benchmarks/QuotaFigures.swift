import BattenCore
import BattenStore
import BattenSystem

/// Quotas: what reserving and settling costs, and how much of a limit is used.
enum QuotaFigures {
    static func measure(scratch: String, build: String) throws {
        let commits = Limits.commitsPerSecond(synchronous: "FULL", in: scratch)
        Table.show(.plain("limit: SQLite commits, FULL", "\(Figure.short(commits)) /s"))
        for writers in [1, 8] { try pairs(writers: writers, commits: commits, scratch: scratch, build: build) }
        let rules = [
            QuotaRule(
                name: "counted", metric: QuotaMetric.stageRuns, limit: 1_000_000_000, window: .rolling(.minute),
                scope: QuotaScope([QuotaScope.Pattern(.plugin, "noop")])),
            QuotaRule(name: "bound", metric: "output_tokens", limit: 1_000_000_000_000, window: .rolling(.minute)),
        ]
        let free = try BenchEngine(.full, scratch: scratch, build: build, counts: true)
        defer { free.close() }
        let limited = try BenchEngine(.full, scratch: scratch, build: build, quotas: rules, counts: true)
        defer { limited.close() }
        try stages(free, limited)
        try holds(limited)
        try QuotaWindowFigures.measure(scratch: scratch, build: build)
    }

    // MARK: The store

    /// Reservations and settlements of processes that write to one file, a transaction each.
    private static func pairs(writers: Int, commits: Double, scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "\(scratch)/quota-")
        defer { try? FileSystem.removeTree(folder) }
        let home = StateFolder(folder + "/home")
        do {
            let store = try SQLiteStore(home)
            _ = try store.set(QuotaWriter.rule, at: Timestamp(nanoseconds: WallClock.now()), zones: { _ in .utc })
        }
        let seconds = 3.0
        let begin = MonotonicClock.now() + 2_000_000_000
        let processes = try (1...writers).map { number in
            try BenchProcess([
                "\(build)/batten-bench", "quota-writer", home.path, "w\(number)", "\(begin)", "\(seconds)",
            ])
        }
        for process in processes { process.end(0) }
        var pairs: Int64 = 0
        for number in 1...writers {
            let file = "\(home.path)/pairs-w\(number)"
            guard let count = try Int64(String(decoding: FileSystem.read(file), as: UTF8.self)) else {
                throw BenchError("\(file) is no number")
            }
            pairs += count
        }
        guard let reader = try StoreReader(home),
            let quota = try reader.quotas(at: Timestamp(nanoseconds: WallClock.now()), zones: { _ in .utc }).first
        else {
            throw BenchError("the quota is gone")
        }
        let ledger = try reader.query("SELECT sum(amount) FROM usage").rows.first?.first
        guard quota.standing.reserved == 0, "\(ledger ?? .null)" == "\(pairs * 95)" else {
            throw BenchError(
                "\(quota.standing.reserved) stay reserved, and \(ledger ?? .null) are booked of \(pairs * 95)")
        }
        let rate = Double(pairs) / seconds
        Table.show(
            Figure(
                name: "reserve, then settle, " + (writers == 1 ? "alone" : "\(writers) processes on one file"),
                value: "\(Figure.short(rate)) pairs/s", limit: "\(Figure.short(commits / 2)) 2 commits/s",
                ratio: rate * 2 / commits, rule: "", holds: nil))
    }

    // MARK: Stages

    private static let length = 300
    private static let tries = 5

    private static func chain(_ executor: String, _ with: JSONObject) -> WorkflowDefinition {
        BenchWorkflows.chain(length, uses: executor, with: with)
    }

    /// What a quota adds to a stage, and that it adds no commit.
    private static func stages(_ free: BenchEngine, _ limited: BenchEngine) throws {
        let counted = chain("noop.begin", [:])
        let bounded = chain("meter.use", ["max_output_tokens": 10])
        // Their files are as long as they will be before they are measured.
        for bench in [free, limited] { for _ in 0..<3 { _ = try bench.run(bounded) } }
        let before = (free.commits, limited.commits)
        for (name, workflow) in [("a count", counted), ("a bound", bounded)] {
            var pairs: [(free: Double, limited: Double)] = []
            // In turn, since the disk changes its mind.
            for _ in 0..<tries { pairs.append((try free.run(workflow), try limited.run(workflow))) }
            pairs.sort { $0.limited / $0.free < $1.limited / $1.free }
            let median = pairs[pairs.count / 2]
            let added = (median.limited - median.free) / Double(length) * 1e6
            Table.show(
                Figure(
                    name: "a stage with a quota of \(name)",
                    value: "\(Figure.short(max(0, added))) µs more",
                    limit: "\(Figure.short(median.free / Double(length) * 1e6)) µs a stage",
                    ratio: median.limited / median.free, rule: "", holds: nil))
            if workflow == counted {
                let made = (free.commits - before.0, limited.commits - before.1)
                Table.show(
                    .atMost(
                        1.01, Double(made.1) / Double(made.0), name: "commits of \(tries * length) stages with a quota",
                        value: "\(made.1)", limit: "\(made.0) without"))
            }
        }
    }

    /// What holding adds to a call.
    private static func holds(_ bench: BenchEngine) throws {
        let holding: JSONObject = ["hold": 20, "out": 10]
        let (hold, use) = (chain("meter.hold", holding), chain("meter.use", ["max_output_tokens": 10]))
        _ = try bench.run(hold)
        var pairs: [(added: Double, commits: Double)] = []
        for _ in 0..<tries {
            let seconds = try bench.run(hold) - bench.run(use)
            let commit = 1 / Limits.commitsPerSecond(synchronous: "FULL", in: bench.folder, seconds: 0.25)
            pairs.append((seconds / Double(length), commit))
        }
        pairs.sort { $0.added / $0.commits < $1.added / $1.commits }
        let median = pairs[pairs.count / 2]
        Table.show(
            Figure(
                name: "a hold, from asking to being granted, alone", value: "\(Figure.short(median.added * 1e6)) µs",
                limit: "\(Figure.short(median.commits * 1e6)) µs a commit", ratio: median.added / median.commits,
                rule: "", holds: nil))
        var each = StageDefinition(id: "each", uses: "meter.hold", with: holding)
        each.forEach = .string("${{ range(0, 1000) }}")
        let before = bench.commits
        let seconds = try bench.run(WorkflowDefinition(name: "items", stages: [each]))
        let commits = Double(bench.commits - before)
        Table.show(
            .atMost(
                0.5, commits / 3_000, name: "1,000 calls at once that hold, commits", value: "\(Int(commits))",
                limit: "1,000 starts, holds, ends"))
        Table.show(.plain("1,000 calls at once that hold", "\(Figure.short(1_000 / seconds)) calls/s"))
    }
}
