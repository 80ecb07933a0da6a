import BattenCore
import TestSupport
import Testing

@testable import BattenSpec

/// The editor schema and the decoder say the same.
@Suite struct LanguageSchemaTests {
    private static func violations(_ value: JSONValue) throws -> [SchemaViolation] {
        try JSONSchema.compile(LanguageSchema.schema).validate(value)
    }

    @Test func whatTheWriterWritesFits() throws {
        let schema = try JSONSchema.compile(LanguageSchema.schema)
        let seed = UInt64.random(in: 1...UInt64.max)
        for round in 0..<200 {
            var generator = DefinitionGenerator(seed: seed &+ UInt64(round))
            let value = WorkflowWriter.json(generator.definition())
            let found = schema.validate(value)
            guard found.isEmpty else {
                Issue.record("seed \(seed) round \(round): \(found.map(\.description))\n\(value)")
                return
            }
        }
    }

    @Test func examplesFit() throws {
        for path in SourceTree.files(under: "examples", ending: "")
        where path.hasSuffix("ml") || path.hasSuffix(".json") {
            let text = SourceTree.lines(of: path).joined(separator: "\n")
            let document = YAMLReader.read(path: path, bytes: Array(text.utf8))
            guard let value = document.value, value["stages"] != nil || value["steps"] != nil else { continue }
            let found = try Self.violations(value)
            #expect(found.isEmpty, "\(path): \(found.map(\.description))")
        }
    }

    @Test func unknownAndMisplacedFieldsAreRefused() throws {
        let good = """
            {"name": "a", "parameters": {"p": {"type": "string"}}, "env": {"E": {"from_host": "X"}}, "budget": {"tokens": 1},
             "concurrency": {"group": "g"}, "defaults": {"retry": {"factor": 2}}, "outputs": {"o": {"value": 1}},
             "schedule": [{"every": "5m"}], "on": [{"event": "go"}], "context": {"c": {"text": "x"}}, "hooks": {"on_start": []},
             "stages": [{"id": "s", "uses": "a.b", "inputs": {"i": {"value": 1}}, "outputs": {"o": {"type": "string"}},
               "retry": {"max_attempts": 2}, "fallback": {"uses": "a.b"}, "cache": {"key": "k"}, "budget": {"tokens": 1},
               "handoff": {"summary": {"agent": "x"}}}]}
            """
        let value = try JSONReader.parse(good)
        #expect(try Self.violations(value).isEmpty)
        let paths: [[PathPart]] = [
            [], [.key("parameters"), .key("p")], [.key("env"), .key("E")], [.key("budget")], [.key("concurrency")],
            [.key("defaults")], [.key("defaults"), .key("retry")], [.key("outputs"), .key("o")],
            [.key("schedule"), .index(0)], [.key("on"), .index(0)], [.key("context"), .key("c")], [.key("hooks")],
            [.key("stages"), .index(0)],
            [.key("stages"), .index(0), .key("inputs"), .key("i")],
            [.key("stages"), .index(0), .key("outputs"), .key("o")],
            [.key("stages"), .index(0), .key("retry")], [.key("stages"), .index(0), .key("fallback")],
            [.key("stages"), .index(0), .key("cache")], [.key("stages"), .index(0), .key("handoff"), .key("summary")],
        ]
        for path in paths {
            let wrong = Self.adding("bogus", to: value, at: path[...])
            #expect(try !Self.violations(wrong).isEmpty, "an unknown field at '\(path.pathText)' fits the schema")
            let read = WorkflowReader.read(path: "x.json", bytes: JSONWriter.bytes(wrong)).diagnostics
            #expect(read.contains { $0.code == .unknownField }, "an unknown field at '\(path.pathText)' is read")
        }
    }

    @Test func decoderAndSchemaKnowTheSameFields() throws {
        func keys(_ path: String...) -> Set<String> {
            var value = LanguageSchema.schema
            for key in path { value = value[key] ?? .null }
            return Set(value["properties"]?.objectValue?.keys ?? [])
        }
        #expect(keys() == Set(LanguageFields.workflow + ["steps"]))
        #expect(keys("$defs", "stage") == Set(LanguageFields.stage))
        #expect(keys("$defs", "body") == Set(LanguageFields.body))
        #expect(keys("$defs", "retry") == Set(LanguageFields.retry))
        #expect(keys("$defs", "budget") == Set(LanguageFields.budget))
        #expect(keys("properties", "defaults") == Set(LanguageFields.defaults))
        #expect(keys("properties", "schedule", "items") == Set(LanguageFields.schedule))
        #expect(keys("$defs", "trigger") == Set(LanguageFields.trigger))
        #expect(keys("properties", "hooks") == Set(LanguageFields.hooks))
        let parameter = keys("properties", "parameters", "additionalProperties")
        #expect(parameter == Set(LanguageFields.parameter + LanguageFields.parameterConstraints))
    }

    private static func adding(_ key: String, to value: JSONValue, at path: ArraySlice<PathPart>) -> JSONValue {
        switch (path.first, value) {
        case (nil, .object(var object)):
            object[key] = 1
            return .object(object)
        case (.key(let name)?, .object(var object)):
            object[name] = adding(key, to: object[name] ?? .null, at: path.dropFirst())
            return .object(object)
        case (.index(let index)?, .array(var elements)):
            elements[index] = adding(key, to: elements[index], at: path.dropFirst())
            return .array(elements)
        default: return value
        }
    }
}
