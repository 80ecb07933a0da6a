import BattenCore
import BattenSpec
import Testing

/// Parse, write, parse: the same definition, over the whole model.
@Suite struct RoundTripTests {
    @Test func whatIsWrittenReadsBackTheSame() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        for round in 0..<300 {
            var generator = DefinitionGenerator(seed: seed &+ UInt64(round))
            let definition = generator.definition()
            let json = WorkflowWriter.canonical(definition)
            let forms: [(String, [UInt8])] = [
                ("x.json", json), ("x.json", Array(WorkflowWriter.jsonText(definition).utf8)),
                ("x.yaml", Array(WorkflowWriter.yaml(definition).utf8)),
            ]
            for (name, bytes) in forms {
                let result = WorkflowReader.read(path: name, bytes: bytes)
                let text = String(decoding: bytes, as: UTF8.self)
                let drawn = DiagnosticRenderer().render(result.diagnostics, source: result.source)
                guard result.definition == definition else {
                    Issue.record("seed \(seed) round \(round) \(name):\n\(drawn)\n\(text)")
                    return
                }
                let again = try WorkflowWriter.canonical(#require(result.definition))
                guard again == json else {
                    Issue.record("seed \(seed) round \(round) \(name) is written in another order")
                    return
                }
            }
        }
    }

    @Test func anyValueReadsBackFromYAML() {
        let seed = UInt64.random(in: 1...UInt64.max)
        var generator = DefinitionGenerator(seed: seed)
        for round in 0..<2_000 {
            let value = generator.value(depth: 4)
            let text = YAMLWriter.string(value)
            let document = YAMLReader.read(path: "x.yaml", bytes: Array(text.utf8))
            guard let read = document.value, read == value, read.description == value.description else {
                Issue.record(
                    "seed \(seed) round \(round): \(value)\n\(text)\n\(document.value.map(\.description) ?? "\(document.diagnostics)")"
                )
                return
            }
        }
    }

    @Test func theStepsShapeBecomesNative() throws {
        let text = """
            {"name": "Blog Post", "description": "d", "steps": [
              {"key": "research", "agent": "Researcher", "prompt": "About {{topic}} in {{ lang }}"},
              {"key": "2-write", "agent": "w", "prompt": "Use {{research.result}} ${{ run.id }}", "dependencies": ["research"]},
              {"key": "check", "agent": "w", "prompt": "{{2-write.result}}", "dependencies": ["2-write"], "parallel": false}
            ], "agents": {"w": {"model": "m/x"}}, "parameters": {"lang": {"type": "string", "default": "en"}}}
            """
        let settings = ReaderSettings(defaultModel: "openai/gpt-4o-mini")
        let result = WorkflowReader.read(
            path: "a.json", bytes: Array(text.utf8), catalog: try StandInCatalog(), settings: settings)
        let drawn = DiagnosticRenderer().render(result.diagnostics, source: result.source)
        let definition = try #require(result.definition, "\(drawn)")
        #expect(
            WorkflowWriter.yaml(definition) == """
                name: blog-post
                description: d
                parameters:
                  lang: {type: string, default: en}
                  topic: {type: string}
                agents:
                  w: {model: m/x}
                  Researcher: {model: openai/gpt-4o-mini, system: You are Researcher.}
                stages:
                  - id: research
                    uses: llm.chat
                    with:
                      agent: Researcher
                      prompt: "About ${{ parameters.topic }} in ${{ parameters.lang }}"
                  - id: _2-write
                    name: 2-write
                    depends_on: [research]
                    uses: llm.chat
                    with:
                      agent: w
                      prompt: "Use ${{ stages.research.outputs.text }} ${{ run.id }}"
                  - id: check
                    depends_on: [_2-write]
                    uses: llm.chat
                    with: {agent: w, prompt: "${{ stages._2-write.outputs.text }}"}
                    parallel: false

                """)
        let bare = WorkflowReader.read(path: "a.json", bytes: Array(text.utf8))
        #expect(bare.diagnostics.map(\.code) == [.noDefaultModel])
        #expect(bare.diagnostics.first?.help?.contains("llm.default_model") == true)
        let wrong =
            "steps:\n- {key: a, agent: w, prompt: \"{{b.result}} {{a c}}\", dependecies: []}\nagents: {w: {model: m}}\n"
        let told = WorkflowReader.read(path: "my flow.yaml", bytes: Array(wrong.utf8)).diagnostics
        #expect(told.map { "\($0.code.rawValue) \($0.start.column)" } == ["E0212 31", "E0232 44", "E0201 54"])
    }
}
