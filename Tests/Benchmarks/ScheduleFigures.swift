import BattenCore
import BattenStore
import BattenSystem
import Glibc

/// Schedules: how late runs start when many are due at once, and what an engine uses that waits for ten thousand.
enum ScheduleFigures {
    static func measure(scratch: String, build: String) throws {
        let batten = "\(build)/batten"
        let folder = try FileSystem.makeTemporaryFolder(prefix: "\(scratch)/schedules-")
        defer { try? FileSystem.removeTree(folder) }
        let home = StateFolder(folder + "/home")
        for number in 0..<100 {
            let file = "\(folder)/tick\(number).yaml"
            let text = "name: tick\(number)\nstages:\n  - {id: a, uses: set, with: {x: \(number)}}\n"
            try FileSystem.writeAtomically(Array(text.utf8), to: file)
            _ = try ProcessFigures.spawn([batten, "add", file, "--home", home.path])
        }
        let process = try BenchProcess([batten, "serve", "--home", home.path])
        defer { process.end(SIGKILL) }
        guard let reader = try StoreReader(home) else { throw BenchError("the store was not made") }
        try awaitIt("an engine that serves") { try !reader.living(role: "serve").isEmpty }
        MonotonicClock.sleep(until: MonotonicClock.now() + 2_000_000_000)
        let memory = try Double(process.status("VmRSS")) / 1024
        Table.show(
            .atMost(
                25, memory, name: "idle 'batten serve', 100 workflows, memory", value: "\(Figure.short(memory)) MiB"))
        try idle(process, home)
        try lateness(reader, home)
        try ScheduleMonth(folder: folder).measure()
    }

    /// Writes schedules, and wakes who serves.
    private static func write(
        _ count: Int, named prefix: String, _ home: StateFolder, _ rule: (Int) throws -> ScheduleRule
    ) throws {
        let store = try SQLiteStore(home, options: StoreOptions(durability: .off))
        let now = Timestamp(nanoseconds: WallClock.now())
        for part in 0..<100 {
            let made = try stride(from: part, to: count, by: 100).map { number in
                let rule = try rule(number)
                let due = rule.times(in: .utc).next(after: now)
                return Schedule(
                    name: "\(prefix)\(number)", workflow: "tick\(part)", rule: rule, origin: .command, position: now,
                    nextAt: due, createdAt: now)
            }
            try store.changeSchedules(ofWorkflow: "tick\(part)", at: now) { _ in (made, []) }
        }
        for engine in try EngineFolder.living(in: home) { _ = try EngineFolder.wake(engine, in: home) }
    }

    private static func idle(_ process: BenchProcess, _ home: StateFolder) throws {
        let count = 10_000
        try write(count, named: "idle", home) { number in
            try ScheduleRule(["cron": .string("\(number % 60) 6 * * *"), "start": "2200-01-01T00:00:00Z"])
        }
        MonotonicClock.sleep(until: MonotonicClock.now() + 5_000_000_000)
        let seconds = 60.0
        let (time, switches) = (try process.processorMilliseconds(), try process.voluntarySwitches())
        MonotonicClock.sleep(until: MonotonicClock.now() + Int64(seconds * 1e9))
        let used = try process.processorMilliseconds() - time
        let wakes = Double(try process.voluntarySwitches() - switches) / seconds
        Table.show(
            .atMost(
                0.1, used / seconds / 10, name: "idle, 10,000 schedules, processor",
                value: "\(Figure.short(used)) ms in \(Int(seconds)) s", limit: "% of one processor"))
        Table.show(
            .atMost(1, wakes, name: "idle, 10,000 schedules, wake-ups", value: "\(Figure.short(wakes)) /s"))
    }

    private static func lateness(_ reader: StoreReader, _ home: StateFolder) throws {
        let count = 1_000
        let due = Timestamp(nanoseconds: (WallClock.now() / 1_000_000_000 + 8) * 1_000_000_000)
        try write(count, named: "due", home) { _ in try ScheduleRule(["at": .string(due.rfc3339)]) }
        var late: [Double] = []
        try awaitIt("a thousand runs", every: 50_000_000) {
            late = try reader.runs(limit: 10_000).items.compactMap { run in
                run.startedAt.map { Double(($0 - due).saturatedNanoseconds) / 1e6 }
            }
            return late.count >= count
        }
        late.sort()
        guard late.count == count else { throw BenchError("\(late.count) runs were started") }
        Table.show(
            .atMost(
                250, late[count * 99 / 100], name: "1,000 schedules due in one second, lateness p99",
                value: "\(Figure.short(late[count * 99 / 100])) ms",
                limit: "p50: \(Figure.short(late[count / 2])) ms"))
    }
}
