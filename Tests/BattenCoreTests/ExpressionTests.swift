import BattenCore
import TestSupport
import Testing

@Suite struct ExpressionTests {
    /// One line of the conformance table; docs/expressions.md tells its fields.
    struct Case {
        let line: Int
        let json: JSONValue

        var text: String { json["expression"]?.stringValue ?? json["template"]?.stringValue ?? "" }

        func scope() throws -> ExpressionBindings {
            var bindings = ExpressionBindings()
            for (name, value) in json["bindings"]?.objectValue ?? [:] {
                bindings.namespaces[try #require(ExpressionNamespace(rawValue: name))] = value
            }
            for (name, value) in json["statuses"]?.objectValue ?? [:] {
                bindings.statuses[try #require(StatusFunction(rawValue: name))] = value.boolValue
            }
            bindings.now = json["now"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
            return bindings
        }

        /// What evaluating gives: compact JSON, or the code of the error.
        func outcome() throws -> String {
            let scope = try scope()
            do throws(ExpressionError) {
                let value =
                    json["template"] == nil
                    ? try Expression.parse(text).evaluate(in: scope) : try Template.parse(text).render(in: scope)
                return JSONWriter.string(value)
            } catch {
                let range = error.range
                let isInside = range.lowerBound >= 0 && range.upperBound <= text.utf8.count
                return "error " + error.code.rawValue + (isInside ? "" : " with a range outside of the text")
            }
        }

        var expected: String {
            if let code = json["error"]?.stringValue { return "error " + code }
            return json["value"].map { JSONWriter.string($0) } ?? "nothing expected"
        }
    }

    static func table() throws -> [Case] {
        try SourceTree.lines(of: "Tests/BattenCoreTests/Data/expressions.jsonl").enumerated().filter { !$1.isEmpty }
            .map { Case(line: $0 + 1, json: try JSONReader.parse(String($1))) }
    }

    @Test func agreesWithTheConformanceTable() throws {
        let cases = try Self.table()
        #expect(cases.count >= 700)
        var wrong: [String] = []
        for single in cases {
            let outcome = try single.outcome()
            if outcome != single.expected {
                wrong.append(
                    "line \(single.line): \(single.text.prefix(100)) gives \(outcome.prefix(200)), expected \(single.expected.prefix(200))"
                )
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    /// Every function and every error code stands in the table.
    @Test func tableIsComplete() throws {
        let cases = try Self.table()
        let codes = Set(cases.compactMap { $0.json["error"]?.stringValue })
        #expect(codes == Set(ExpressionError.Code.allCases.map(\.rawValue)))
        let called = Set(
            try cases.filter { $0.json["value"] != nil && $0.json["expression"] != nil }
                .flatMap { try Expression.parse($0.text).functions.map(\.name) })
        for name in [
            "length", "contains", "startsWith", "endsWith", "upper", "lower", "trim", "split", "join", "replace",
            "matches", "format", "toJSON", "fromJSON", "keys", "values", "entries", "first", "last", "slice", "sort",
            "unique", "flatten", "sum", "min", "max", "range", "has", "default", "coalesce", "int", "float", "string",
            "bool", "now", "date", "duration", "sha256", "base64", "unbase64", "urlencode", "shellquote", "success",
            "failure", "cancelled", "always",
        ] {
            #expect(called.contains(name), "\(name) has no case that gives a value")
        }
    }

    @Test func tellsWhatItReads() throws {
        let text = "stages.a-b?.outputs['x'][0].y + (parameters.n ?? 1) + inputs[env.K].*.z"
        let references = try Expression.parse(text).references
        #expect(
            references.map(\.path.pathText) == ["stages.a-b.outputs.x[0].y", "parameters.n", "env.K", "inputs[*][*].z"])
        #expect(references[0].stageID == "a-b" && references[0].nullSafe && references[0].nullSafeParts[2])
        #expect(references.map(\.isGuarded) == [false, true, false, false])
        let bytes = Array(text.utf8)
        let parts = references[0].partRanges.map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(parts == ["stages", "a-b", "outputs", "'x'", "0", "y"])
        #expect(String(decoding: bytes[references[0].range], as: UTF8.self) == "stages.a-b?.outputs['x'][0].y")

        let template = try Template.parse("é ${{ parameters.a }} $${{ x }} ${{ (stages.b).status }}")
        #expect(template.references.map(\.path.pathText) == ["parameters.a", "stages.b.status"])
        let source = Array(template.text.utf8)
        #expect(
            template.references.map { String(decoding: source[$0.range], as: UTF8.self) } == [
                "parameters.a", "(stages.b).status",
            ])
    }

    @Test func reportsAllLastingProblems() throws {
        let expression = try Expression.parse("lenght(parametres.x) + replace('a') + matches('a', '(') + succes()")
        let problems = expression.problems.map { "\($0.code.rawValue) \($0.help ?? "")" }
        #expect(
            problems == [
                "unknown_function did you mean 'length'?", "unknown_name did you mean 'parameters'?",
                "arity write replace(text, old, new)", "argument RE2 has no look-around and no back-references",
                "unknown_function did you mean 'success'?",
            ])
        #expect(try Expression.parse("a.b").problems.count == 1)
    }

    @Test func knowsConditions() throws {
        let plain = try Expression.parse(condition: "stages.a.outputs.n > 1")
        #expect(!plain.usesStatusFunction && !plain.startsWhenHalted)
        let wrapped = try Expression.parse(condition: "  ${{ !failure() && cancelled() }}\n")
        #expect(wrapped.usesStatusFunction && wrapped.startsWhenHalted && wrapped.uses(.cancelled))
        #expect(wrapped.text == "!failure() && cancelled()")
        #expect(throws: ExpressionError.self) { try Expression.parse(condition: "${{ true }} && ${{ false }}") }
        #expect(throws: ExpressionError.self) { try Expression.parse(condition: "") }
    }

    @Test func rendersTrees() throws {
        let json: JSONValue = ["url": "https://x/${{ parameters.a }}", "n": ["${{ 1 + 1 }}", 5], "c": ["t": "$${{"]]
        let value = try TemplateValue.compile(json)
        #expect(!value.isConstant)
        let scope = ExpressionBindings([.parameters: ["a": "b"]])
        #expect(JSONWriter.string(try value.render(in: scope)) == #"{"url":"https://x/b","n":[2,5],"c":{"t":"${{"}}"#)
        #expect(value.locatedReferences.map(\.location) == [[.key("url")]])
        #expect(try TemplateValue.compile(["a": [1, "$${{ x"]]).constantValue == ["a": [1, "${{ x"]])
        let unreadable = #expect(throws: ExpressionError.self) { try TemplateValue.compile(["a": [1, "${{ 1 +"]]) }
        #expect(unreadable?.location == [.key("a"), .index(1)])
        let failing = try TemplateValue.compile(["k": ["deep": "x ${{ parameters.zz }}"]])
        let error = #expect(throws: ExpressionError.self) { try failing.render(in: scope) }
        #expect(error?.location.pathText == "k.deep" && error?.code == .missingKey)
        #expect(try Template.parse("${{ 5 }}").renderText(in: scope) == "5")
        #expect(throws: ExpressionError.self) { try Template.parse("${{ null }}").renderText(in: scope) }
    }
}
