import BattenCore
import TestSupport
import Testing

@Suite struct SchemaTests {
    /// Each line holds a schema with values that fit, values that do not (with the place and keyword of the first
    /// violation), or the place for which the schema itself is refused.
    @Test func agreesWithTheTable() throws {
        var wrong: [String] = []
        for (number, line) in SourceTree.lines(of: "Tests/BattenCoreTests/Data/schemas.jsonl").enumerated()
        where !line.isEmpty {
            let entry = try JSONReader.parse(String(line))
            do throws(SchemaError) {
                let schema = try JSONSchema.compile(entry["schema"] ?? .null)
                if entry["refused"] != nil { wrong.append("line \(number + 1) is not refused") }
                for value in entry["valid"]?.arrayValue ?? [] {
                    for violation in schema.validate(value) {
                        wrong.append("line \(number + 1): \(value) gives \(violation.description)")
                    }
                }
                for fault in entry["invalid"]?.arrayValue ?? [] {
                    let value = fault["value"] ?? .null
                    let first = schema.validate(value).first
                    let found = first.map { [$0.path.pathText, $0.keyword] } ?? []
                    let expected = [fault["at"]?.stringValue ?? "", fault["keyword"]?.stringValue ?? ""]
                    if found != expected {
                        wrong.append(
                            "line \(number + 1): \(value) gives \(found) \(first?.message ?? ""), expected \(expected)")
                    }
                }
            } catch {
                let place = entry["refused"]
                if place == nil || (place?.stringValue.map { $0 != error.path.pathText } ?? false) {
                    wrong.append("line \(number + 1): \(error.description) at '\(error.path.pathText)'")
                }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func saysWhatWouldBeRight() throws {
        let schema = try JSONSchema.compile([
            "type": "object",
            "properties": [
                "method": ["enum": ["GET", "POST"]], "days": ["type": "integer", "minimum": 1, "maximum": 7],
                "url": ["type": "string", "description": "where to"], "tags": ["items": ["type": "string"]],
            ],
            "required": ["url"], "additionalProperties": false,
        ])
        let cases: [(JSONValue, [String])] = [
            (
                ["url": "x", "method": "GTE"],
                ["method: \"GTE\" is not one of: \"GET\", \"POST\"; did you mean \"GET\"?"]
            ),
            (["url": "x", "days": 9], ["days: 9 is more than 7, the most allowed"]),
            (["url": "x", "days": "2"], ["days: \"2\" is a string, it should be an integer"]),
            (["urll": "x"], ["'url' is missing (where to)", "urll: 'urll' is not known here; did you mean 'url'?"]),
            (["url": "x", "tags": ["a", 1]], ["tags[1]: 1 is an integer, it should be a string"]),
            ("x", ["\"x\" is a string, it should be an object"]),
        ]
        for (value, expected) in cases {
            #expect(schema.validate(value).map(\.description) == expected)
        }
    }

    @Test func leavesUnknownPlacesAlone() throws {
        let schema = try JSONSchema.compile([
            "properties": [
                "n": ["type": "integer"], "list": ["items": ["type": "integer"], "uniqueItems": true],
                "any": ["oneOf": [["type": "object", "required": ["a"]], ["type": "object", "required": ["b"]]]],
                "kind": ["enum": ["a"]], "one": ["const": ["k": 1]],
            ],
            "not": ["required": ["n"], "properties": ["n": ["type": "string"]]], "required": ["n"],
        ])
        let value: JSONValue = [
            "n": "?", "list": [1, "?", "?"], "any": ["a": "?", "b": "?"], "kind": "?", "one": ["k": "?"],
        ]
        let unknown: [[PathPart]] = [
            [.key("n")], [.key("list"), .index(1)], [.key("list"), .index(2)], [.key("any"), .key("a")],
            [.key("any"), .key("b")], [.key("kind")], [.key("one"), .key("k")],
        ]
        #expect(schema.validate(value, unknown: unknown) == [])
        // Many places are looked up in another way than a few.
        let many = unknown + (0..<20).map { [.key("more"), .index($0)] }
        #expect(schema.validate(value, unknown: many) == [])
        let partlyKnown = { (places: [[PathPart]]) in places.filter { $0 != [.key("kind")] } }
        #expect(schema.validate(value, unknown: partlyKnown(many)).map(\.keyword) == ["enum"])
        #expect(schema.validate(value, unknown: partlyKnown(unknown)).map(\.keyword) == ["enum"])
        #expect(schema.validate(value).count >= 5)
        let partly = schema.validate(["list": ["x", "?"]], unknown: [[.key("list"), .index(1)]])
        #expect(partly.map(\.keyword) == ["required", "type"])
    }

    @Test func answersQuestions() throws {
        let schema = try JSONSchema.compile([
            "$defs": ["base": ["properties": ["id": ["type": "string"]], "required": ["id"]]],
            "allOf": [["$ref": "#/$defs/base"]],
            "properties": [
                "script": ["type": "string", "x-batten-code": "shell"],
                "steps": ["type": "array", "items": ["properties": ["run": ["x-batten-code": "jq"]]]],
                "headers": ["additionalProperties": ["type": "string", "x-batten-volatile": true]],
                "at": ["type": ["string", "null"], "x-batten-volatile": true], "tree": ["$ref": "#"],
                "either": ["anyOf": [["type": "string"], ["type": "object", "properties": ["deep": ["const": 5]]]]],
            ],
            "additionalProperties": false,
        ])
        #expect(schema.declaredProperties.map(\.name) == ["script", "steps", "headers", "at", "tree", "either", "id"])
        #expect(schema.required == ["id"] && !schema.allowsAdditionalProperties)
        #expect(
            schema.codeFields.map { "\($0.path.pathText) \($0.value)" } == ["script \"shell\"", "steps[*].run \"jq\""])
        #expect(schema.volatileFields.map(\.pathText) == ["headers[*]", "at"])
        let value: JSONValue = ["headers": ["date": "today"], "at": "now", "tree": ["at": "deeper"], "list": [1]]
        #expect(schema.withoutVolatile(value) == ["headers": [:], "tree": ["at": "deeper"], "list": [1]])
        let elements: JSONValue = ["items": ["prefixItems": [true, ["x-batten-volatile": true]]]]
        #expect(try JSONSchema.compile(elements).withoutVolatile([["a", "b"], ["c"], 1]) == [["a", nil], ["c"], 1])
        #expect(schema.property(at: [.key("steps"), .index(3), .key("run")])?.extensionValue("x-batten-code") == "jq")
        #expect(schema.property(at: [.key("tree"), .key("tree"), .key("at")])?.declaredTypes == ["string", "null"])
        #expect(schema.property(at: [.key("either"), .key("deep")])?.declaredTypes == ["integer"])
        #expect(schema.property(at: [.key("either")])?.declaredTypes == ["string", "object"])
        #expect(schema.property(at: [.key("nope")]) == nil)
        #expect(schema.property(at: [.key("id")])?.declaredTypes == ["string"])
        #expect(JSONSchema.anything.acceptsAnything && !schema.acceptsAnything)
        #expect(try JSONSchema.compile(["description": "x", "$defs": [:]]).acceptsAnything)
    }

    /// Schemas made to exhaust a checker end in an answer.
    @Test func isBounded() throws {
        var chain: JSONObject = [:]
        for index in 0..<2_000 { chain["d\(index)"] = ["$ref": .string("#/$defs/d\(index + 1)")] }
        chain["d2000"] = ["type": "string"]
        let long = try JSONSchema.compile(["$defs": .object(chain), "$ref": "#/$defs/d0"])
        #expect(long.validate(5).map(\.keyword) == ["limit"])

        var doubling: JSONObject = [:]
        for index in 0..<40 {
            let next = JSONValue.object(["$ref": .string("#/$defs/d\(index + 1)")])
            doubling["d\(index)"] = ["allOf": [next, next]]
        }
        doubling["d40"] = ["type": "string"]
        let wide = try JSONSchema.compile(["$defs": .object(doubling), "$ref": "#/$defs/d0"])
        #expect(wide.validate("x").map(\.keyword) == ["limit"])

        let list = try JSONSchema.compile(["items": ["$ref": "#"], "type": "array"])
        var deep: JSONValue = []
        for _ in 0..<400 { deep = [deep] }
        #expect(list.validate(deep) == [])
    }
}
