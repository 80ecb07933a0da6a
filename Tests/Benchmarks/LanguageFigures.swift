import BattenCore
import BattenPluginHost
import BattenSpec
import BattenSystem

/// Reading, checking and planning large files.
enum LanguageFigures {
    static func measure(scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: scratch + "/language-")
        defer { try? FileSystem.removeTree(folder) }
        let host = try BenchHost.make(folder: folder + "/plugins", build: build)
        defer { host.shutdown(within: .seconds(2)) }
        for count in [1_000, 10_000] {
            let text = Array(yaml(count).utf8)
            let seconds = try EngineFigures.best {
                let begun = MonotonicClock.now()
                let result = WorkflowReader.read(path: "large.yaml", bytes: text, catalog: host)
                guard let definition = result.definition else {
                    throw BenchError(result.diagnostics.first.map { "\($0)" } ?? "no definition")
                }
                let plan = try Planner.plan(
                    definition, catalog: host, snapshot: WorkflowWriter.canonical(definition), parsed: result.parsed)
                precondition(plan.stages.count == count)
                let taken = Double(MonotonicClock.now() - begun) / 1e9
                // Freeing counts for nobody: whoever plans a workflow goes on with the plan.
                return withExtendedLifetime((result, plan)) { taken }
            }
            let name = "parse, check and plan \(count) stages"
            let value = "\(Figure.short(seconds * 1e3)) ms"
            if count == 10_000 {
                Table.show(.atMost(500, seconds * 1e3, name: name, value: value))
            } else {
                Table.show(.plain(name, value))
            }
        }
    }

    /// A workflow whose stages each read two stages before them.
    private static func yaml(_ count: Int) -> String {
        var text = "name: large\nparameters:\n  city: {type: string, default: Oslo}\nstages:\n"
        for place in 0..<count {
            text += "  - id: s\(place)\n    uses: http.request\n"
            if place > 1 { text += "    depends_on: [s\(place - 1), s\(place - 2)]\n" }
            text += "    with:\n      url: \"https://api.example.org/x?city=${{ parameters.city }}&n=\(place)\"\n"
            if place > 1 {
                text += "      headers: {X-Before: \"${{ stages.s\(place - 1).outputs.status }}\"}\n"
                text += "    if: ${{ stages.s\(place - 2).outputs.status < 400 && success() }}\n"
            }
            text += "    timeout: 30s\n    retry: {max_attempts: 3, initial: 500ms}\n"
        }
        return text
    }
}

/// A benchmark that could not be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
