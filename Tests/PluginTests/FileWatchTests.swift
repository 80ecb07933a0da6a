import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite struct FileWatchTests {
    private func write(_ rig: ServersRig, _ name: String, _ text: String = "x") throws {
        try FileSystem.writeAtomically(Array(text.utf8), to: "\(rig.folder)/\(name)")
    }

    private func names(_ outcome: StageOutcome, _ rig: ServersRig) -> [String] {
        (outcome.output["files"]?.arrayValue ?? []).compactMap {
            $0["path"]?.stringValue.map { String($0.dropFirst(rig.folder.count + 1)) }
        }
    }

    /// What is there, what comes after, and what is found.
    @Test func filesAreAwaited() throws {
        typealias Row = (name: String, input: String, before: [String], after: [String], found: [String])
        let table: [Row] = [
            ("there", #"{"path":"a","settle":"10ms"}"#, ["a"], [], ["a"]),
            ("comes", #"{"path":"a","settle":"10ms"}"#, ["b"], ["c", "a"], ["a"]),
            ("folder comes", #"{"path":"in/x/a","settle":"10ms"}"#, [], ["in/x/b", "in/x/a"], ["in/x/a"]),
            ("pattern", #"{"glob":"*.csv","settle":"10ms"}"#, ["a.txt"], ["b.txt", "c.csv"], ["c.csv"]),
            ("several", #"{"glob":"*.csv","min_files":2,"settle":"20ms"}"#, ["a.csv"], ["b.csv"], ["a.csv", "b.csv"]),
            ("deep", #"{"glob":"in/**/*.csv","settle":"10ms"}"#, ["in/a"], ["in/p/q/r/s.csv"], ["in/p/q/r/s.csv"]),
            ("braces", #"{"glob":"{in,up}/a","settle":"10ms"}"#, [], ["up/b", "up/a"], ["up/a"]),
            (
                "only new", #"{"glob":"*.csv","existing":false,"settle":"10ms"}"#, ["a.csv"], ["b.csv"], ["b.csv"]
            ),
            ("replaced", #"{"glob":"*.csv","existing":false,"settle":"10ms"}"#, ["a.csv"], ["a.csv"], ["a.csv"]),
        ]
        for row in table {
            let rig = try ServersRig()
            func make(_ name: String) throws {
                try FileSystem.makeFolder(FileSystem.parent(of: "\(rig.folder)/\(name)") ?? "/")
                try write(rig, name)
            }
            for name in row.before { try make(name) }
            let (running, _) = try rig.start("file.watch", row.input)
            try waitUntilWatching(rig)
            for name in row.after { try make(name) }
            let outcome = try running.wait { $0.outcome }
            #expect(outcome.outcomeClass == .ok, "\(row.name): \(outcome)")
            #expect(names(outcome, rig) == row.found, "\(row.name)")
        }
    }

    /// A call that begins later on the same loop has looked at its folder only after all earlier calls have.
    private func waitUntilWatching(_ rig: ServersRig) throws {
        try FileSystem.makeFolder("\(rig.folder)/.sync")
        try write(rig, ".sync/f")
        #expect(try rig.run("file.watch", #"{"path":".sync/f","settle":"10ms"}"#).outcome.outcomeClass == .ok)
    }

    /// A file that somebody still writes is not settled, however long nothing happens to it.
    @Test func whoWritesHasToClose() throws {
        let rig = try ServersRig()
        let (running, _) = try rig.start("file.watch", #"{"path":"slow","settle":"20ms"}"#)
        try waitUntilWatching(rig)
        do {
            let file = try FileSystem.open("\(rig.folder)/slow", .create)
            try file.write(Array("half".utf8))
            // Another file that comes later and settles, ten times.
            for number in 0..<10 {
                try write(rig, "fast\(number)")
                let fast = try rig.run("file.watch", #"{"path":"fast\#(number)","settle":"20ms"}"#).outcome
                #expect(fast.outcomeClass == .ok)
            }
            #expect(running.seen.withLock { $0.outcome == nil }, "it ended while its file was being written")
            try file.write(Array(" whole".utf8))
        }
        let outcome = try running.wait { $0.outcome }
        #expect(outcome.output["files"]?.arrayValue?.first?["bytes"]?.intValue == 10)
    }

    /// The folder is renamed, another one takes its name, and the first one comes back under a third.
    @Test func foldersComeAndGo() throws {
        let rig = try ServersRig()
        func move(_ from: String, _ to: String) throws {
            try FileSystem.rename("\(rig.folder)/\(from)", to: "\(rig.folder)/\(to)")
        }
        try FileSystem.makeFolder("\(rig.folder)/in/x")
        let (first, _) = try rig.start("file.watch", #"{"path":"in/x/a","settle":"10ms"}"#)
        let (second, _) = try rig.start("file.watch", #"{"glob":"*/y/b","settle":"10ms"}"#)
        try waitUntilWatching(rig)
        try move("in/x", "in/old")
        try write(rig, "in/old/a")
        try waitUntilWatching(rig)
        #expect(first.seen.withLock { $0.outcome == nil })
        try FileSystem.makeFolder("\(rig.folder)/in/x")
        try waitUntilWatching(rig)
        try write(rig, "in/x/a")
        #expect(names(try first.wait { $0.outcome }, rig) == ["in/x/a"])
        try move("in/old", "in/y")
        try write(rig, "in/y/b")
        #expect(names(try second.wait { $0.outcome }, rig) == ["in/y/b"])
        // Gone before it has settled, and back.
        let (third, _) = try rig.start("file.watch", #"{"path":"up/f","settle":"50ms"}"#)
        try waitUntilWatching(rig)
        try FileSystem.makeFolder("\(rig.folder)/up")
        try write(rig, "up/f")
        _ = try FileSystem.remove("\(rig.folder)/up/f")
        try FileSystem.removeTree("\(rig.folder)/up")
        try waitUntilWatching(rig)
        try FileSystem.makeFolder("\(rig.folder)/up")
        try write(rig, "up/f", "again")
        #expect(try third.wait { $0.outcome }.output["files"]?.arrayValue?.first?["bytes"]?.intValue == 5)
    }

    /// Hundreds of waits share one inotify descriptor, and each ends for its own file.
    @Test func manyWaitAtOnce() throws {
        let rig = try ServersRig()
        let all = try (0..<300).map { number in
            try FileSystem.makeFolder("\(rig.folder)/\(number % 7)")
            return try rig.start("file.watch", #"{"path":"\#(number % 7)/f\#(number)","settle":"10ms"}"#)
        }
        try waitUntilWatching(rig)
        for number in (0..<300).reversed() where number != 123 { try write(rig, "\(number % 7)/f\(number)") }
        for (number, (running, _)) in all.enumerated() where number != 123 {
            #expect(names(try running.wait { $0.outcome }, rig) == ["\(number % 7)/f\(number)"])
        }
        let (last, handle) = all[123]
        #expect(last.seen.withLock { $0.outcome == nil })
        rig.host.cancel(handle, why: .cancelled)
        let outcome = try last.wait { $0.outcome }
        #expect(outcome.outcomeClass == .cancelled && outcome.effect == .none)
    }

    @Test func faultsAreExplained() throws {
        let rig = try ServersRig()
        let table = [
            CallRow(
                "settle", #"{"path":"a","settle":"1ms"}"#, .permanent, Effect.none, code: "input.invalid",
                says: ["10ms"]),
            CallRow("none", "{}", .permanent, Effect.none, code: "input.invalid", says: ["exactly one"]),
            CallRow("outside", #"{"glob":"/etc/*"}"#, .permanent, Effect.none, code: "file.outside"),
            CallRow("climbing", #"{"glob":"*/../x"}"#, .permanent, Effect.none, code: "input.invalid", says: ["'..'"]),
            CallRow("a folder", #"{"path":"."}"#, .permanent, Effect.none, code: "input.invalid"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("file.watch", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }
}
