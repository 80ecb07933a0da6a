import BattenCore
import BattenStore
import BattenSystem
import Glibc

/// Stages that are processes, and the program itself.
enum ProcessFigures {
    static func shell(spawns: Double, scratch: String, build: String) throws {
        let bench = try BenchEngine(.normal, scratch: scratch, build: build)
        defer { bench.close() }
        let with: JSONObject = ["argv": ["/bin/true"]]
        _ = try bench.run(BenchWorkflows.chain(5, uses: "shell.run", with: with))
        let chain = try EngineFigures.best { try bench.run(BenchWorkflows.chain(40, uses: "shell.run", with: with)) }
        Table.show(.plain("40 shell stages in a chain", "\(Figure.short(chain * 1e3)) ms"))
        let fan = try EngineFigures.best { try bench.run(BenchWorkflows.fanOut(38, uses: "shell.run", with: with)) }
        Table.show(.plain("40 shell stages as a fan-out", "\(Figure.short(fan * 1e3)) ms"))
        let many = try EngineFigures.best {
            try bench.run(BenchWorkflows.fanOut(998, uses: "shell.run", with: with))
        }
        let make = try EngineFigures.best { try makeSeconds(count: 1_000, scratch: scratch) }
        Table.show(.plain("limit: posix_spawn of /bin/true, 4 at once", "\(Figure.short(spawns)) /s"))
        Table.show(
            .atMost(
                1.5, many / make, name: "1,000 /bin/true as a fan-out", value: "\(Figure.short(many * 1e3)) ms",
                limit: "make -j8: \(Figure.short(make * 1e3)) ms"))
    }

    /// A one-stage run from a cold start: time and peak memory of the process.
    static func cold(scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/cold-")
        defer { try? FileSystem.removeTree(folder) }
        let file = folder + "/one.yaml"
        try FileSystem.writeAtomically(
            Array("name: one\nstages:\n  - {id: one, uses: shell.run, with: {argv: [/bin/true]}}\n".utf8), to: file)
        var peak = 0
        let arguments = ["\(build)/batten", "run", "--home", folder + "/home", file]
        _ = try spawn(arguments)
        let seconds = try EngineFigures.best(of: 10) {
            let result = try spawn(arguments)
            guard result.code == 0 else { throw BenchError("batten run ended with \(result.code)") }
            peak = max(peak, result.peakKiB)
            return result.seconds
        }
        Table.show(
            .atMost(30, seconds * 1e3, name: "cold run of one stage", value: "\(Figure.short(seconds * 1e3)) ms"))
        let mebibytes = Double(peak) / 1024
        Table.show(.atMost(40, mebibytes, name: "cold run of one stage, peak", value: "\(Figure.short(mebibytes)) MiB"))
    }

    private static func makeSeconds(count: Int, scratch: String) throws -> Double {
        let file = scratch + "/Makefile"
        let targets = (0..<count).map { "t\($0)" }.joined(separator: " ")
        try FileSystem.writeAtomically(
            Array("all: \(targets)\n.PHONY: all \(targets)\n\(targets):\n\t@/bin/true\n".utf8), to: file)
        return try spawn(["/usr/bin/make", "-s", "-j8", "-f", file, "all"]).seconds
    }

    /// Runs a program to its end with its output thrown away.
    static func spawn(_ arguments: [String]) throws -> (code: Int32, seconds: Double, peakKiB: Int) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [Int32(0), 1, 2] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var child = pid_t()
        let begun = MonotonicClock.now()
        guard posix_spawn(&child, arguments[0], &actions, nil, words, environ) == 0 else {
            throw BenchError("\(arguments[0]) cannot be started")
        }
        var status: Int32 = 0
        var usage = rusage()
        guard wait4(child, &status, 0, &usage) == child else { throw BenchError("\(arguments[0]) was lost") }
        let seconds = Double(MonotonicClock.now() - begun) / 1e9
        return ((status >> 8) & 0xff, seconds, usage.ru_maxrss)
    }
}
