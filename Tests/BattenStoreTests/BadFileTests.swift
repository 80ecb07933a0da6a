import BattenCore
import BattenSystem
import Testing

@testable import BattenStore

/// Files that are not what they should be: every use ends in a value or in an error that helps, never in a trap.
@Suite struct BadFileTests {
    /// Fills a store and returns how many commits it holds; the write-ahead log stays beside the file.
    private func fill(_ store: SQLiteStore, steps: Int) throws -> Int {
        var script = RunScript("one")
        var commits = [script.accept(stages: steps), script.step(done: nil, next: 0)]
        for stage in 1..<steps {
            var commit = script.step(done: stage - 1, next: stage, outputs: ["text": .string("value \(stage)")])
            commit.logs = [LogLine(at: at(1), stage: "s\(stage)", attempt: 1, stream: "stdout", text: "line \(stage)")]
            commits.append(commit)
        }
        for commit in commits { #expect(try store.commit([commit]) == [.committed]) }
        return commits.count
    }

    /// Copies the files of a store as a power cut would leave them.
    private func snapshot(_ from: StateFolder, _ target: StateFolder) throws {
        try target.create()
        for name in ["batten.db", "batten.db-wal"] where FileSystem.exists("\(from.path)/\(name)") {
            let bytes = try FileSystem.read("\(from.path)/\(name)")
            try FileSystem.open("\(target.path)/\(name)", .overwrite).write(bytes)
        }
    }

    /// Uses everything that reads or writes, and collects the errors.
    private func useAll(_ folder: StateFolder) -> [StoreError] {
        var errors: [StoreError] = []
        func attempt(_ body: () throws(StoreError) -> Void) {
            do throws(StoreError) { try body() } catch { errors.append(error) }
        }
        attempt { () throws(StoreError) in
            guard let reader = try StoreReader(folder, busyLimit: .milliseconds(100)) else { return }
            attempt { () throws(StoreError) in _ = try reader.runs() }
            attempt { () throws(StoreError) in _ = try reader.run("-") }
            attempt { () throws(StoreError) in _ = try reader.run("on") }
            attempt { () throws(StoreError) in _ = try reader.stages(run: "one") }
            attempt { () throws(StoreError) in _ = try reader.attempts(run: "one") }
            attempt { () throws(StoreError) in _ = try reader.events(run: "one") }
            attempt { () throws(StoreError) in _ = try reader.logs(run: "one") }
            attempt { () throws(StoreError) in _ = try reader.usage(run: "one") }
            attempt { () throws(StoreError) in _ = try reader.workflows() }
            attempt { () throws(StoreError) in _ = try reader.query("SELECT * FROM recent_events") }
        }
        attempt { () throws(StoreError) in _ = try StoreAdministration(folder).info() }
        attempt { () throws(StoreError) in _ = try StoreAdministration(folder).check() }
        attempt { () throws(StoreError) in
            let store = try SQLiteStore(
                folder, options: StoreOptions(durability: .off, busyLimit: .milliseconds(100)))
            attempt { () throws(StoreError) in _ = try store.recover(run: "one") }
            attempt { () throws(StoreError) in _ = try store.claim(run: "one", engine: "e", fromEpoch: 1) }
            var script = RunScript("two")
            let commit = script.accept(stages: 3)
            attempt { () throws(StoreError) in _ = try store.commit([commit]) }
        }
        return errors
    }

    @Test func whatIsNotAStoreIsNamed() throws {
        let root = try TemporaryState()
        let text = Array(String(repeating: "this is not a database, it is a text. ", count: 300).utf8)
        let contents: [(String, [UInt8], [StoreError.Code])] = [
            ("text", text, [.notADatabase]), ("short", Array("hello".utf8), [.notADatabase]),
            ("header only", Array("SQLite format 3\0".utf8), [.notADatabase, .corrupt]),
            (
                "header and junk", Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0xa5, count: 5_000),
                [.notADatabase, .corrupt]
            ),
        ]
        for (name, bytes, codes) in contents {
            let folder = StateFolder(root.folder.path + "/" + name)
            try FileSystem.makeFolder(folder.path)
            try FileSystem.writeAtomically(bytes, to: folder.database)
            let errors = useAll(folder)
            #expect(errors.count == 4, "\(name): \(errors)")
            for error in errors {
                #expect(codes.contains(error.code), "\(name): \(error)")
                #expect(error.message.contains(folder.database) && !error.help.isEmpty)
            }
            #expect(try FileSystem.read(folder.database) == bytes, "the file is left as it was")
        }
        // An empty file is what a first start that was cut short leaves: it becomes a store.
        let folder = StateFolder(root.folder.path + "/empty")
        try FileSystem.makeFolder(folder.path)
        try FileSystem.writeAtomically([], to: folder.database)
        #expect(try StoreReader(folder) == nil)
        _ = try SQLiteStore(folder)
        #expect(try StoreReader(folder)?.runs().items.isEmpty == true)
        let file = root.folder.path + "/file"
        try FileSystem.writeAtomically([], to: file)
        let error = #expect(throws: StoreError.self) { try SQLiteStore(StateFolder(file)) }
        #expect(error?.help.isEmpty == false)
        let inFolder = StateFolder(root.folder.path + "/folder")
        try FileSystem.makeFolder(inFolder.database)
        #expect(useAll(inFolder).count == 4)
    }

    @Test func randomDamageNeverTraps() throws {
        let state = try TemporaryState()
        let store = try state.open()
        _ = try fill(store, steps: 60)
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        let clean = try FileSystem.read(state.folder.database)
        let wal = try FileSystem.read(state.folder.database + "-wal")
        // The whole store as one file, without a log.
        let whole = StateFolder(state.folder.path + "/whole")
        try FileSystem.makeFolder(whole.path)
        _ = try StoreAdministration(state.folder).backup(to: whole.database)
        let file = try FileSystem.read(whole.database)
        var noticed = 0
        for round in 0..<150 {
            let folder = StateFolder(state.folder.path + "/r")
            try folder.create()
            var bytes = round % 3 == 0 ? clean : file
            var log = round % 3 == 0 ? wal : []
            for _ in 0..<(1 << random.below(6)) {
                if log.isEmpty || random.below(2) == 0 {
                    bytes[random.below(bytes.count)] = UInt8(random.below(256))
                } else {
                    log[random.below(log.count)] = UInt8(random.below(256))
                }
            }
            if round % 5 == 0 { bytes.removeLast(random.below(bytes.count)) }
            try FileSystem.open(folder.database, .overwrite).write(bytes)
            if !log.isEmpty { try FileSystem.open(folder.database + "-wal", .overwrite).write(log) }
            let errors = useAll(folder)
            if !errors.isEmpty { noticed += 1 }
            for error in errors {
                #expect(
                    [
                        .corrupt, .notADatabase, .newerVersion, .unavailable, .constraint, .full, .notFound, .readOnly,
                        .misuse,
                    ]
                    .contains(error.code), "seed \(seed), round \(round): \(error)")
            }
            try FileSystem.removeTree(folder.path)
        }
        #expect(noticed > 30, "seed \(seed)")
    }

    @Test func aLogThatIsCutShortGivesTheCommitsBeforeTheCut() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let commits = try fill(store, steps: 40)
        let wal = try FileSystem.read(state.folder.database + "-wal")
        var last = -1
        for part in 0...24 {
            let folder = StateFolder(state.folder.path + "/cut\(part)")
            try snapshot(state.folder, folder)
            try FileSystem.open(folder.database + "-wal", .overwrite).write(Array(wal.prefix(wal.count * part / 24)))
            let reopened = try SQLiteStore(folder, options: StoreOptions(durability: .off))
            let found = try reopened.recover(run: "one")
            let journal = found?.journal ?? []
            #expect(journal.map(\.seq) == Array(0..<Int64(journal.count)).map { $0 + 1 })
            #expect(try StoreAdministration(folder).check().problems == [], "whole commits only")
            #expect(journal.count >= last, "a longer log has no fewer commits")
            last = journal.count
        }
        #expect(last == 2 * commits - 2, "the whole log has everything: 1 record, 1 record, then 2 each")
    }
}

/// A small seeded generator, so that a failure can be repeated.
struct SplitMix {
    var state: UInt64

    /// A number from 0 up to, not including, the bound.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(max(bound, 1)))
    }
}
