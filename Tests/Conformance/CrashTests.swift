import BattenCore
import BattenSystem
import TestSupport
import Testing

/// Engines that are killed at random instants, over and over: what the calls did is what the journals tell.
///
/// An attempt that ended did its effect once, a lost one at most once, and nothing else did any; all attempts of a stage
/// have one key; and in the end every run ends.
@Suite(.serialized) struct CrashTests {
    @Test func whatWasDoneIsWhatTheJournalTells() throws {
        let minutes = ProcessEnvironment.variable("BATTEN_TEST_SOAK").flatMap { Int64($0) }
        let end = MonotonicClock.now() + (minutes.map { $0 * 60 } ?? 8) * 1_000_000_000
        let fixed = ProcessEnvironment.variable("BATTEN_TEST_SEED").flatMap { UInt64($0) }
        let first = fixed ?? Entropy.bits() >> 16
        print("crashes: from seed \(first)")
        var totals = Totals()
        repeat {
            let seed = first + UInt64(totals.rounds)
            var random = Seeded(seed)
            let round = CrashRound(&random)
            let result = try Scene.play(round.script, seconds: 150)
            totals.rounds += 1
            totals.kills += round.kills
            let report = CrashReport(result.lines)
            totals.runs += report.runs
            totals.effects += report.effects
            totals.doubles += report.doubles
            totals.lost += report.lost
            let wrong = result.status == 0 ? report.violations : ["the script ended with \(result.status)"]
            try #require(
                wrong.isEmpty,
                """
                seed \(seed) (see it again: BATTEN_TEST_SEED=\(seed) scripts/test --filter CrashTests; when a process dies \
                is chance):
                \(wrong.joined(separator: "\n"))
                \(result.errors.suffix(2_000))
                \(report.story.suffix(300).joined(separator: "\n"))
                \(round.script)
                """)
            if totals.rounds.isMultiple(of: 50) { print("crashes: \(totals)") }
        } while MonotonicClock.now() < end && fixed == nil
        print("crashes: \(totals)")
        #expect(totals.runs > 0 && totals.effects > 0)
    }

    private struct Totals: CustomStringConvertible {
        var rounds = 0
        var kills = 0
        var runs = 0
        var effects = 0
        var doubles = 0
        var lost = 0

        var description: String {
            "\(rounds) rounds, \(kills) engines killed, \(runs) runs, \(effects) effects, \(lost) attempts lost, "
                + "\(doubles) of their effects seen"
        }
    }
}

/// One store, some workflows, and the deaths of the engines that drive them.
private struct CrashRound {
    /// Engines that are killed.
    let kills: Int
    /// What happens, for a shell.
    let script: String

    init(_ random: inout Seeded) {
        var text = "cat > child.yaml <<'END'\n\(CrashGraph.make("child", child: nil, &random))END\n"
        let count = 1 + random.below(4)
        for number in 0..<count {
            text += "cat > w\(number).yaml <<'END'\n\(CrashGraph.make("w\(number)", child: "child.yaml", &random))END\n"
        }
        kills = 1 + random.below(5)
        func pause(_ random: inout Seeded) -> String { "sleep 0.\(String(1_000 + random.below(600)).dropFirst())\n" }
        if random.chance(500) {
            // The process that was asked for the run dies, and those that go on with it.
            for number in 0..<count {
                text += "\"$BATTEN\" run w\(number).yaml --quiet > /dev/null 2>&1 & p\(number)=$!\n"
            }
            for number in 0..<kills {
                let victim = number < count ? "p\(number)" : "q"
                text += pause(&random)
                text += "kill -KILL $\(victim); wait $\(victim) 2> /dev/null\n"
                text += "\"$BATTEN\" resume - --quiet > /dev/null 2>&1 & q=$!\n"
            }
            // Who was asked for a run and lives may not have accepted it yet; all of them end where people are asked.
            text += "wait \((0..<count).map { "$p\($0)" }.joined(separator: " ")) $q 2> /dev/null\n"
        } else {
            for number in 0..<count { text += "\"$BATTEN\" run w\(number).yaml --detach > /dev/null 2>&1\n" }
            text += "serve one; one=$!; serve two; two=$!\n"
            for number in 0..<kills {
                let victim = number.isMultiple(of: 2) ? "one" : "two"
                text += pause(&random)
                text += "kill -KILL $\(victim); wait $\(victim) 2> /dev/null; serve \(victim); \(victim)=$!\n"
            }
        }
        script = Self.helpers + text + Self.ending
    }

    private static let helpers = """
        touch ledger
        serve() { "$BATTEN" serve > serve-$1 2>&1 & }
        number() { batten query "$1" --format ndjson | grep -o '[0-9][0-9]*' | head -1; }

        """

    /// Drives everything to its end, and tells what was done and what the journals say.
    private static let ending = """
        serve last; last=$!
        for _ in $(seq 400); do
            left=$(number 'select count(*) as n from runs where ended_at is null')
            [ "$left" = 0 ] && break
            batten gates --format json | grep -E '"(run|stage)": ' | cut -d'"' -f4 | paste - - > open
            while read -r run stage; do batten approve "$run" "$stage" > /dev/null 2>&1; done < open
            sleep 0.05
        done
        echo "left $left"
        batten db check > /dev/null 2>&1; echo "check $?"
        sed 's/^/done /' ledger
        for run in $(batten query 'select id from runs' --format ndjson | sed 's/.*"id": *"\\([^"]*\\)".*/\\1/'); do
            batten events "$run" --format json | sed 's/^/event /'
        done
        """
}

/// What calls did and what journals tell of one round.
private struct CrashReport {
    private(set) var violations: [String] = []
    private(set) var runs = 0
    private(set) var effects = 0
    /// Effects beyond the first of one key.
    private(set) var doubles = 0
    private(set) var lost = 0
    /// The journals, shortened.
    private(set) var story: [String] = []

    private enum Fate { case running, ended, lost }

    init(_ lines: [Substring]) {
        var done: [Substring: Int] = [:]
        var attempts: [String: [Int: Fate]] = [:]
        var completed: Set<String> = []
        /// Attempts that are runs of their own.
        var parents: Set<String> = []
        var open: Set<String> = []
        for line in lines {
            if line.hasPrefix("done ") {
                done[line.dropFirst(5), default: 0] += 1
            } else if line.hasPrefix("event ") {
                guard let event = try? JSONReader.parse(String(line.dropFirst(6))),
                    let run = event["run"]?.stringValue, let type = event["type"]?.stringValue
                else {
                    violations.append("no event: \(line)")
                    continue
                }
                story.append(String(line.prefix(220)))
                if type == "run_accepted" {
                    open.insert(run)
                    if let parent = event["data"]?["parent"] {
                        parents.insert("\(parent["run"]?.stringValue ?? "")/\(parent["stage"]?.stringValue ?? "")")
                    }
                }
                if Self.runEnds.contains(type) { open.remove(run) }
                runs += type == "run_accepted" ? 1 : 0
                guard let stage = event["stage"]?.stringValue else { continue }
                let key = "\(run)/\(stage)" + (event["item"]?.intValue.map { "/\($0)" } ?? "")
                guard let attempt = event["attempt"]?.intValue.map({ Int($0) }) else { continue }
                switch type {
                case "stage_started":
                    if completed.contains(key) { violations.append("\(key) started after it had completed") }
                    attempts[key, default: [:]][attempt] = .running
                case "attempt_lost":
                    attempts[key, default: [:]][attempt] = .lost
                    lost += 1
                case "stage_completed", "stage_failed", "stage_retrying":
                    attempts[key, default: [:]][attempt] = .ended
                    if type == "stage_completed" { completed.insert(key) }
                default: break
                }
            } else if line != "left 0", line != "check 0" {
                violations.append(String(line))
            }
        }
        for run in open.sorted() { violations.append("run \(run) has not ended") }
        compare(done, attempts.filter { !parents.contains($0.key) })
    }

    private mutating func compare(_ done: [Substring: Int], _ attempts: [String: [Int: Fate]]) {
        var keys: [String: Int] = [:]
        for (line, count) in done.sorted(by: { $0.key < $1.key }) {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let attempt = Int(parts[1]) else {
                violations.append("'\(line)' is no effect")
                continue
            }
            let key = String(parts[0])
            effects += count
            if count > 1 { violations.append("\(key), attempt \(attempt): done \(count) times") }
            guard let fate = attempts[key]?[attempt] else {
                violations.append("\(key), attempt \(attempt): done, and no journal tells of it")
                continue
            }
            if fate == .lost { doubles += 1 }
            keys[key, default: 0] += 1
        }
        for (key, made) in attempts.sorted(by: { $0.key < $1.key }) {
            for (attempt, fate) in made.sorted(by: { $0.key < $1.key })
            where fate == .ended && done["\(key) \(attempt)"] == nil {
                violations.append("\(key), attempt \(attempt): ended, and it was not done")
            }
        }
    }

    private static let runEnds: Set = ["run_completed", "run_failed", "run_cancelled", "run_timed_out"]
}
