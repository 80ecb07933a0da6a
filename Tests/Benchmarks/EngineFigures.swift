import BattenCore
import BattenStore

/// Durable stages a second: chains, fan-outs, many runs.
enum EngineFigures {
    static func measure(_ durability: StoreOptions.Durability, commits: Double, scratch: String, build: String) throws {
        let name = durability.rawValue.uppercased()
        let bench = try BenchEngine(durability, scratch: scratch, build: build)
        defer { bench.close() }
        // Until the log has been filled once each commit makes the file longer, which costs the disk twice as much.
        for _ in 0..<3 { _ = try bench.run(BenchWorkflows.chain(1_000, uses: "noop.begin")) }
        for (count, repeats) in [(100, 5), (1_000, 3)] {
            let seconds = try best(of: repeats) { try bench.run(BenchWorkflows.chain(count, uses: "noop.begin")) }
            let rate = Double(count) / seconds
            let value = "\(Figure.short(rate)) stages/s"
            if durability == .full {
                Table.show(
                    .atLeast(
                        0.7, rate / commits, name: "chain of \(count) no-ops, \(name)", value: value,
                        limit: "\(Figure.short(commits)) commits/s"))
            } else {
                Table.show(
                    .atLeast(8_000, rate, name: "chain of \(count) no-ops, \(name)", value: value))
            }
        }
        let floor: Double = durability == .full ? 5_000 : 10_000
        let fan = try best(of: 3) { try bench.run(BenchWorkflows.fanOut(1_000, uses: "noop.begin")) }
        Table.show(
            .atLeast(
                floor, 1_002 / fan, name: "fan-out 1 → 1,000 → 1, \(name)",
                value: "\(Figure.short(1_002 / fan)) stages/s"))
        let many = try best(of: 3) { try bench.run(BenchWorkflows.chain(3, uses: "noop.begin"), times: 500) }
        Table.show(
            .atLeast(
                floor, 1_500 / many, name: "500 runs of 3 stages, \(name)",
                value: "\(Figure.short(1_500 / many)) stages/s"))
    }

    /// One stage over many items.
    static func forEach(scratch: String, build: String) throws {
        let count = 10_000
        for (durability, floor) in [(StoreOptions.Durability.normal, 10_000.0), (.full, 5_000.0)] {
            let bench = try BenchEngine(durability, scratch: scratch, build: build)
            defer { bench.close() }
            var each = StageDefinition(id: "each", uses: "noop.begin")
            each.forEach = .string("${{ range(0, \(count)) }}")
            let workflow = WorkflowDefinition(name: "items", stages: [each])
            let rate = try Double(count) / best { try bench.run(workflow) }
            Table.show(
                .atLeast(
                    floor, rate, name: "for_each of 10,000 no-ops, \(durability.rawValue.uppercased())",
                    value: "\(Figure.short(rate)) items/s"))
        }
    }

    /// The shortest of some tries: the others were disturbed.
    static func best(of count: Int = 3, _ body: () throws -> Double) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<count { best = min(best, try body()) }
        return best
    }
}
