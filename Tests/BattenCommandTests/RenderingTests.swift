import BattenCore
import Synchronization
import Testing

@testable import BattenCommand

/// What people see: cells, tables, trees and lines, also where there is hardly any room.
@Suite struct RenderingTests {
    private static let start = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    private static func row(_ index: Int, _ id: String, _ status: StageStatus) -> StageRow {
        var row = StageRow(index: index, id: id, uses: "shell.run", isFinally: false)
        row.status = status
        if status != .pending { row.startedAt = start }
        if status.isTerminal { row.endedAt = start + .seconds(2) }
        if status == .running || status.isTerminal { row.attempts = 1 }
        if status == .failed { row.error = StageError(.failed, code: "shell.exit", message: "exit code 3") }
        return row
    }

    private static func run(_ status: RunStatus) -> RunRow {
        var run = RunRow(
            id: "abcdefgh2345", workflow: "weather", version: "1.0.0", definitionHash: "", trigger: "cli",
            parameters: .object([:]), hostEnvironment: .object([:]), seed: 1, workdir: "/w", directory: "/d",
            idempotencyKey: nil, acceptedAt: start)
        run.status = status
        run.startedAt = start
        if status.isTerminal { run.endedAt = start + .seconds(12) }
        return run
    }

    private static func picture(_ stages: [StageRow], _ status: RunStatus = .running) -> RunPicture {
        var picture = RunPicture(workflow: "weather")
        picture.apply(.committed(records: [], run: run(status), stages: stages))
        return picture
    }

    @Test func cells() {
        let table: [(text: String, width: Int, cut: String)] = [
            ("plain", 5, "plain"), ("天気予報です", 12, "天気予…"), ("e\u{301}a", 2, "e\u{301}a"), ("👩‍👩‍👧", 2, "👩‍👩‍👧"),
            ("abcdefghij", 10, "abcdefg…"),
        ]
        for row in table {
            #expect(TextFit.width(row.text) == row.width, "\(row.text)")
            #expect(TextFit.cut(row.text, to: 8) == row.cut, "\(row.text)")
        }
        #expect(TextFit.clean("\u{1B}[31mred\u{1B}[0m\ttab\u{7}\u{1B}]0;title\u{7}!") == "red tab!")
        #expect(TextFit.wrap("one two three", to: 7) == ["one two", "three"])
    }

    @Test func tablesFitDownToTwentyColumns() {
        var table = TextTable([.fixed("RUN"), .flexible("WORKFLOW"), .flexible("WHAT", least: 6)])
        table.add(["abcdefgh2345", "a-workflow-with-a-long-name", "天気予報 and more words"])
        for width in 20...120 {
            let lines = table.render(.plain(width: width)).split(separator: "\n")
            #expect(lines.allSatisfy { TextFit.width(String($0)) <= width }, "width \(width): \(lines)")
        }
    }

    @Test func treesFitEveryWidthAndHeight() {
        var stages = (0..<40).map { Self.row($0, "stage-\($0)", .pending) }
        for (place, status) in StageStatus.allCases.enumerated() {
            stages[place] = Self.row(place, "天気-\(place)", status)
        }
        var picture = Self.picture(stages)
        picture.apply(.log(LogLine(at: Self.start, stage: "天気-1", attempt: 1, stream: "stdout", text: "天気\u{1B}[2Jx")))
        picture.apply(.progress(stage: "天気-1", item: nil, fraction: 0.5, note: ""))
        picture.apply(.usage(stage: "天気-1", metric: "input_tokens", subject: "m", amount: 1_234, cost: 0.0123))
        for width in 20...100 {
            for room in [4, 10, 24, nil] as [Int?] {
                let frame = TreeFrame(
                    profile: .plain(width: width), width: width, now: Self.start + .seconds(5), room: room)
                let lines = frame.lines(picture)
                #expect(lines.allSatisfy { TextFit.width($0) <= width }, "width \(width): \(lines)")
                #expect(lines.count <= room ?? 100, "room \(room ?? 0): \(lines.count)")
                #expect(!lines.contains { $0.contains("\u{1B}") })
            }
        }
        let wide = TreeFrame(profile: .plain(width: 80), width: 80, now: Self.start + .seconds(5), room: nil)
        let text = wide.lines(picture).joined(separator: "\n")
        for word in ["weather  running", "exit code 3", "[########--------] 50%", "1,234 tokens", "timed out"] {
            #expect(text.contains(word), "\(word) is not in\n\(text)")
        }
    }

    @Test func treeWritesOnlyWhatChanged() {
        let written = Mutex<[String]>([])
        var tree = LiveTree(
            workflow: "weather", profile: TextProfile(isTerminal: true, hasColor: false, width: { 60 }),
            rows: { 24 }, write: { text in written.withLock { $0.append(text) } })
        let rows = (0..<10).map { Self.row($0, "s\($0)", .pending) }
        tree.show([.committed(records: [], run: Self.run(.running), stages: rows)], now: Self.start)
        tree.show([], now: Self.start)
        #expect(written.withLock { $0.count } == 1, "nothing changed, and still something was written")
        tree.show([.committed(records: [], run: nil, stages: [Self.row(9, "s9", .running)])], now: Self.start)
        let last = written.withLock { $0.last ?? "" }
        #expect(last.contains("s9") && !last.contains("s8"), "\(last)")
        #expect(last.utf8.count < 120)
    }

    @Test func linesTellEachThingOnce() {
        let written = Mutex("")
        var log = LineLog(workflow: "weather", profile: .plain()) { text in written.withLock { $0 += text } }
        let running = Self.row(0, "fetch", .running)
        log.show([.committed(records: [], run: Self.run(.running), stages: [running])], now: Self.start)
        log.show([.committed(records: [], run: nil, stages: [running])], now: Self.start)
        log.show(
            [.log(LogLine(at: Self.start, stage: "fetch", attempt: 1, stream: "stdout", text: "hi"))], now: Self.start)
        log.show(
            [.committed(records: [], run: Self.run(.failed), stages: [Self.row(0, "fetch", .failed)])], now: Self.start)
        #expect(
            written.withLock { $0 } == """
                22:13:20.000 run abcdefgh2345 of weather started
                22:13:20.000 fetch started
                22:13:20.000 fetch | hi
                22:13:20.000 fetch failed after 2.0s: exit code 3
                22:13:20.000 run abcdefgh2345 failed after 12s

                """)
    }

    @Test func whatEndsAStageStandsBeforeItsEnd() {
        let written = Mutex("")
        var log = LineLog(workflow: "weather", profile: .plain()) { text in written.withLock { $0 += text } }
        var item = Self.row(0, "fetch", .failed)
        item.item = 3
        let rows = [Self.row(0, "fetch", .failed), Self.row(1, "sum", .running), item]
        log.show([.committed(records: [], run: Self.run(.failed), stages: rows)], now: Self.start)
        #expect(
            written.withLock { $0 } == """
                22:13:20.000 fetch[3] failed: exit code 3
                22:13:20.000 fetch failed after 2.0s: exit code 3
                22:13:20.000 sum started
                22:13:20.000 run abcdefgh2345 failed after 12s

                """)
    }

    @Test func runsKeepTheirPromisedShape() {
        let report = RunReport(
            run: Self.run(.failed), rows: [Self.row(0, "a", .failed), Self.row(1, "b", .waiting)], usage: [])
        let value = report.json.objectValue ?? [:]
        #expect(
            value.keys == [
                "run", "workflow", "version", "status", "trigger", "started_at", "ended_at", "duration_ms",
                "parameters",
                "outputs", "usage", "error", "stages",
            ])
        let stage = value["stages"]?[0]?.objectValue ?? [:]
        #expect(
            stage.keys == [
                "id", "uses", "status", "attempts", "started_at", "ended_at", "duration_ms", "outputs", "error",
                "waiting", "cached_from",
            ])
        #expect(stage["error"]?.objectValue?.keys == ["class", "code", "message", "details"])
        #expect(value["usage"]?.objectValue?.keys == ["tokens", "cost_usd"])
    }

    @Test func humanNumbers() {
        let sizes: [(Int64, String)] = [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1_500_000, "1.4 MiB"), (.max, "8 EiB"),
        ]
        for (bytes, text) in sizes { #expect(ByteSize.format(bytes) == text) }
        let read: [(String, Int64?)] = [
            ("16 MiB", 16 << 20), ("5KB", 5_000), ("12", 12), ("x", nil), ("9999999999 GiB", nil),
        ]
        for (text, bytes) in read { #expect(ByteSize.parse(text) == bytes, "\(text)") }
        let times: [(Duration, String)] = [
            (.milliseconds(5), "5ms"), (.milliseconds(4_260), "4.2s"), (.seconds(65), "1m 05s"),
            (.seconds(7_260), "2h 01m"),
        ]
        for (duration, text) in times { #expect(TimeText.elapsed(duration) == text) }
    }
}
