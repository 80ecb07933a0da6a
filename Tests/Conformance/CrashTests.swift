import BattenCore
import BattenSystem
import TestSupport
import Testing

/// Engines that are killed at random instants, over and over: what the calls did is what the journals tell.
///
/// An attempt that ended did its effect once, a lost one at most once, and nothing else did any; all attempts of a stage
/// have one key; what has completed is undone once and in order where a run goes wrong; hooks come as often as their
/// events; and in the end every run ends.
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
            let report = CrashReport(result.lines, round.graphs)
            totals.runs += report.runs
            totals.effects += report.effects
            totals.doubles += report.doubles
            totals.lost += report.lost
            totals.undos += report.undos
            totals.hooks += report.hooks
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
        var undos = 0
        var hooks = 0

        var description: String {
            "\(rounds) rounds, \(kills) engines killed, \(runs) runs, \(effects) effects, \(lost) attempts lost, "
                + "\(doubles) of their effects seen, \(undos) undos, \(hooks) hooks"
        }
    }
}

/// One store, some workflows, and the deaths of the engines that drive them.
private struct CrashRound {
    /// The workflows, by name.
    let graphs: [String: CrashGraph]
    /// Engines that are killed.
    let kills: Int
    /// What happens, for a shell.
    let script: String

    init(_ random: inout Seeded) {
        let count = 1 + random.below(4)
        var graphs = ["child": CrashGraph("child", child: nil, &random)]
        for number in 0..<count { graphs["w\(number)"] = CrashGraph("w\(number)", child: "child.yaml", &random) }
        self.graphs = graphs
        var text = ""
        for (name, graph) in graphs.sorted(by: { $0.key < $1.key }) {
            text += "cat > \(name).yaml <<'END'\n\(graph.text)END\n"
        }
        kills = 1 + random.below(5)
        func pause(_ random: inout Seeded) -> String { "sleep 0.\(String(1_000 + random.below(600)).dropFirst())\n" }
        func cancel(_ random: inout Seeded) -> String {
            random.chance(150) ? "\"$BATTEN\" cancel - > /dev/null 2>&1\n" : ""
        }
        if random.chance(500) {
            // The process that was asked for the run dies, and those that go on with it.
            for number in 0..<count {
                text += "\"$BATTEN\" run w\(number).yaml --quiet > /dev/null 2>&1 & p\(number)=$!\n"
            }
            for number in 0..<kills {
                let victim = number < count ? "p\(number)" : "q"
                text += pause(&random) + cancel(&random)
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
                text += pause(&random) + cancel(&random)
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
