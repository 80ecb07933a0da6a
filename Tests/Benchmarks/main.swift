import BattenStore
import BattenSystem
import Glibc

// The benchmarks of the project: `scripts/bench` builds and calls this.
//   batten-bench BUILD-FOLDER SCRATCH-FOLDER
let words = CommandLine.arguments
guard words.count >= 3 else {
    print("usage: batten-bench BUILD-FOLDER SCRATCH-FOLDER")
    exit(2)
}
let build = words[1]
let scratch = words[2]
let full = Limits.commitsPerSecond(synchronous: "FULL", in: scratch)
let normal = Limits.commitsPerSecond(synchronous: "NORMAL", in: scratch)
let roundTrip = Limits.threadRoundTrip()
Table.printHeader()
Table.show(.plain("limit: SQLite commits, FULL", "\(Figure.short(full)) /s"))
Table.show(.plain("limit: SQLite commits, NORMAL", "\(Figure.short(normal)) /s"))
Table.show(.plain("limit: two threads, there and back", "\(Figure.short(roundTrip)) µs"))
try EngineFigures.measure(.full, commits: full, scratch: scratch, build: build)
try EngineFigures.measure(.normal, commits: normal, scratch: scratch, build: build)
