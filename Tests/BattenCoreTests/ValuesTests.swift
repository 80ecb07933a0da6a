import BattenCore
import Testing

@Suite struct ValuesTests {
    @Test func readsAndWritesBack() throws {
        let texts = [
            "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.0", "0.1", "1e+300",
            "5e-324", "\"\"", "\"a\\\"b\\\\c\\n\\u0001é😀\"", "[]", "{}", "[1,[2,[3,{\"a\":null}]]]",
            "{\"b\":1,\"a\":{\"\":[true,false]}}",
        ]
        for text in texts {
            #expect(JSONWriter.string(try JSONReader.parse(text)) == text)
            let pretty = JSONWriter.string(try JSONReader.parse(text), style: .pretty)
            #expect(try JSONReader.parse(pretty) == JSONReader.parse(text))
        }
    }

    @Test func keepsNumbersExact() throws {
        #expect(try JSONReader.parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
        let doubles: [(String, Double)] = [
            ("0.70951616745e-324", 0), ("5e-7551616", 0), ("2.4703282292062327e-324", 0),
            ("2.4703282292062328e-324", .leastNonzeroMagnitude), ("1e-99999999999999999999", 0),
            ("1.7976931348623158e308", 1.7976931348623157e308),
            ("2.2250738585072011e-308", Double.leastNormalMagnitude.nextDown),
            ("9007199254740993.0", 9_007_199_254_740_992),
            ("123456789012345678901234567890", 1.2345678901234568e29),
        ]
        for (text, number) in doubles { #expect(try JSONReader.parse(text) == .double(number), "\(text)") }
        #expect(throws: JSONError.self) { try JSONReader.parse("-1e99999999999999999999") }
        #expect(throws: JSONError.self) { try JSONReader.parse("1.7976931348623159e308") }
        #expect(try JSONReader.parse("1e2").typeName == "number")
        #expect(try JSONReader.parse("-0").typeName == "integer")
        #expect(JSONValue.int(1) == .double(1) && JSONValue.int(1).hashValue == JSONValue.double(1).hashValue)
        #expect(JSONValue.int(.max) != .double(9_223_372_036_854_775_808))
    }

    @Test func refusesWhatIsNotJSON() {
        let faults: [(String, JSONError.Code, Int)] = [
            ("", .syntax, 0), (" ", .syntax, 1), ("nul", .syntax, 3), ("[1,]", .syntax, 3), ("{\"a\":1,}", .syntax, 7),
            ("[1] x", .syntax, 4), ("[1]\u{0}", .syntax, 3), ("01", .syntax, 1), ("1.", .syntax, 2),
            ("NaN", .syntax, 0),
            ("\"\\uD800\"", .encoding, 1), ("\"\\uDC00x\"", .encoding, 0), ("{\"a\":1,\"a\":2}", .duplicateKey, 7),
            ("\"a\nb\"", .syntax, 2), ("'a'", .syntax, 0), ("1e999", .syntax, 0), ("[", .syntax, 1),
            ("{\"a\"", .syntax, 4),
        ]
        for (text, code, offset) in faults {
            let error = #expect(throws: JSONError.self, "\(text)") { try JSONReader.parse(text) }
            #expect(error?.code == code, "\(text): \(error?.description ?? "")")
            #expect(error?.offset == offset, "\(text): \(error?.description ?? "")")
        }
        let invalid: [[UInt8]] = [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]]
        for bytes in invalid {
            #expect(throws: JSONError.self) { try JSONReader.parse(bytes) }
        }
    }

    @Test func boundsDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONReader.parse(nested(512)) }
        let error = #expect(throws: JSONError.self) { try JSONReader.parse(nested(513)) }
        #expect(error?.code == .depth && error?.offset == 512)
        #expect(throws: JSONError.self) { try JSONReader.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: Never.self) { try JSONReader.parse(nested(1_024), limits: JSONLimits(depth: 9_999)) }
    }

    @Test func remembersPositions() throws {
        let text = "\u{FEFF} {\"a\\\"\" : [ 12.5e1 , \"x\\\\\", true,false ,null],\"b\":{ }}"
        let bytes = Array(text.utf8)
        func source(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        let node = try JSONReader.parseNode(bytes)
        guard case .object(let members) = node.content, case .array(let elements) = members[0].value.content else {
            Issue.record("not an object with a list")
            return
        }
        #expect(members.map { source($0.keyRange) } == ["\"a\\\"\"", "\"b\""])
        #expect(elements.map { source($0.range) } == ["12.5e1", "\"x\\\\\"", "true", "false", "null"])
        #expect(source(members[1].value.range) == "{ }")
        #expect(source(members[0].value.range).hasPrefix("[ 12") && source(members[0].value.range).hasSuffix("null]"))
        #expect(try node.value == JSONReader.parse(bytes))
    }

    @Test func keepsOrderOfMembers() throws {
        var object = JSONObject()
        for number in 0..<100 { object["k\(number)"] = .int(Int64(number)) }
        object["k50"] = nil
        object["k3"] = "new"
        #expect(object.count == 99 && object["k3"] == "new" && object["k50"] == nil && object["k99"] == 99)
        #expect(Array(object.keys.prefix(4)) == ["k0", "k1", "k2", "k3"])
        let reversed = JSONObject(object.reversed().map { ($0.key, $0.value) })
        #expect(object == reversed && object.hashValue == reversed.hashValue)
        #expect(JSONObject([("\u{E9}", 1), ("e\u{301}", 2)]).count == 2)
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(JSONWriter.string(["b": 1, "a": 2.0], style: .sorted) == "{\"a\":2.0,\"b\":1}")
    }

    @Test func readsInstants() {
        let cases: [(String, Int64?)] = [
            ("1970-01-01T00:00:00Z", 0), ("2026-01-31T06:00:00.25Z", 1_769_839_200_250_000_000),
            ("2026-01-31T08:00:00.25+02:00", 1_769_839_200_250_000_000), ("1969-12-31T23:59:59.999999999Z", -1),
            ("2000-02-29", 951_782_400_000_000_000), ("1900-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil),
            ("2026-01-01T24:00:00Z", nil), ("9999-01-01T00:00:00Z", nil), ("2026-01-01T00:00:00", nil), ("", nil),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000), ("2026-01-01T00:00:00+99:00", nil),
        ]
        for (text, expected) in cases {
            #expect(Timestamp(rfc3339: text)?.nanoseconds == expected, "\(text)")
        }
        for nanoseconds in [Int64.min, -1, 0, 1, 951_782_400_123_456_789, .max] {
            let instant = Timestamp(nanoseconds: nanoseconds)
            #expect(Timestamp(rfc3339: instant.rfc3339(fractionDigits: 9)) == instant)
        }
        #expect(Timestamp(nanoseconds: .max) + .seconds(5) == Timestamp(nanoseconds: .max))
        #expect(Timestamp(nanoseconds: 1_769_839_200_250_999_999).description == "2026-01-31T06:00:00.250Z")
        #expect(CivilTime(Timestamp(nanoseconds: 0)).weekday == 4)
    }

    @Test func readsDurations() {
        let cases: [(String, String?)] = [
            ("500ms", "500ms"), ("30s", "30s"), ("90m", "1h30m"), ("1h30m", "1h30m"), ("1d", "1d"), ("24h", "1d"),
            ("PT1H30M", "1h30m"), ("P1D", "1d"), ("P1DT12H", "1d12h"), ("PT0.5S", "500ms"), ("1.5h", "1h30m"),
            ("0s", "0s"), ("P2W", "14d"), ("1s500ms", "1s500ms"), ("", nil), ("5", nil), ("5x", nil), ("1m1h", nil),
            ("1h1h", nil), ("-5s", nil), ("P", nil), ("PT", nil), ("P1M", nil), ("P1Y", nil), ("1 h", nil),
            ("9999999999999999999s", nil), ("999999999999d", nil), ("300000h", "12500d"), ("PT5", nil), ("1.s", nil),
        ]
        for (text, expected) in cases {
            let duration = try? DurationText.parse(text)
            #expect(duration.map(DurationText.format) == expected, "\(text)")
        }
    }

    @Test func encodesBytes() {
        let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        for (plain, encoded) in pairs {
            #expect(Base64.encode(Array(plain.utf8)) == encoded)
            #expect(Base64.decode(encoded) == Array(plain.utf8))
        }
        #expect(Base64.decode("-_8") == [0xFB, 0xFF])
        for wrong in ["Z", "Zg=", "Zh==", "Z g=", "Zg==Zg==", "===="] {
            #expect(Base64.decode(wrong) == nil, "\(wrong)")
        }
        #expect(SHA256.hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
