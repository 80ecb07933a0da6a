import BattenCore
import BattenSystem
import Testing

@testable import BattenCommand

/// The live tree of one run in all its states, held by a file; BATTEN_UPDATE_GOLDEN writes it anew.
@Suite struct TreeFrameTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    /// A run with a stage in each state that a stage can be in.
    private static func picture() -> RunPicture {
        let names = ["fetch", "pick-the-coldest-day", "write", "天気", "ask", "wait", "late", "skipped", "stopped"]
        let states: [StageStatus] = [
            .completed, .failed, .running, .running, .retrying, .waiting, .timedOut, .skipped, .cancelled,
        ]
        var rows: [StageRow] = []
        for (index, (name, status)) in zip(names, states).enumerated() {
            var row = StageRow(index: index, id: name, uses: "shell.run", isFinally: false)
            row.status = status
            row.startedAt = start + .seconds(index)
            row.attempts = index == 1 ? 3 : 1
            if status.isTerminal { row.endedAt = start + .seconds(index + 2) }
            if status == .failed { row.error = StageError(.failed, code: "shell.exit", message: "exit code 3") }
            rows.append(row)
        }
        var run = RunRow(
            id: "abcdefgh2345", workflow: "feed-brief", version: "1.0.0", definitionHash: "", trigger: "cli",
            parameters: .object([:]), hostEnvironment: .object([:]), seed: 1, workdir: "/w", directory: "/d",
            idempotencyKey: nil, acceptedAt: start)
        run.status = .running
        run.startedAt = start
        var picture = RunPicture(workflow: "feed-brief")
        picture.apply(.committed(records: [], run: run, stages: rows))
        picture.apply(
            .log(LogLine(at: start, stage: "write", attempt: 1, stream: "stdout", text: "reading \u{1B}[31mred\u{7}")))
        picture.apply(.progress(stage: "天気", item: nil, fraction: 0.42, note: "half of the week"))
        picture.apply(.usage(stage: "write", metric: "output_tokens", subject: "m", amount: 12_345, cost: nil))
        return picture
    }

    @Test func frames() throws {
        var text = ""
        for width in [20, 40, 80] {
            for room in [nil, 6] as [Int?] {
                let frame = TreeFrame(
                    profile: .plain(width: width), width: width, now: Self.start + .seconds(75), room: room)
                text += "== \(width) columns, \(room.map { "\($0) lines" } ?? "all lines")\n"
                text += frame.lines(Self.picture()).joined(separator: "\n") + "\n"
            }
        }
        let path = (FileSystem.parent(of: #filePath) ?? ".") + "/Golden/tree.txt"
        if ProcessEnvironment.variable("BATTEN_UPDATE_GOLDEN") != nil {
            try FileSystem.open(path, .overwrite, mode: 0o644).write(Array(text.utf8))
        }
        let expected = String(decoding: try FileSystem.read(path), as: UTF8.self)
        #expect(text == expected, "the tree changed; look at it, then set BATTEN_UPDATE_GOLDEN")
    }
}
