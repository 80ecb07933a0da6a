import BattenCore
import BattenStore
import BattenSystem
import Glibc
import Testing

/// Full disks, read-only places, other processes, sudden death.
@Suite(.serialized) struct HardTimesTests {
    @Test func aFullStoreSaysSoLosesNothingAndGoesOn() throws {
        let state = try TemporaryState()
        var scripts: [RunScript] = []
        var committed: [String] = []
        var refused: RunCommit?
        do {
            let store = try state.open(StoreOptions(durability: .off, sizeLimit: 1 << 20))
            for number in 0..<10_000 where refused == nil {
                var script = RunScript("run\(number)")
                let commit = script.accept(stages: 100)
                do throws(StoreError) {
                    #expect(try store.commit([commit]) == [.committed])
                    committed.append(script.id)
                    scripts.append(script)
                } catch {
                    #expect(error.code == .full)
                    #expect(error.message.contains(state.folder.database) && error.help.contains("batten resume"))
                    refused = commit
                }
            }
            #expect(committed.count > 10)
            for id in committed { #expect(try store.recover(run: id)?.journal.count == 1) }
        }
        let commit = try #require(refused)
        let roomy = try state.open()
        #expect(try roomy.recover(run: commit.run) == nil, "nothing of what was refused")
        #expect(try roomy.commit([commit]) == [.committed])
        #expect(try StoreAdministration(state.folder).check().problems == [])
    }

    @Test func aLimitOfTheFileSizeIsAFullDisk() async throws {
        let state = try TemporaryState()
        let path = state.folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 400_000, rlim_max: 400_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let store = try SQLiteStore(StateFolder(path), options: StoreOptions(durability: .off))
            var codes: [StoreError.Code] = []
            // First the log grows to the limit, then a long value's own file.
            for number in 0..<200 where codes.isEmpty {
                var script = RunScript("run\(number)")
                do throws(StoreError) { _ = try store.commit([script.accept(stages: 100)]) } catch {
                    codes.append(error.code)
                }
            }
            var script = RunScript("long")
            var commit = script.accept(stages: 1)
            commit.runRow?.parameters = .string(String(repeating: "x", count: 500_000))
            do throws(StoreError) { _ = try store.commit([commit]) } catch { codes.append(error.code) }
            exit(codes == [.full, .full] ? EXIT_SUCCESS : EXIT_FAILURE)
        }
        let store = try state.open()
        #expect(try store.recover(run: "run0")?.journal.count == 1)
        #expect(try store.recover(run: "long") == nil)
        #expect(try StoreAdministration(state.folder).check().problems == [])
        var script = RunScript("after")
        #expect(try store.commit([script.accept(stages: 100)]) == [.committed])
    }

    @Test func aReadOnlyPlaceCanBeReadAndNotWritten() async throws {
        let state = try TemporaryState()
        let path = state.folder.path
        var script = RunScript("one")
        do { _ = try state.open().commit([script.accept(stages: 1)]) }
        #expect(FileSystem.exists(state.folder.database + "-wal"))
        defer { chmod(path, 0o700) }
        let cases: [(folder: mode_t, file: mode_t)] = [(0o555, 0o444), (0o777, 0o444), (0o555, 0o666)]
        for modes in cases {
            chmod(path, modes.folder)
            // The log that the last connection left belongs to the file.
            for suffix in ["", "-wal", "-shm"] { chmod(state.folder.database + suffix, modes.file) }
            chmod(state.folder.blobs, 0o555)
            chmod(state.folder.engines, 0o555)
            let isOpen = modes.file == 0o666
            await #expect(processExitsWith: .success) { [path = path as String, isOpen = isOpen as Bool] in
                // Permissions mean nothing to root.
                guard setuid(65_534) == 0 || getuid() != 0 else { exit(3) }
                let folder = StateFolder(path)
                guard case .found? = try StoreReader(folder)?.run("one") else { exit(4) }
                guard try StoreReader(folder)?.query("SELECT count(*) FROM runs").rows == [[1]] else { exit(5) }
                do throws(StoreError) {
                    let store = try SQLiteStore(folder)
                    var script = RunScript("two")
                    _ = try store.commit([script.accept(stages: 1)])
                    // A file that may be written, with its log beside it, needs no more of its folder.
                    exit(isOpen ? EXIT_SUCCESS : 6)
                } catch {
                    guard error.code == .readOnly || error.code == .unavailable, !error.help.isEmpty else { exit(7) }
                }
                exit(EXIT_SUCCESS)
            }
        }
        chmod(path, 0o700)
        await #expect(processExitsWith: .success) { [path = path as String] in
            guard setuid(65_534) == 0 || getuid() != 0 else { exit(3) }
            do throws(StoreError) {
                _ = try SQLiteStore(StateFolder(path + "/home"))
                exit(6)
            } catch {
                exit(error.code == .readOnly && error.message.contains(path) ? EXIT_SUCCESS : 7)
            }
        }
    }

    @Test func manyWritersTakeTurns() async throws {
        let state = try TemporaryState()
        let folder = state.folder
        let path = folder.path
        _ = try state.open()
        let failures = Monitor<[String]>([])
        let threads = try (0..<4).map { writer in
            try Thread.start(name: "writer") {
                do { try HardTimesTests.write("thread\(writer)", in: path) } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        await #expect(processExitsWith: .success) { [path = path as String] in
            try HardTimesTests.write("process", in: path)
            exit(EXIT_SUCCESS)
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
        let store = try state.open()
        for name in ["process", "thread0", "thread1", "thread2", "thread3"] {
            #expect(try store.recover(run: name)?.journal.count == 401, "\(name)")
        }
        #expect(try StoreAdministration(folder).check().problems == [])
    }

    private static func write(_ name: String, in path: String) throws {
        let store = try SQLiteStore(StateFolder(path), options: StoreOptions(durability: .off))
        var script = RunScript(name)
        guard try store.commit([script.accept(stages: 200)]) == [.committed] else {
            throw StoreError(.misuse, "", help: "")
        }
        for stage in 0...200 {
            let step = script.step(done: stage == 0 ? nil : stage - 1, next: stage == 200 ? nil : stage)
            guard try store.commit([step]) == [.committed] else { throw StoreError(.misuse, "", help: "") }
        }
    }

    @Test func aProcessStoppedWhileItWritesIsNamed() async throws {
        let state = try TemporaryState()
        let path = state.folder.path
        _ = try state.open()
        let pipe = path + "/pipe"
        mkfifo(pipe, 0o600)
        let seen = Monitor<(pid: Int32, error: StoreError?, after: [CommitVerdict])>((0, nil, []))
        let folder = state.folder
        let witness = try Thread.start(name: "witness") {
            // Opening the pipe waits for the child to hold the lock.
            guard let bytes = try? FileSystem.read(pipe), let pid = Int32(String(decoding: bytes, as: UTF8.self)) else {
                return
            }
            var script = RunScript("one")
            let commit = script.accept(stages: 1)
            do throws(StoreError) {
                let store = try SQLiteStore(
                    folder, options: StoreOptions(durability: .off, busyLimit: .milliseconds(100)))
                do throws(StoreError) { _ = try store.commit([commit]) } catch {
                    seen.withLock { $0 = (pid, error, []) }
                }
                // Reading goes on all the while.
                guard try StoreReader(folder)?.runs().items.isEmpty == true else { return }
                kill(pid, SIGKILL)
                let patient = try SQLiteStore(folder, options: StoreOptions(durability: .off))
                let after = try patient.commit([commit])
                seen.withLock { $0.after = after }
            } catch {
                kill(pid, SIGKILL)
            }
        }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, pipe = pipe as String] in
            try StoppedWriter.stopInsideTransaction(path, announce: pipe)
        }
        witness.join()
        let result = seen.withLock { $0 }
        let error = try #require(result.error)
        #expect(error.code == .busy)
        #expect(error.message.contains("process \(result.pid) "), "\(error.message)")
        #expect(error.help.contains("\(result.pid)"), "\(error.help)")
        #expect(result.after == [.committed], "its death frees the store")
    }

    @Test func whatWasReportedSurvivesBeingKilled() async throws {
        let state = try TemporaryState()
        let path = state.folder.path
        for round in 0..<12 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, round = round as Int] in
                let folder = StateFolder(path)
                let store = try SQLiteStore(folder, options: StoreOptions(durability: round % 2 == 0 ? .off : .normal))
                let report = try FileSystem.open("\(path)/report\(round)", .create)
                var script = RunScript("run\(round)")
                _ = try store.commit([script.accept(stages: 20_000)])
                try report.write(Array("1\n".utf8))
                let delay = UInt32.random(in: 500...60_000)
                _ = try Thread.start(name: "killer") {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                let long = JSONValue.string(String(repeating: "x", count: 70_000))
                for stage in 0..<20_000 {
                    let step = script.step(
                        done: stage == 0 ? nil : stage - 1, next: stage, outputs: stage % 50 == 7 ? long : ["n": 1])
                    _ = try store.commit([step])
                    try report.write(Array("\(script.seq)\n".utf8))
                }
                exit(EXIT_FAILURE)
            }
            let lines = String(decoding: try FileSystem.read("\(path)/report\(round)"), as: UTF8.self).split(
                separator: "\n")
            let reported = try #require(lines.last.flatMap { Int($0) })
            let store = try state.open()
            let run = try #require(try store.recover(run: "run\(round)"))
            #expect(run.journal.count >= reported, "reported \(reported), there are \(run.journal.count)")
            #expect(run.journal.count <= reported + 2, "at most the commit whose report was cut off")
            #expect(run.journal.map(\.seq) == (1...Int64(run.journal.count)).map { $0 })
            try checkRows(of: "run\(round)", journal: run.journal.count, in: state, store)
        }
        #expect(try StoreAdministration(state.folder).check().problems == [])
    }

    /// Rows that were put off when their engine was killed are shown as the journal has them, and written by the heir.
    private func checkRows(of id: String, journal: Int, in state: TemporaryState, _ store: SQLiteStore) throws {
        let reader = try #require(try StoreReader(state.folder))
        let started = journal / 2
        func look(_ when: String) throws -> [StageRow] {
            let stages = try reader.stages(run: id)
            #expect(stages.prefix { $0.status == .completed }.count == max(started - 1, 0), "\(when)")
            #expect(stages.count { $0.status == .running } == (started > 0 ? 1 : 0), "\(when)")
            #expect(stages.allSatisfy { ($0.outputs != nil) == ($0.status == .completed) }, "\(when)")
            let attempts = try reader.attempts(run: id)
            #expect(attempts.map(\.stageIndex) == Array(0..<started), "\(when)")
            #expect(attempts.count { $0.endedAt == nil } == (started > 0 ? 1 : 0), "\(when)")
            return stages
        }
        let before = try look("after the kill")
        let epoch = try #require(try store.claim(run: id, engine: "heir", fromEpoch: 1))
        var heir = RunCommit(run: id, epoch: epoch)
        heir.records = [
            JournalRecord(
                seq: Int64(journal) + 1, at: at(0), stage: nil, attempt: nil, type: "run_recovered", data: ["lost": 1])
        ]
        #expect(try store.commit([heir]) == [.committed])
        #expect(try look("after the heir's first commit") == before)
        let trailing = try reader.query("SELECT count(*) FROM trailing t JOIN runs r ON r.key = t.run_key").rows
        #expect(trailing == [[0]])
    }
}
