import Glibc
import TestSupport
import Testing

@testable import BattenSystem

/// Files that nobody finds by a name, also where the file system knows none without one.
@Suite struct SpoolFileTests {
    @Test func aFileWithANameLosesItAndTakesOldOnesAlong() throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-spool-")
        defer { try? FileSystem.removeTree(folder) }
        try FileSystem.open("\(folder)/\(SpoolFile.prefix)old", .create, mode: 0o400).write([1])
        try FileSystem.open("\(folder)/somebody's", .create, mode: 0o600).write([1])
        let first = try SpoolFile.named(in: folder)
        try first.write([1, 2, 3])
        let second = try SpoolFile.named(in: folder)
        #expect(try MemoryFile.size(first.rawValue) == 3 && MemoryFile.size(second.rawValue) == 0)
        #expect(try FileSystem.list(folder) == ["somebody's"])
    }

    /// Whatever the instant, the next one takes away what the killed one has left.
    @Test func aProcessThatIsKilledMeanwhileLeavesNothingForLong() async throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-spool-")
        defer { try? FileSystem.removeTree(folder) }
        for round in 0..<8 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [folder = folder as String, delay = Int64(round * 100_000) as Int64] in
                _ = try Thread.start(name: "killer") {
                    MonotonicClock.sleep(until: MonotonicClock.now() + delay)
                    kill(getpid(), SIGKILL)
                }
                while true { try SpoolFile.named(in: folder).write([1]) }
            }
            #expect(try FileSystem.list(folder).count <= 1, "one is being made at a time")
            _ = try SpoolFile.named(in: folder)
            #expect(try FileSystem.list(folder).isEmpty)
        }
    }
}
