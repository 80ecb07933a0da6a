import TestSupport

/// A workflow of a random shape whose stages write down what they do, for processes that are killed at any instant.
struct CrashGraph {
    /// The workflow's file.
    let text: String
    /// Its stages that have an undo.
    let undone: Set<String>
    /// The stages of its hooks, by their event.
    let hooks: [String: [String]]

    /// Each call writes its key and the number of its attempt, in one write, to the file `ledger`.
    private static let effect = #"echo "$BATTEN_IDEMPOTENCY_KEY $BATTEN_ATTEMPT" >> ledger"#
    /// Says no the first time.
    private static let secondThought = #"; [ "$BATTEN_ATTEMPT" -gt 1 ]"#

    /// Draws a workflow.
    ///
    /// - Parameter child: file of a workflow that it may run; nil when it may not.
    init(_ name: String, child: String?, _ random: inout Seeded) {
        var lines = ["name: \(name)"]
        if random.chance(300) { lines.append("max_parallel: \(1 + random.below(3))") }
        var hooks: [String: [String]] = [:]
        for event in ["on_start", "on_waiting", "on_recovery", "on_success", "on_failure"] where random.chance(200) {
            hooks[event] = ["h0", "h1"].dropLast(random.below(2))
        }
        if !hooks.isEmpty { lines.append("hooks:") }
        for (event, stages) in hooks.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(event):")
            for (place, id) in stages.enumerated() {
                lines += Self.shell(id, after: place > 0 && random.chance(500) ? ["h0"] : [], &random)
                    .map { "  " + $0 }
            }
        }
        lines.append("stages:")
        let count = 3 + random.below(child == nil ? 3 : 7)
        let shape = random.below(4)
        // Where the run goes wrong, if it does.
        let bad = random.chance(child == nil ? 150 : 350) ? 1 + random.below(count - 1) : count
        var undone: Set<String> = []
        for number in 0..<count {
            let after = Self.dependencies(of: number, count, shape, &random)
            if number == bad {
                lines += Self.head("s\(number)", after: after)
                lines += ["    uses: shell.run", "    with: {script: '\(Self.effect); exit 9'}"]
                continue
            }
            lines += Self.stage("s\(number)", after: after, child, &random)
            guard random.chance(350) else { continue }
            undone.insert("s\(number)")
            lines += Self.undo(child, &random)
        }
        if random.chance(300) {
            lines.append("finally:")
            lines += Self.shell("last", after: [], &random)
        }
        text = lines.joined(separator: "\n") + "\n"
        self.undone = undone
        self.hooks = hooks
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

    private static func head(_ id: String, after: [String]) -> [String] {
        ["  - id: \(id)", "    depends_on: [\(after.joined(separator: ", "))]"]
    }

    private static func stage(
        _ id: String, after: [String], _ child: String?, _ random: inout Seeded
    ) -> [String] {
        let head = head(id, after: after)
        switch random.below(12) {
        case 0: return head + ["    uses: sleep", "    with: {for: \(20 + random.below(150))ms}"]
        case 1: return head + ["    uses: gate", "    with: {prompt: Go on?, timeout: 200ms, on_timeout: approve}"]
        case 2 where child != nil: return head + ["    uses: gate", "    with: {prompt: Go on?}"]
        case 3...5:
            guard let child else { return shell(id, after: after, &random) }
            return head + items(&random) + ["    uses: workflow", "    with: {path: \(child)}"]
        default: return shell(id, after: after, &random)
        }
    }

    private static func shell(_ id: String, after: [String], _ random: inout Seeded) -> [String] {
        var lines = head(id, after: after) + ["    uses: shell.run"] + items(&random)
        if random.chance(100) { lines.append("    on_lost: fail") }
        var script = script(&random)
        if random.chance(250) {
            lines.append("    retry: {max_attempts: 4, initial: 20ms}")
            script += secondThought
        }
        return lines + ["    with: {script: '\(script)'}"]
    }

    private static func items(_ random: inout Seeded) -> [String] {
        guard random.chance(300) else { return [] }
        let items = "    for_each: [\((0..<(1 + random.below(5))).map { "\($0)" }.joined(separator: ", "))]"
        return random.chance(500) ? [items, "    max_parallel: 2"] : [items]
    }

    private static func script(_ random: inout Seeded) -> String {
        let before = random.chance(400) ? "sleep 0.0\(1 + random.below(9)); " : ""
        return before + effect + (random.chance(600) ? "; sleep 0.0\(1 + random.below(9))" : "")
    }

    private static func undo(_ child: String?, _ random: inout Seeded) -> [String] {
        let body: [String]
        switch random.below(10) {
        case 0: body = ["uses: sleep", "with: {for: \(20 + random.below(150))ms}"]
        case 1: body = ["uses: gate", "with: {prompt: Undo it?, timeout: 200ms, on_timeout: reject}"]
        case 2 where child != nil: body = ["uses: gate", "with: {prompt: Undo it?}"]
        case 3 where child != nil: body = ["uses: workflow", "with: {path: \(child ?? "")}"]
        case 4: body = ["uses: shell.run", "with: {script: '\(effect); exit 3'}"]
        case 5, 6:
            body = [
                "uses: shell.run", "retry: {max_attempts: 4, initial: 20ms}",
                "with: {script: '\(script(&random) + secondThought)'}",
            ]
        default: body = ["uses: shell.run", "with: {script: '\(script(&random))'}"]
        }
        return ["    compensate:"] + body.map { "      " + $0 }
    }
}
