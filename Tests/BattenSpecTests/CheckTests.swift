import BattenCore
import BattenSpec
import Testing

/// Fields, references, types, secrets, code and the graph: each case with what is told, and where.
@Suite struct CheckTests {
    private struct Case: Sendable {
        let yaml: String
        let told: [String]
        let words: String

        init(_ yaml: String, _ told: [String] = [], _ words: String = "") {
            self.yaml = yaml
            self.told = told
            self.words = words
        }
    }

    private func check(_ cases: [Case], _ head: String = "name: t\n") throws {
        let catalog = try StandInCatalog()
        for entry in cases {
            let result = WorkflowReader.read(path: "t.yaml", bytes: Array((head + entry.yaml).utf8), catalog: catalog)
            let told = result.diagnostics.map { "\($0.code.rawValue) \($0.start.line):\($0.start.column)" }
            let drawn = DiagnosticRenderer().render(result.diagnostics, source: result.source)
            #expect(told == entry.told, "\(entry.yaml)\n\(drawn)")
            #expect(drawn.contains(entry.words), "\(entry.words)\n\(drawn)")
        }
    }

    private static let run = "uses: shell.run, with: {argv: [x]}"

    @Test func fields() throws {
        let run = Self.run
        try check([
            Case("stages: [{id: a, \(run)}]\n"),
            Case("stages: []\n", ["E0202 2:1"]),
            Case("stages: {a: {}}\n", ["E0203 2:9"], "begin each stage with '- id"),
            Case("staegs: []\n", ["E0202 1:1", "E0201 2:1"], "did you mean 'stages'?"),
            Case("stages: [{id: a, \(run), timout: 1s}]\n", ["E0201 2:54"], "did you mean 'timeout'?"),
            Case("stages: [{id: a, \(run), timeout: 90}]\n", ["E0206 2:63"], "write for example 90s"),
            Case(
                "stages: [{id: a, \(run), timeout: \"${{ parameters.t }}\"}]\n", ["E0206 2:63"],
                "an expression cannot stand here"),
            Case(
                "stages: [{id: a, \(run), retry: {max_attempts: 2, on: [timout]}}]\n", ["E0204 2:84"],
                "did you mean 'timeout'?"),
            Case("stages: [{id: a, \(run), retry: {jitter: half}}]\n", ["E0204 2:70"]),
            Case("stages: [{id: a, \(run), depends_on: [a]}]\n", ["E0224 2:67"], "a → a"),
            Case("stages: [{id: a, \(run)}]\nversion: 1.0\n"),
            Case(
                "stages: [{id: a, \(run)}]\nenv: {A: 1, B: 1.50, C: x, D: {from_host: X, default: y}, E-F: 1, G: {}}\n",
                ["E0205 3:59", "E0202 3:67"]),
            Case("stages: [{id: a, \(run), matrix: {os: [a], include: [{os: b}]}, max_parallel: 2}]\n"),
            Case(
                "stages: [{id: a, \(run), for_each: parameters.x}]\n", ["E0203 2:64"], "write \"${{ parameters.x }}\""),
            Case("stages: [{id: a, \(run), outputs: {x: 1, y: {type: number}}}]\n", ["E0202 2:64"]),
            Case(
                "stages: [{id: a, uses: set, outputs: {x: 1}}, {id: b, uses: set, with: {y: 2}}, {id: c, uses: set}]\n",
                ["E0202 2:95"]),
            Case("stages: [{id: a, uses: sleep, with: {for: 1}}]\n", ["E0229 2:43"]),
            Case("stages: [{id: a, uses: sleep, with: {for: 1 hour}}]\n", ["E0206 2:43"]),
            Case("stages: [{id: a, uses: sleep, with: {for: 1h, until: \"2026-01-01T00:00:00Z\"}}]\n", ["E0229 2:24"]),
            Case(
                "stages: [{id: a, uses: gate, with: {prompt: ok?, timeout: 1h, on_timeout: maybe, rewind_to: b}}]\n",
                ["E0229 2:75", "E0212 2:93"]),
            Case("stages: [{id: a, uses: workflow, with: {parameters: {}}}]\n", ["E0202 2:24"]),
            Case(
                "schedule: [{cron: \"0 6 * * 1-5\", timezone: Europe/Oslo, overlap: skip, catch_up: last}, {cron: a, every: 5m}]\nstages: [{id: a, \(run)}]\n",
                ["E0234 2:96", "E0209 2:99"]),
            Case(
                "budget: {tokens: 0}\nconcurrency: {group: \"g-${{ parameters.x }}\", on_conflict: wait}\nstages: [{id: a, \(run)}]\n",
                ["E0207 2:18", "E0215 3:40", "E0204 3:60"]),
            Case(
                "parameters: {a: {type: text}, b: {type: string, required: true}, c: {type: integer, default: x}, d: {type: string, pattern: \"(\"}, e: 5}\nstages: [{id: a, \(run)}]\n",
                ["E0204 2:24", "E0201 2:49", "E0231 2:94", "E0231 2:116", "E0203 2:134"]),
            Case(
                "stages: [{id: a, agent: w, prompt: hi}, {id: b, uses: llm.chat, agent: w}]\nagents: {w: {model: m/x}}\n",
                ["E0209 2:65"]),
            Case("hooks: {on_start: [{id: h, \(run)}], on_end: []}\nstages: [{id: a, \(run)}]\n", ["E0201 2:66"]),
            Case(
                "stages: [{id: a, \(run), fallback: {uses: http.request, with: {url: 1}}, compensate: {uses: set}}]\n",
                ["E0229 2:97"]),
            Case("stages:\n- id: a\n  uses: shell.run\n  with:\n    argv: x\n", ["E0229 6:11"]),
            Case(
                "stages: [{id: a, uses: http.request, with: {url: x, headers: {A: 1}, methd: GET}}]\n",
                ["E0229 2:66", "E0229 2:70"], "did you mean 'method'?"),
            Case("description: null\nstages: [{id: a, \(run)}]\n", ["E0203 2:14"]),
        ])
    }

    private static let chain = """
        parameters: {city: {type: string}, days: {type: integer, default: 1}, list: {type: array, default: []}}
        env: {BASE: /x, NEXT: "${{ env.BASE }}/y"}
        stages:
          - {id: get, uses: http.request, with: {url: "http://x/"}}
          - {id: far, uses: shell.run, with: {argv: [x]}, depends_on: [get]}

        """

    @Test func references() throws {
        let tail = { (text: String) in
            Self.chain + "  - {id: b, depends_on: [far], uses: test.any, with: {x: \"${{ \(text) }}\"}}\n"
        }
        try check([
            Case(tail("stages.get.outputs.status + parameters.days")),
            Case(tail("stages.get.outputs.statsu"), ["E0214 7:82"], "did you mean 'status'?"),
            Case(tail("stages.far.outputs.anything")),
            Case(tail("stages.gte.outputs.x"), ["E0212 7:70"], "did you mean 'get'?"),
            Case(tail("stages.b.outputs.x"), ["E0213 7:70"]),
            Case(tail("stages.get.output.x"), ["E0219 7:74"]),
            Case(tail("stages.get.status")),
            Case(tail("stages[parameters.city].outputs.x"), ["E0235 7:63"]),
            Case(tail("parameters.town"), ["E0215 7:74"], "must be one of: city, days, list"),
            Case(tail("env.NEXT + env.OTHER"), ["E0219 7:78"]),
            Case(tail("run.id + run.ids"), ["E0219 7:76"]),
            Case(tail("workflow.name")),
            Case(tail("item"), ["E0236 7:63"]),
            Case(tail("result.x"), ["E0236 7:63"]),
            Case(tail("nope"), ["E0211 7:63"]),
            Case(tail("uper('x')"), ["E0216 7:63"], "did you mean 'upper'?"),
            Case(tail("upper('x', 'y')"), ["E0217 7:63"]),
            Case(tail("1 +"), ["E0222 7:67"]),
            Case(tail("parameters.city < 3"), ["E0218 7:79"]),
            Case(tail("!parameters.city"), ["E0218 7:64"]),
            Case(tail("stages.get.outputs.status > 'x'"), ["E0218 7:89"]),
            Case(tail("parameters.list[0] > 3")),
            Case(tail("secrets.KEY"), ["E0220 7:71"], "secrets: [KEY]"),
            Case(
                Self.chain + "  - {id: b, uses: test.any, with: {x: \"${{ stages.get.outputs.body }}\"}}\n",
                ["E0213 7:51"], "add 'get' to depends_on of 'b'"),
            Case(
                Self.chain
                    + "  - {id: b, uses: test.any, for_each: \"${{ parameters.list }}\", with: {x: \"${{ item.x + index }}\"}}\n"
            ),
            Case(Self.chain + "  - {id: b, uses: test.any, for_each: \"${{ parameters.city }}\"}\n", ["E0218 7:39"]),
            Case(Self.chain + "  - {id: b, uses: test.any, if: parameters.city}\n", ["E0237 7:33"]),
            Case(
                Self.chain + "  - {id: b, uses: transform.jq, isolation: in_process, with: {filter: .}}\n",
                ["E0238 7:44"]),
            Case(Self.chain + "  - {id: b, uses: transform.jq, isolation: process, with: {filter: .}}\n"),
            Case(Self.chain + "  - {id: b, uses: test.any, isolation: process}\n"),
            Case(Self.chain + "  - {id: b, uses: ffi.bound, isolation: process}\n", ["E0238 7:41"]),
            Case(Self.chain + "  - {id: b, uses: test.any, if: \"parameters.days > 'x'\"}\n", ["E0218 7:50"]),
            Case(
                Self.chain
                    + "  - {id: b, uses: test.any, inputs: {n: {type: integer, value: \"${{ parameters.city }}\"}}}\n",
                ["E0218 7:64"]),
            Case(
                Self.chain
                    + "  - {id: b, uses: test.any, inputs: {n: \"${{ parameters.city }}\"}, with: {x: \"${{ inputs.n + inputs.m }}\"}}\n",
                ["E0219 7:101"]),
            Case(
                Self.chain + "  - {id: b, uses: test.any, outputs: {n: {type: integer, value: \"x ${{ result }}\"}}}\n",
                ["E0218 7:65"]),
            Case(
                Self.chain + "  - {id: b, uses: http.request, with: {url: \"${{ parameters.days }}\"}}\n",
                ["E0218 7:45"]),
            Case(
                Self.chain
                    + "  - {id: b, uses: http.request, with: {url: x, timeout_ms: \"${{ parameters.days }}\", method: \"${{ parameters.city }}\"}}\n"
            ),
            Case(
                Self.chain
                    + "  - {id: b, uses: http.request, with: {url: x, timeout_ms: \"1${{ parameters.days }}\"}}\n",
                ["E0218 7:60"]),
            Case(
                Self.chain
                    + "outputs: {x: \"${{ stages.get.outputs.body }}\", y: {type: integer, value: \"${{ stages.get.outputs.body }}\"}}\n",
                ["E0218 7:74"]),
            Case(
                Self.chain
                    + "finally:\n  - {id: z, uses: test.any, with: {x: \"${{ stages.get.outputs.body ?? '' }}\"}}\n"),
            Case(
                Self.chain + "agents: {w: {model: x, system: \"${{ parameters.city + stages.get.status }}\"}}\n",
                ["E0236 7:55"]),
            Case(
                Self.chain + "finally:\n  - {id: z, uses: test.any, depends_on: [get]}\n", ["E0223 8:42"],
                "leave it out"),
        ])
    }

    @Test func placesInsideBlocksAndQuotes() throws {
        let head = "stages:\n  - id: a\n    uses: test.any\n    with:\n"
        try check([
            Case(
                head + "      x: |\n        é one\n\n          two ${{ nope.a }} ${{ nopf.b }}\n",
                ["E0211 9:19", "E0211 9:33"]),
            Case(
                head + "      x: >\n        one\n        two ${{ nope.a }} ${{\n        nopf.b }}\n",
                ["E0211 8:17", "E0211 8:27"]),
            Case(head + "      x: \"\\\"q\\\" \\u00e9 ${{ nope['\\\"'] }}\"\n", ["E0211 6:28"]),
            Case(head + "      x: 'it''s ${{ nope.a }}'\n", ["E0211 6:21"]),
            Case(head + "      x: a\n        b ${{ nope.a }}\n", ["E0211 7:15"]),
            Case(head + "      x: &k !!str é ${{ nope.a }}\n", ["E0211 6:25"]),
        ])
        let json =
            "{\"name\": \"t\", \"stages\": [{\"id\": \"a\", \"uses\": \"test.any\", \"with\": {\"x\": \"\\ud83d\\ude00 \\n é ${{ nope.a }}\"}}]}"
        let result = WorkflowReader.read(path: "t.json", bytes: Array(json.utf8))
        #expect(result.diagnostics.first?.start == SourcePosition(line: 1, column: 95))
    }

    @Test func secretsAndCode() throws {
        let head = "secrets: [KEY]\nparameters: {f: {type: string}}\nstages:\n"
        try check([
            Case(head + "  - {id: a, uses: test.any, env: {K: \"${{ secrets.KEY }}\"}}\n"),
            Case(head + "  - {id: a, uses: test.any, with: {k: \"${{ secrets.KEY }}\"}}\n"),
            Case(head + "  - {id: a, uses: test.any}\n", ["W0301 2:11"]),
            Case(head + "  - {id: a, uses: test.any, if: \"secrets.KEY == 'x'\"}\n", ["E0221 5:34"]),
            Case(head + "  - {id: a, uses: set, with: {k: \"${{ secrets.KEY }}\"}}\n", ["E0221 5:39"]),
            Case(
                head + "  - {id: a, uses: test.any, outputs: {k: {type: string, value: \"${{ secrets.KEY }}\"}}}\n",
                ["E0221 5:69"]),
            Case(
                head + "  - {id: a, uses: test.any, with: {k: \"${{ secrets }}\"}, env: {K: \"${{ secrets.KEY }}\"}}\n",
                ["E0235 5:44"]),
            Case(
                "parameters: {f: {type: string}}\nstages:\n  - {id: a, uses: shell.script, with: {script: \"cat ${{ parameters.f }}\"}}\n",
                ["E0226 4:57"],
                "env: {F: \"${{ parameters.f }}\"} and \"$F\""),
            Case(
                "parameters: {f: {type: string}}\nstages:\n  - {id: a, uses: shell.script, with: {script: \"cat ${{ shellquote(parameters.f) }}\"}}\n"
            ),
            Case(
                "parameters: {f: {type: string}}\nstages:\n  - {id: a, uses: shell.script, with: {script: \"cat ${{ shellquote(parameters.f) + parameters.f }}\"}}\n",
                ["E0226 4:68"]),
            Case(
                "parameters: {f: {type: string}}\nstages:\n  - {id: a, uses: shell.script, with: {script: x, parts: [\"$${{ x }}\", \"${{ parameters.f }}\"]}}\n",
                ["E0226 4:77"]),
            Case(
                "parameters: {f: {type: string}}\nstages:\n  - {id: a, uses: transform.jq, with: {filter: \"${{ shellquote(parameters.f) }}\"}}\n",
                ["E0226 4:64"]),
        ])
    }

    @Test func graph() throws {
        let s = { (id: String, rest: String) in "  - {id: \(id), uses: test.any\(rest.isEmpty ? "" : ", " + rest)}\n" }
        let read = { (of: String) in "with: {x: \"${{ stages.\(of).outputs.y }}\"}" }
        try check([
            Case(
                "stages:\n" + s("a", "depends_on: [c]") + s("b", "depends_on: [a]") + s("c", "depends_on: [b]")
                    + s("d", "depends_on: [a]"),
                ["E0224 4:42"], " → "),
            Case("stages:\n" + s("a", "") + s("b", "depends_on: [aa, a]"), ["E0223 4:42"], "did you mean 'a'?"),
            Case("stages:\n" + s("a", "") + s("a", ""), ["E0208 4:10"], "first used in line 3"),
            Case(
                "stages:\n" + s("a", "if: false") + s("b", "depends_on: [a]") + s("c", "depends_on: [a], if: always()"),
                ["E0225 3:33", "E0225 4:42"]),
            Case("stages:\n" + s("a", "if: failure()"), ["E0225 3:33"]),
            Case("stages:\n" + s("a", "if: \"now() > 'x'\"")),
            Case("stages:\n" + s("a", "") + s("b", "depends_on: [a]") + s("c", "depends_on: [b], " + read("a"))),
            Case(
                "stages:\n" + s("a", "on_failure: continue") + s("b", "depends_on: [a], " + read("a")), ["W0302 4:78"]),
            // The lists of a stage with items are there also when it has failed.
            Case(
                "stages:\n" + s("a", "on_failure: continue, for_each: [1, 2]")
                    + s("b", "depends_on: [a], " + read("a"))),
            Case(
                "stages:\n" + s("a", "on_failure: continue")
                    + s("b", "depends_on: [a], if: \"stages.a.status == 'completed'\", " + read("a"))),
            Case(
                "stages:\n" + s("a", "on_failure: continue")
                    + s(
                        "b",
                        "depends_on: [a], with: {x: \"${{ stages.a.outputs?.y }}\", z: \"${{ stages.a.outputs.y ?? 1 }}\"}"
                    )),
            Case("stages:\n" + s("a", "") + s("b", "depends_on: [a], if: always(), " + read("a")), ["W0302 4:92"]),
            Case(
                "stages:\n" + s("a", "") + s("b", "depends_on: [a], if: \"success() && parameters.p\", " + read("a"))
                    + "parameters: {p: {type: boolean, default: true}}\n"),
            Case(
                "stages:\n" + s("a", "") + s("b", "depends_on: [a], if: always()")
                    + s("c", "depends_on: [b], " + read("a")), ["W0302 5:78"]),
            Case(
                "defaults: {on_failure: continue}\nstages:\n" + s("a", "") + s("b", "depends_on: [a], " + read("a")),
                ["W0302 5:78"]),
            Case("stages:\n" + s("a", "") + "finally:\n" + s("z", read("a")), ["W0302 5:61"]),
            Case(
                "parameters: {p: {type: boolean, default: true}}\noutputs: {x: \"${{ stages.b.outputs.y }}\", z: \"${{ stages.c.outputs.y }}\"}\nstages:\n"
                    + s("a", "if: parameters.p") + s("b", "depends_on: [a]") + s("c", ""),
                ["W0302 3:36"]),
        ])
    }

    @Test func gatesThatCannotComeAbout() throws {
        try check([
            Case("stages: [{id: a, uses: gate, with: {prompt: ok?, on_timeout: approve}}]\n", ["E0210 2:50"]),
            Case(
                "stages: [{id: a, uses: gate, with: {prompt: ok?, approvers: [ann, ann], required_approvals: 2}}]\n",
                ["E0207 2:93"], "names 1 approver"),
            Case("stages: [{id: a, uses: gate, with: {prompt: ok?, approvers: [ann, bob], required_approvals: 2}}]\n"),
            Case(
                "stages: [{id: a, uses: gate, with: {prompt: ok?, approvers: [\"${{ run.id }}\"], "
                    + "required_approvals: 2}}]\n"),
        ])
    }

    @Test func fieldsOfThePartThatTheyAreIn() throws {
        let run = Self.run
        let gate = "uses: gate, with: {prompt: ok?, rewind_to: a}"
        try check([
            Case(
                "stages: [{id: a, \(run), fallback: {uses: gate, with: {prompt: ok?}}, compensate: {uses: set, with: {x: 1}}}]\n"
            ),
            Case("stages: [{id: a, \(run)}]\nfinally: [{id: b, \(run), compensate: {\(run)}}]\n", ["E0240 3:55"]),
            Case(
                "stages: [{id: a, \(run)}]\nhooks: {on_start: [{id: b, \(run), compensate: {\(run)}}]}\n",
                ["E0240 3:64"]),
            Case("stages: [{id: a, \(run)}]\nhooks: {on_start: [{id: b, \(run), parallel: false}]}\n", ["E0240 3:64"]),
            Case("stages: [{id: a, \(run)}]\nhooks: {on_start: [{id: b, \(gate)}]}\n", ["E0240 3:60"]),
            Case("stages: [{id: a, \(run), compensate: {\(gate)}}]\n", ["E0240 2:99"]),
            Case(
                "stages: [{id: a, \(run)}]\nhooks: {on_start: [{id: b, \(run)}], on_waiting: [{id: c, depends_on: [b], \(run)}]}\n",
                ["E0223 3:100"]),
            Case(
                "secrets: [K]\nstages: [{id: a, \(run), fallback: {uses: set, with: {x: \"${{ secrets.K }}\"}}}]\n",
                ["E0221 3:91"]),
        ])
    }

    @Test func children() throws {
        let catalog = try StandInCatalog()
        let inner = """
            name: inner
            parameters: {n: {type: integer, maximum: 5}, word: {type: string, default: a}}
            outputs: {sum: {type: number, value: 1}}
            stages: [{id: a, uses: set, with: {x: 1}}]
            """
        let definition = try #require(
            WorkflowReader.read(path: "inner.yaml", bytes: Array(inner.utf8), catalog: catalog).definition)
        let cases: [(with: String, rest: String, told: [String])] = [
            ("path: inner.yaml, parameters: {n: 3}", "", []),
            ("path: inner.yaml, parameters: {n: 6}", "", ["E0231"]),
            ("path: inner.yaml, parameters: {n: x}", "", ["E0231"]),
            ("path: inner.yaml", "", ["E0229"]),
            ("name: inner, parameters: {n: 1, wrod: b}", "", ["E0215"]),
            ("name: inner, parameters: {n: \"${{ run.id }}\"}", "", ["E0218"]),
            ("name: inner, parameters: \"${{ parameters }}\"", "", []),
            ("name: inner, path: inner.yaml, parameters: {n: 1}", "", ["E0229"]),
            ("name: \"${{ run.id }}\"", "", ["E0235"]),
            ("path: nowhere.yaml", "", ["E0239"]),
            ("parameters: {n: 1}", "", ["E0202"]),
            ("path: inner.yaml, parameters: {n: 1}", "x: \"${{ stages.c.outputs.sun }}\"", ["E0214"]),
            ("path: inner.yaml, parameters: {n: 1}", "x: \"${{ stages.c.outputs.sum + 1 }}\"", []),
            ("path: inner.yaml, parameters: {n: 1, word: \"${{ secrets.KEY }}\"}", "", ["E0221"]),
        ]
        for entry in cases {
            let secrets = entry.with.contains("secrets") ? "secrets: [KEY]\n" : ""
            let text = """
                name: outer
                \(secrets)stages:
                  - {id: c, uses: workflow, with: {\(entry.with)}}
                  - {id: d, depends_on: [c], uses: set, with: {\(entry.rest.isEmpty ? "x: 1" : entry.rest)}}
                """
            let result = WorkflowReader.read(
                path: "t.yaml", bytes: Array(text.utf8), catalog: catalog,
                children: { reference in
                    reference.text.hasPrefix("inner")
                        ? .found(definition) : .unusable(message: "there is no such file", help: nil)
                })
            let told = result.diagnostics.map(\.code.rawValue)
            #expect(told == entry.told, "\(entry.with): \(result.diagnostics.map(\.message))")
            guard let outer = result.definition else { continue }
            #expect(outer.stages[0].child == definition)
            let again = WorkflowReader.read(
                path: "snapshot.json", bytes: WorkflowWriter.canonical(outer), catalog: catalog)
            #expect(again.definition == outer, "what a run is locked to holds its children: \(again.diagnostics)")
            #expect(outer.withoutFoundChildren().stages[0].child == nil)
        }
    }
}
