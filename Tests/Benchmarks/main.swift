import BattenStore
import BattenSystem
import Glibc

// The benchmarks of the project: `scripts/bench` builds and calls this.
//   batten-bench BUILD-FOLDER SCRATCH-FOLDER [PART,…]
let words = CommandLine.arguments
if words.count == 2, words[1] == "echo" {
    Limits.echo()
    exit(0)
}
if words.count == 6, words[1] == "quota-writer", let begin = Int64(words[4]), let seconds = Double(words[5]) {
    do {
        try QuotaWriter(home: words[2], name: words[3]).write(from: begin, seconds: seconds)
        exit(0)
    } catch {
        print("batten-bench: \(error)")
        exit(2)
    }
}
let parts = [
    "chain", "chain-full", "full", "normal", "dispatch", "language", "shell", "cold", "http", "worker", "history",
    "recovery", "controls", "for-each", "idle", "schedules", "repl", "quota",
]
let wanted =
    words.count > 3 ? words[3].split(separator: ",").map(String.init) : Array(parts.dropFirst(2))
guard words.count >= 3, wanted.allSatisfy(parts.contains) else {
    print("usage: batten-bench BUILD-FOLDER SCRATCH-FOLDER [PART,…]   parts: \(parts.joined(separator: ", "))")
    exit(2)
}
let build = words[1]
let scratch = words[2]
Table.printHeader()
if wanted == ["chain"] || wanted == ["chain-full"] {
    // For a profiler: nothing but commits of a chain.
    let bench = try BenchEngine(wanted == ["chain"] ? .normal : .full, scratch: scratch, build: build)
    for _ in 0..<20 { _ = try bench.run(BenchWorkflows.chain(1_000, uses: "noop.begin")) }
    bench.close()
    exit(0)
}
do {
    // First, while this process is small: the kernel counts the parent's memory at the spawn into the child's peak.
    if wanted.contains("cold") { try ProcessFigures.cold(scratch: scratch, build: build) }
    if wanted.contains("full") {
        let limit = Limits.commitsPerSecond(synchronous: "FULL", in: scratch)
        Table.show(.plain("limit: SQLite commits, FULL", "\(Figure.short(limit)) /s"))
        try EngineFigures.measure(.full, commits: limit, scratch: scratch, build: build)
    }
    if wanted.contains("normal") {
        let limit = Limits.commitsPerSecond(synchronous: "NORMAL", in: scratch)
        Table.show(.plain("limit: SQLite commits, NORMAL", "\(Figure.short(limit)) /s"))
        try EngineFigures.measure(.normal, commits: limit, scratch: scratch, build: build)
    }
    if wanted.contains("dispatch") {
        let limit = Limits.threadRoundTrip()
        Table.show(.plain("limit: two threads, there and back", "\(Figure.short(limit)) µs"))
        try DispatchFigures.measure(roundTrip: limit, scratch: scratch, build: build)
    }
    if wanted.contains("language") { try LanguageFigures.measure(scratch: scratch, build: build) }
    if wanted.contains("shell") {
        try ProcessFigures.shell(spawns: Limits.spawnsPerSecond(), scratch: scratch, build: build)
    }
    if wanted.contains("worker") { try WorkerFigures.measure(scratch: scratch, build: build) }
    if wanted.contains("http") { try HTTPFigures.measure(scratch: scratch, build: build) }
    if wanted.contains("history") { try HistoryFigures.measure(scratch: scratch, build: build) }
    if wanted.contains("recovery") { try ServiceFigures.recovery(scratch: scratch, build: build) }
    if wanted.contains("controls") { try ServiceFigures.controls(scratch: scratch, build: build) }
    if wanted.contains("for-each") { try EngineFigures.forEach(scratch: scratch, build: build) }
    if wanted.contains("idle") { try ServiceFigures.idle(scratch: scratch, build: build) }
    if wanted.contains("schedules") { try ScheduleFigures.measure(scratch: scratch, build: build) }
    if wanted.contains("quota") { try QuotaFigures.measure(scratch: scratch, build: build) }
    if wanted.contains("repl") {
        let limit = Limits.commitsPerSecond(synchronous: "FULL", in: scratch)
        try ReplFigures.measure(commits: limit, scratch: scratch, build: build)
    }
} catch {
    print("batten-bench: \(error)")
    exit(2)
}
exit(Table.missed == 0 ? 0 : 1)
