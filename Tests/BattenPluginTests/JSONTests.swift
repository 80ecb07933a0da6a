import Testing

@testable import BattenPlugin

@Suite struct JSONTests {
    @Test func textComesBackAsItWas() throws {
        let texts = [
            "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5", "-0.25", "1e+300",
            #""""#, #""ä\n\"\\\u0001""#, "[]", "{}", "[1,[2,[3]],{}]", #"{"b":1,"a":{"c":[null]}}"#,
        ]
        #expect(try texts.map { try JSON(parsing: $0).text } == texts)
        let many = (0..<100).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        #expect(try JSON(parsing: "{\(many)}").text == "{\(many)}")
    }

    @Test func whatIsNoJSONIsRefusedWithItsPlace() {
        let table = ["", "{", "[1,]", "nul", "01", "\"\u{1}\"", "1 2", "{\"a\":1,}", "{a:1}", "NaN", "\u{FEFF}1"]
        for text in table {
            #expect(throws: JSONError.self, "\(text)") { try JSON(parsing: text) }
        }
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) {
            try JSON(parsing: String(repeating: "[", count: 513) + String(repeating: "]", count: 513))
        }
    }

    @Test func objectsKeepOrderAndEachNameOnce() throws {
        var object: JSONObject = ["b": 1, "a": 2, "b": 3]
        #expect(JSON.object(object).text == #"{"b":3,"a":2}"#)
        object["b"] = nil
        object["c"] = 4
        #expect(object.names == ["a", "c"])
        for number in 0..<40 { object["n\(number)"] = .integer(Int64(number)) }
        object["n7"] = nil
        object["n39"] = "last"
        #expect(object.count == 41 && object["n7"] == nil && object["n39"] == "last" && object["n38"] == 38)
        #expect(try JSON(parsing: #"{"a":1,"b":2}"#) == JSON(parsing: #"{"b":2,"a":1}"#))
        #expect(try JSON(parsing: #"{"x":1,"x":2}"#)["x"] == 2)
        #expect(JSON.number(.infinity).text == "null")
    }

    struct Everything: Codable, Equatable {
        enum Kind: String, Codable { case one, two }

        var text: String
        var small: Int8
        var large: UInt64
        var real: Double
        var flag: Bool
        var kind: Kind
        var list: [Int?]
        var table: [String: [Bool]]
        var absent: String?
        var any: JSON
    }

    @Test func valuesGoThroughEncoderAndDecoder() throws {
        let value = Everything(
            text: "x", small: -3, large: 1 << 40, real: 2.5, flag: true, kind: .two, list: [1, nil, 3],
            table: ["k": [true, false]], absent: nil, any: ["deep": [1, "two", nil]])
        let json = try JSON(encoding: value)
        #expect(
            json.text
                == #"{"text":"x","small":-3,"large":1099511627776,"real":2.5,"flag":true,"kind":"two","list":[1,null,3],"table":{"k":[true,false]},"any":{"deep":[1,"two",null]}}"#
        )
        #expect(try json.decode(Everything.self) == value)
        #expect(throws: (any Error).self) { try JSON(encoding: [Double.nan]) }
        #expect(throws: (any Error).self) { try JSON.integer(300).decode(UInt8.self) }
        #expect(throws: (any Error).self) { try JSON.integer(-1).decode(UInt.self) }
        #expect(try JSON.number(1e18).decode(UInt64.self) == 1_000_000_000_000_000_000)
        #expect(try JSON.null.decode(Int?.self) == nil)
    }

    @Test func schemasAreWrittenAsJSONSchema() {
        let schema = Schema.object(
            [
                .required("script", Schema.string("A script.").code("shell")),
                .optional("limit", .integer("A limit.", minimum: 1, default: 5)),
                .optional("env", .map(of: .string())),
                .optional("mode", .choice(of: ["a", "b"]).nullable()),
            ], open: true
        ).titled("Run")
        #expect(
            schema.json.text
                == #"{"type":"object","properties":{"script":{"type":"string","description":"A script.","x-batten-code":"shell"},"limit":{"type":"integer","description":"A limit.","minimum":1,"default":5},"env":{"type":"object","additionalProperties":{"type":"string"}},"mode":{"type":["string","null"],"enum":["a","b",null]}},"required":["script"],"title":"Run"}"#
        )
        #expect(Schema(text: "{").json["not"] != nil)
        #expect(("{\"type\": \"string\"}" as Schema).json["type"] == "string")
    }

    @Test func timesStayInRange() {
        #expect(MonotonicTime.never + .seconds(1) == .never)
        #expect(MonotonicTime(nanoseconds: .max - 1) + .seconds(1) == .never)
        #expect(MonotonicTime(nanoseconds: 5) + .nanoseconds(2) == MonotonicTime(nanoseconds: 7))
        #expect((MonotonicTime.now + .seconds(10)).remaining.map { $0 > .seconds(9) && $0 <= .seconds(10) } == true)
        #expect(MonotonicTime.never.remaining == nil)
    }

    @Test func bytesAreWrittenInBase64() {
        let published = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        for (plain, text) in published { #expect(Base64.encode(Array(plain.utf8)) == text) }
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
            let text = Base64.encode(bytes)
            let bare = String(text.prefix { $0 != "=" })
            let broken = text.map { "\($0)\r\n" }.joined()
            let safe = String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            #expect([text, bare, broken, safe].map(Base64.decode) == [bytes, bytes, bytes, bytes])
        }
        let none = [
            "A", "Z", "Zg=", "AA=A", "A===", "AAA==", "AAAA=", "AAAA*", "AB==", "Zh==", "Zg==Zg==", "====", "Zg\u{0}",
        ]
        for text in none { #expect(Base64.decode(text) == nil, "\(text)") }
    }
}
