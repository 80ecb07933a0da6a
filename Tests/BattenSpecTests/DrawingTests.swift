import BattenCore
import BattenSpec
import Testing

/// What people see of a problem.
@Suite struct DrawingTests {
    private func draw(_ text: String, path: String = "weather.yaml", width: Int = 100, color: Bool = false) throws
        -> String
    {
        let result = WorkflowReader.read(path: path, bytes: Array(text.utf8), catalog: try StandInCatalog())
        return DiagnosticRenderer(width: width, color: color).render(result.diagnostics, source: result.source)
    }

    private static let stage = "{id: a, uses: shell.run, with: {argv: [\"true\"]}}"

    @Test func theDrawingOfTheLanguageDocument() throws {
        let text = """
            name: weather
            stages:
              - id: fetch
                uses: http.request
                with: {url: "http://127.0.0.1/"}
                outputs:
                  temp: {type: number, value: "${{ result.json.main.temp }}"}
              - id: write
                depends_on: [fetch]
                if: ${{ stages.fetch.outputs.tmp < 0 }}
                uses: shell.run
                with: {argv: ["true"]}

            """
        #expect(
            try draw(text) == """
                error[E0214]: stage 'write' reads an output that 'fetch' does not declare
                  ┌─ weather.yaml:10:34
                10│     if: ${{ stages.fetch.outputs.tmp < 0 }}
                  │                                  ^^^ 'tmp' is not one of: temp
                  = help: did you mean 'temp'?

                """)
    }

    @Test func tabsWideAndLongLinesKeepTheCaretInPlace() throws {
        let wide =
            "name: w\ndescription: x\nstages:\n  - {id: a, name: \"日本\", uses: shell.run, with: {argv: [\"日本 ${{ nope.x }}\"]}}\n"
        let drawn = try draw(wide).split(separator: "\n")
        #expect(drawn[2] == #"4│   - {id: a, name: "日本", uses: shell.run, with: {argv: ["日本 ${{ nope.x }}"]}}"#)
        // Two columns for each of the four wide characters before it.
        let place =
            1 + 4 + #"   - {id: a, name: "日本", uses: shell.run, with: {argv: ["日本 ${{ "#.unicodeScalars.count - 1
        #expect(drawn[3].prefix { $0 != "^" }.unicodeScalars.count == 2 + place)
        let tab = try draw("name: w\nstages: [\(Self.stage)]\t# tab\nbogus:\t1\n").split(separator: "\n")
        #expect(tab[2] == "3│ bogus:  1")
        let long =
            "name: w\nstages: [\(Self.stage)]\ndescription: \"" + String(repeating: "x", count: 300) + "\"\nbogus: \""
            + String(repeating: "y", count: 300) + "\"\n"
        for width in [20, 40, 80] {
            let lines = try draw(long, width: width).split(separator: "\n")
            #expect(lines[2].unicodeScalars.count <= width)
            #expect(lines[2].hasPrefix("4│ bogus: "))
        }
        let deep =
            "name: w\nstages: [\(Self.stage)]\n" + "description: \"" + String(repeating: "x", count: 200) + "\" \"\n"
        let cut = try draw(deep, width: 60).split(separator: "\n")
        #expect(cut[2].contains("…") && cut[3].contains("^"))
    }

    @Test func nothingReachesTheTerminalThatItWouldActOn() throws {
        let text = "name: w\nstages: [\(Self.stage)]\n\"\\e[31mred\\u202E\": 1\n"
        let drawn = try draw(text)
        #expect(
            drawn.contains("E0201") && !drawn.unicodeScalars.contains("\u{1B}")
                && !drawn.unicodeScalars.contains("\u{202E}"))
        #expect(try draw(text, color: true).unicodeScalars.contains("\u{1B}"))
    }

    @Test func problemsAreToldTogetherAndInOrder() throws {
        let text = "name: W\nbogus: 1\nstages:\n  - {id: 1a, uses: nope}\n  - {uses: shell.run}\nmax_parallel: 0\n"
        let result = WorkflowReader.read(path: "x.yaml", bytes: Array(text.utf8), catalog: try StandInCatalog())
        #expect(
            result.diagnostics.map { "\($0.start.line) \($0.code.rawValue)" } == [
                "1 E0205", "2 E0201", "4 E0205", "4 E0227", "5 E0202", "5 E0229", "6 E0207",
            ])
        #expect(result.diagnostics[0].json["column"] == 7 && result.diagnostics[0].json["end_column"] == 8)
    }
}
