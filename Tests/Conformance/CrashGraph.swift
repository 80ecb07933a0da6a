import TestSupport

/// Workflows whose stages write down what they do, for processes that are killed at any instant.
enum CrashGraph {
    /// Each call writes its key and the number of its attempt, in one write, to the file `ledger`.
    private static let effect = #"echo "$BATTEN_IDEMPOTENCY_KEY $BATTEN_ATTEMPT" >> ledger"#

    /// Makes a workflow of a random shape.
    ///
    /// - Parameter child: file of a workflow that it may run; nil when it may not.
    static func make(_ name: String, child: String?, _ random: inout Seeded) -> String {
        var lines = ["name: \(name)"]
        if random.chance(300) { lines.append("max_parallel: \(1 + random.below(3))") }
        lines.append("stages:")
        let count = 3 + random.below(child == nil ? 3 : 7)
        let shape = random.below(4)
        for number in 0..<count {
            lines += stage("s\(number)", after: dependencies(of: number, count, shape, &random), child, &random)
        }
        if random.chance(300) {
            lines.append("finally:")
            lines += shell("last", after: [], &random)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A chain, a fan that is gathered again, diamonds, or anything.
    private static func dependencies(
        of number: Int, _ count: Int, _ shape: Int, _ random: inout Seeded
    ) -> [String] {
        guard number > 0 else { return [] }
        switch shape {
        case 0: return ["s\(number - 1)"]
        case 1: return number == count - 1 ? (1..<max(2, number)).map { "s\($0)" } : ["s0"]
        case 2: return number % 3 == 0 ? ["s\(number - 1)", "s\(max(0, number - 2))"] : ["s\(number - number % 3)"]
        default: return (0..<number).filter { _ in random.chance(350) }.map { "s\($0)" }
        }
    }

    private static func stage(
        _ id: String, after: [String], _ child: String?, _ random: inout Seeded
    ) -> [String] {
        let head = ["  - id: \(id)", "    depends_on: [\(after.joined(separator: ", "))]"]
        switch random.below(12) {
        case 0: return head + ["    uses: sleep", "    with: {for: \(20 + random.below(150))ms}"]
        case 1: return head + ["    uses: gate", "    with: {prompt: Go on?, timeout: 200ms, on_timeout: approve}"]
        case 2 where child != nil: return head + ["    uses: gate", "    with: {prompt: Go on?}"]
        case 3...5:
            guard let child else { return shell(id, after: after, &random) }
            return head + ["    uses: workflow", "    with: {path: \(child)}"]
        default: return shell(id, after: after, &random)
        }
    }

    private static func shell(_ id: String, after: [String], _ random: inout Seeded) -> [String] {
        var lines = ["  - id: \(id)", "    uses: shell.run"]
        if !after.isEmpty { lines.append("    depends_on: [\(after.joined(separator: ", "))]") }
        if random.chance(300) {
            lines.append("    for_each: [\((0..<(1 + random.below(5))).map { "\($0)" }.joined(separator: ", "))]")
            if random.chance(500) { lines.append("    max_parallel: 2") }
        }
        if random.chance(100) { lines.append("    on_lost: fail") }
        var script = random.chance(400) ? "sleep 0.0\(1 + random.below(9)); " + effect : effect
        if random.chance(600) { script += "; sleep 0.0\(1 + random.below(9))" }
        if random.chance(250) {
            // The first attempt says no.
            lines.append("    retry: {max_attempts: 4, initial: 20ms}")
            script += #"; [ "$BATTEN_ATTEMPT" -gt 1 ]"#
        }
        return lines + ["    with: {script: '\(script)'}"]
    }
}
