import BattenCore
import BattenSpec
import Testing

/// Files as YAML and JSON, sound and broken.
@Suite struct ReadingTests {
    /// Values of plain and tagged scalars by the core schema of YAML 1.2.
    private static let scalars: [(yaml: String, value: JSONValue)] = [
        ("true", true), ("True", true), ("FALSE", false), ("yes", "yes"), ("on", "on"), ("No", "No"), ("~", nil),
        ("null", nil), ("", nil), ("nUll", "nUll"), ("12", 12), ("-7", -7), ("+7", 7), ("007", 7), ("0x1F", 31),
        ("0o17", 15), ("0b11", "0b11"), ("1_000", "1_000"), ("190:20:30", "190:20:30"), ("1.5", 1.5), ("1.", 1.0),
        (".5", 0.5), ("-.5e3", -500.0), ("1e3", 1000.0), ("1e", "1e"), (".", "."), ("-", nil), ("1.2.3", "1.2.3"),
        ("9223372036854775807", 9_223_372_036_854_775_807), ("9223372036854775808", 9_223_372_036_854_775_808.0),
        ("2026-01-31", "2026-01-31"), ("'12'", "12"), ("\"12\"", "12"), ("!!str 12", "12"), ("!!int 12", 12),
        ("!!float 12", 12.0), ("! 12", "12"), ("!!null ~", nil), ("'it''s'", "it's"), ("\"a\\u00e9\\tb\"", "aé\tb"),
        ("a b", "a b"), ("=", "="), ("<", "<"), ("[a, 1]", ["a", 1]), ("{a: 1}", ["a": 1]), ("|\n  x\n  y\n", "x\ny\n"),
        (">-\n  x\n  y\n", "x y"), ("&n [1]", [1]), ("\"x\\\n   y\"", "xy"),
    ]

    @Test func scalarsResolveByTheCoreSchema() {
        for (yaml, value) in Self.scalars where yaml != "-" {
            let document = YAMLReader.read(path: "x.yaml", bytes: Array("v: \(yaml)\n".utf8))
            #expect(document.value?["v"] == value, "\(yaml) is \(document.value?["v"] ?? "nothing")")
            #expect(document.value?["v"]?.typeName == value.typeName, "\(yaml)")
        }
    }

    @Test func bothSyntaxesGiveTheSameValueAndPlaces() throws {
        let yaml = "{\"a\": [1, 2.5, \"x\\u0041\"], \"é\": {\"b\": null}}"
        let first = YAMLReader.read(path: "x.yaml", bytes: Array(yaml.utf8))
        let second = YAMLReader.read(path: "x.json", bytes: Array(yaml.utf8))
        #expect(first.value != nil && first.value == second.value)
        let one = try #require(first.root?["é"]?["b"])
        let two = try #require(second.root?["é"]?["b"])
        #expect(one.range == two.range && first.position(of: one) == SourcePosition(line: 1, column: 39))
    }

    /// Broken files: the code and the place of the first problem.
    private static let broken: [(name: String, text: String, code: String, line: Int, column: Int)] = [
        ("x.yaml", "a: [1, 2\n", "E0101", 1, 8), ("x.yaml", "a: \"x\nb: 1\n", "E0101", 2, 4),
        ("x.yaml", "a:\n\t- 1\n", "E0101", 2, 1), ("x.yaml", "a: b: c\n", "E0101", 1, 5),
        ("x.yaml", "a: @x\n", "E0101", 1, 4), ("x.yaml", "a: 1\n---\nb: 2\n", "E0112", 2, 1),
        ("x.yaml", "a: 1\na: 2\n", "E0109", 2, 1), ("x.yaml", "a: {b: 1, b: 2}\n", "E0109", 1, 11),
        ("x.yaml", "<<: {a: 1}\n", "E0110", 1, 1), ("x.yaml", "a: !x y\n", "E0111", 1, 7),
        ("x.yaml", "a: !!binary aGk=\n", "E0111", 1, 13), ("x.yaml", "a: *b\n", "E0108", 1, 4),
        ("x.yaml", "a: &b [*b]\n", "E0108", 1, 8), ("x.yaml", "? {a: b}\n: c\n", "E0115", 1, 3),
        ("x.yaml", ": c\n", "E0101", 1, 1), ("x.yaml", "a: .nan\n", "E0116", 1, 4), ("x.yaml", "", "E0113", 1, 1),
        ("x.yaml", "# only\n", "E0113", 1, 1), ("x.yaml", "if: ${{ a # b }}\n", "E0114", 1, 5),
        ("x.yaml", "- ${{ x ? {a: 1} : 2 }}\n", "E0114", 1, 3), ("x.yaml", "{if: ${{ a }}}\n", "E0114", 1, 6),
        ("x.yaml", "if: ${{ a ? b: c }}\n", "E0114", 1, 5), ("x.yaml", "[${{ a }}]\n", "E0114", 1, 2),
        ("x.json", "{\"a\": 1", "E0102", 1, 7),
        ("x.json", "{\"a\": 1,}", "E0102", 1, 9), ("x.json", "{\"a\": tru}", "E0102", 1, 10),
        ("x.json", "{\"a\": 1,\n \"a\": 2}", "E0109", 2, 2), ("x.json", "", "E0102", 1, 1),
        ("x.json", "{\"a\": 01}", "E0102", 1, 8), ("noname", "{\"a\": [1,]}", "E0102", 1, 10),
        ("noname", "{a: [1,]}\n", "", 0, 0), ("x.yaml", "a: 1\nb: \u{1}\n", "E0104", 2, 4),
        ("x.yaml", "\u{FEFF}a: 1\n\u{FEFF}b: [\n", "E0101", 2, 0), ("x.yaml", "a: 1\r\nb: [\r\n", "E0101", 2, 4),
    ]

    @Test func brokenFilesGiveACodeAndAPlace() {
        for entry in Self.broken {
            let document = YAMLReader.read(path: entry.name, bytes: Array(entry.text.utf8))
            guard !entry.code.isEmpty else {
                #expect(document.diagnostics.isEmpty, "\(entry.text)")
                continue
            }
            let first = document.diagnostics.first
            #expect(
                document.root == nil && first?.code.rawValue == entry.code,
                "\(entry.text.debugDescription): \(first.map { "\($0)" } ?? "nothing")")
            guard entry.column > 0 else { continue }
            #expect(
                first?.start == SourcePosition(line: entry.line, column: entry.column),
                "\(entry.text.debugDescription): \(first.map { "\($0.start) \($0.message)" } ?? "nothing")")
        }
    }

    @Test func everyCutOffFileGivesAPlace() {
        let text =
            "name: a\nstages:\n  - id: x\n    uses: \"shell.run\"\n    with: {argv: [\"a\", 'b', \"${{ run.id }}\"], é: |\n      x}\n"
        let json = "{\"name\": \"é\", \"stages\": [{\"id\": \"x\", \"n\": [1, 2.5e3, true, null, \"\\u00e9\"]}]}"
        for (name, whole) in [("x.yaml", Array(text.utf8)), ("x.json", Array(json.utf8))] {
            for length in 0..<whole.count {
                let document = YAMLReader.read(path: name, bytes: Array(whole[..<length]))
                let lines = SourceText(path: name, bytes: Array(whole[..<length])).lineCount
                #expect(document.root != nil || !document.diagnostics.isEmpty)
                #expect(document.diagnostics.allSatisfy { (1...lines).contains($0.start.line) })
                if name == "x.json" { #expect(document.root == nil) }
            }
        }
    }

    @Test func hostileFilesAreRefusedSoon() {
        func first(_ text: String, _ name: String = "x.yaml") -> String? {
            YAMLReader.read(path: name, bytes: Array(text.utf8)).diagnostics.first?.code.rawValue
        }
        #expect(first(String(repeating: "[", count: 10_000)) == "E0106")
        #expect(first(String(repeating: "[", count: 10_000), "x.json") == "E0106")
        #expect(first(String(repeating: "- ", count: 10_000)) == "E0106")
        #expect(first(String(repeating: "{a: ", count: 10_000)) == "E0106")
        #expect(first(String(repeating: "? ", count: 10_000)) == "E0115")
        var deep = "a0: &a0 [x]\n"
        for level in 1...120 { deep += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(first(deep) == "E0106")
        #expect(first(String(repeating: "\u{0}", count: 100)) == "E0104")
        let utf16: [UInt8] = [0xFF, 0xFE, 0x61, 0, 0x3A, 0]
        #expect(YAMLReader.read(path: "x.yaml", bytes: utf16).diagnostics.first?.code == .notUTF8)
        for bad: [UInt8] in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80]] {
            let document = YAMLReader.read(path: "x.yaml", bytes: Array("a: ".utf8) + bad)
            #expect(document.diagnostics.first?.code == .notUTF8)
            #expect(document.diagnostics.first?.start == SourcePosition(line: 1, column: 4))
        }
    }
}
