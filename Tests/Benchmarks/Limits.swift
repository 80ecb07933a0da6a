import BattenSystem
import CSQLite
import Glibc

/// What this machine can do at best, measured in the same run as the figures that are held against it.
enum Limits {
    /// SQLite commits a second: WAL, one row a commit, in a file of its own on the same disk.
    ///
    /// - Parameters:
    ///   - synchronous: `FULL` or `NORMAL`.
    ///   - folder: where the file is made.
    ///   - seconds: how long to measure.
    static func commitsPerSecond(synchronous: String, in folder: String, seconds: Double = 1.0) -> Double {
        var database: OpaquePointer?
        let path = "\(folder)/limit-\(synchronous)-\(Entropy.name(length: 8)).db"
        defer { for ending in ["", "-wal", "-shm"] { _ = try? FileSystem.remove(path + ending) } }
        guard sqlite3_open(path, &database) == SQLITE_OK, let database else { return 0 }
        defer { sqlite3_close(database) }
        for sql in [
            "PRAGMA journal_mode=WAL", "PRAGMA synchronous=\(synchronous)",
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT)",
        ] {
            guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { return 0 }
        }
        var statement: OpaquePointer?
        sqlite3_prepare_v2(
            database, "INSERT INTO t(a, b) VALUES(?1, 'a row of about forty bytes in a commit')", -1, &statement, nil)
        defer { sqlite3_finalize(statement) }
        // The best of some windows, as the figures are the best of some tries: a busy disk disturbs both.
        var best = 0.0
        for _ in 0..<5 {
            let begun = MonotonicClock.now()
            let end = begun + Int64(seconds * 1e9 / 5)
            var count = 0
            while MonotonicClock.now() < end {
                sqlite3_bind_int64(statement, 1, Int64(count))
                guard sqlite3_step(statement) == SQLITE_DONE else { return 0 }
                sqlite3_reset(statement)
                count += 1
            }
            best = max(best, Double(count) / (Double(MonotonicClock.now() - begun) / 1e9))
        }
        return best
    }

    /// One hand-over from a thread to another and back, in microseconds, through a mutex and a condition variable.
    static func threadRoundTrip(count: Int = 20_000) -> Double {
        let ping = Monitor(0)
        let pong = Monitor(0)
        guard
            let partner = try? Thread.start(
                name: "partner",
                {
                    for turn in 1...count {
                        let _: Bool? = ping.wait { $0 >= turn ? true : nil }
                        pong.signal { $0 = turn }
                    }
                })
        else { return 0 }
        let begun = MonotonicClock.now()
        for turn in 1...count {
            ping.signal { $0 = turn }
            let _: Bool? = pong.wait { $0 >= turn ? true : nil }
        }
        let elapsed = MonotonicClock.now() - begun
        partner.join()
        return Double(elapsed) / 1e3 / Double(count)
    }

    /// Processes started and reaped a second: posix_spawn of /bin/true, some of them at once.
    static func spawnsPerSecond(count: Int = 1_000, atOnce: Int = 4) -> Double {
        let begun = MonotonicClock.now()
        var running = 0
        var started = 0
        while started < count || running > 0 {
            while running < atOnce, started < count {
                var child = pid_t()
                let name = strdup("/bin/true")
                defer { free(name) }
                var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
                guard posix_spawn(&child, "/bin/true", nil, nil, &arguments, environ) == 0 else { return 0 }
                running += 1
                started += 1
            }
            var status: Int32 = 0
            if waitpid(-1, &status, 0) > 0 { running -= 1 }
        }
        return Double(count) / (Double(MonotonicClock.now() - begun) / 1e9)
    }
}
