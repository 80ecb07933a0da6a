import BattenCore
import TestSupport
import Testing

@Suite struct SealedTextTests {
    static let key = SecretKey([UInt8](repeating: 7, count: SecretKey.length))
    static let masker = SecretMasker(secrets: ["hunter2hunter2", "12345678"])

    /// The value as the engine keeps it.
    static func kept(_ value: JSONValue) throws -> JSONValue {
        let key = try #require(key)
        var number: UInt8 = 0
        let sealed = masker.sealing(value) { bytes, kind in
            number += 1
            return SealedText.seal(
                bytes, kind, key: key, nonce: [UInt8](repeating: number, count: SecretKey.nonceLength))
        }
        return sealed ?? value
    }

    static let values: [(value: JSONValue, shown: JSONValue)] = [
        ("a hunter2hunter2 b", "a *** b"),
        ("hunter2hunter2", "***"),
        ("hunter2\nhunter2, 12345678", "***, ***"),
        ("hunter2hunter2hunter2", "***"),
        (["x": 12_345_678, "y": [1, true, nil, "no"]], ["x": "***", "y": [1, true, nil, "no"]]),
        (["hunter2hunter2": ["deep": ["aHVudGVyMmh1bnRlcjI="]]], ["***": ["deep": ["***"]]]),
        ("looks like ⟦sealed:1:t:00:AAAA⟧ one", "***"),
        ("⟦sealed:1:", "***"),
        ("plain ⟦ text ⟧", "plain ⟦ text ⟧"),
    ]

    @Test func keepsShowsAndOpens() throws {
        for (value, shown) in Self.values {
            let kept = try Self.kept(value)
            let text = JSONWriter.string(kept)
            #expect(!Self.masker.contains(kept), "\(text)")
            #expect(SealedText.shown(kept) == shown, "\(text)")
            // What is shown of the kept JSON is JSON, and the same.
            #expect(try JSONReader.parse(SealedText.shown(text)) == shown, "\(text)")
            var revealed: Set<String> = []
            let opened = try SealedText.open(
                kept, revealed: { revealed.insert($0) }, key: { $0 == Self.key?.id ? Self.key : nil })
            #expect(opened == value, "\(text)")
            #expect(revealed.isEmpty == !SealedText.isIn(kept))
            // Cut anywhere, nothing of a seal is shown.
            for end in 0...text.unicodeScalars.count {
                let cut = SealedText.shown(String(String.UnicodeScalarView(text.unicodeScalars.prefix(end))))
                #expect(!cut.contains("1:t:") && !cut.contains("1:v:"), "\(cut)")
            }
        }
        #expect(Self.masker.sealing(["x": "plain"]) { _, _ in "" } == nil)
    }

    @Test func refusesWhatIsNotItsOwn() throws {
        let kept = try Self.kept("a hunter2hunter2 b")
        #expect(throws: SealedText.Trouble.keyMissing(Self.key?.id ?? "")) {
            try SealedText.open(kept, revealed: { _ in }, key: { _ in nil })
        }
        let scalars = Array(try #require(kept.stringValue).unicodeScalars)
        // Between "a " and " b".
        for place in 2..<scalars.count - 2 {
            var changed = scalars
            changed[place] = changed[place] == "A" ? "B" : "A"
            let text = String(String.UnicodeScalarView(changed))
            let opened = try? SealedText.open(
                text, revealed: { _ in }, key: { $0 == Self.key?.id ? Self.key : nil })
            #expect(opened?.contains("hunter2hunter2") != true, "\(text)")
        }
    }

    @Test func readsSealedValuesOnlyWhereTheyArePassedOn() throws {
        struct Scope: ExpressionScope {
            let value: JSONValue
            let keepsWhole: Bool
            func lookup(_ namespace: ExpressionNamespace) -> ScopeLookup { .value(["v": value, "w": 1]) }
            func sealed(_ value: JSONValue, isWhole: Bool) -> ScopeLookup {
                keepsWhole && isWhole ? .value(value) : .unavailable
            }
        }
        let kept = try Self.kept(["s": "hunter2hunter2", "other": "x"])
        let cases: [(text: String, isRefused: Bool, isRefusedWhole: Bool)] = [
            ("${{ result.w }}", false, false), ("${{ result.v.other }}", false, false),
            ("${{ result.v.s }}", true, false), ("${{ result.v }}", true, false), ("${{ result }}", true, false),
            ("a ${{ result.v.s }} b", true, false), ("${{ upper(result.v.s) }}", true, true),
            ("${{ result.v.s == 'x' }}", true, true), ("${{ [result.v.s] }}", true, true),
        ]
        for (text, isRefused, isRefusedWhole) in cases {
            let template = try Template.parse(text)
            for (keepsWhole, refused) in [(false, isRefused), (true, isRefusedWhole)] {
                let scope = Scope(value: kept, keepsWhole: keepsWhole)
                if refused {
                    let error = #expect(throws: ExpressionError.self, "\(text)") { try template.render(in: scope) }
                    #expect(error?.code == .unavailable && error?.message.contains("secret") == true, "\(text)")
                } else {
                    #expect(throws: Never.self, "\(text)") { try template.render(in: scope) }
                }
            }
        }
    }
}
