import BattenCore
import TestSupport
import Testing

@Suite struct ValuesSecretTests {
    static let secret = "p@ss w/rd+é\"\\1"
    static let masker = SecretMasker(secrets: [secret, "short", "hunter2hunter2"])

    /// A text with a secret's form in it; the form's surroundings have to stay.
    static func forms() -> [String] {
        let bytes = Array(secret.utf8)
        var forms = [
            secret, Hex.encode(bytes), Hex.encode(bytes).uppercased(), PercentEncoding.encode(secret),
            PercentEncoding.encode(secret).replacing("%20", with: "+"),
            String(JSONWriter.string(.string(secret)).dropFirst().dropLast()),
            "p@ss w\\/rd+\\u00e9\\\"\\\\1", Base64.encode(bytes),
        ]
        // Inside of longer data, at the three places in a group.
        for prefix in ["", "a", "ab", "abc"] { forms.append(Base64.encode(Array((prefix + secret + "zz").utf8))) }
        return forms
    }

    @Test func masksEveryForm() {
        for form in Self.forms() {
            let masked = Self.masker.mask("<" + form + ">")
            #expect(masked.hasPrefix("<") && masked.hasSuffix(">") && masked.contains("***"), "\(form) gives \(masked)")
            #expect(masked.utf8.count <= 12 + 4, "\(form) gives \(masked)")
        }
        #expect(Self.masker.mask("nothing to hide") == "nothing to hide")
        #expect(Self.masker.mask("a short hunter2hunter2hunter2 end") == "a *** *** end")
    }

    /// Every form, cut in two at every place, as two pieces and as two lines.
    @Test func masksEveryFormAtEverySplit() {
        for form in Self.forms() {
            let bytes = Array(form.utf8)
            for cut in 0...bytes.count {
                for end in ["", "\n", "\r\n"] {
                    var stream = Self.masker.makeStream()
                    let output =
                        stream.append(Array("<".utf8) + bytes[..<cut]) + stream.append(Array(end.utf8))
                        + stream.append(bytes[cut...] + Array(">".utf8)) + stream.finishBytes()
                    let shown = String(decoding: output, as: UTF8.self)
                    let text = shown.replacing("\r", with: "").replacing("\n", with: "")
                    #expect(shown.contains("***") && text.utf8.count <= 12 + 4 + 3, "\(form) cut at \(cut): \(shown)")
                    #expect(!Self.masker.contains(text), "\(form) cut at \(cut) by '\(end)' gives \(shown)")
                    // Line ends stay.
                    #expect(shown.utf8.filter { $0 == 10 || $0 == 13 }.count == end.utf8.count)
                    let broken = bytes[..<cut] + Array(end.utf8) + bytes[cut...]
                    #expect(Self.masker.mask(Array(broken)).count < broken.count)
                }
            }
        }
    }

    /// What is left of a form where a text was cut is masked; elsewhere a beginning is a text like any other.
    @Test func masksWhatIsLeftOfAForm() {
        let masker = SecretMasker(secrets: [Self.secret])
        for form in Self.forms().map({ Array($0.utf8) }) where masker.contains(String(decoding: form, as: UTF8.self)) {
            for count in 0...form.count {
                let left = String(decoding: form[..<count], as: UTF8.self)
                for end in ["", "…", "…]", "\u{FFFD}…"] {
                    let shown = masker.mask(excerpt: "got <" + left + end)
                    #expect(shown.hasPrefix("got ") && shown.hasSuffix(end), "\(left)\(end) gives \(shown)")
                    // The base64 of longer data begins with what is none of the secret's.
                    #expect(shown.utf8.count <= 5 + 4 + 7 + end.utf8.count + 3, "\(left)\(end) gives \(shown)")
                }
                if count < form.count / 2 { #expect(masker.mask(excerpt: left + ">") == left + ">") }
            }
        }
        let table = [
            ("p@ss w/", "p@ss w/"), ("p@ss w/r", "***"), ("p@ss w/rd… p@ss w/rd", "***… ***"),
            ("a p@ss\n w/rd", "a ***"), ("\(Self.secret) and p@ss w/rd+…", "*** and ***…"), ("nothing…", "nothing…"),
        ]
        for (text, shown) in table { #expect(masker.mask(excerpt: text) == shown, "\(text)") }
        let overlapping = SecretMasker(secrets: ["abcdefgh12345678", "12345678xyz12345"])
        #expect(overlapping.mask(excerpt: "<abcdefgh12345678xy") == "<***")
        #expect(
            masker.mask(excerpt: ["body": "p@ss w/rd…", "n": 1, "l": ["p@ss w/rd"]])
                == ["body": "***…", "n": 1, "l": ["***"]])
        #expect(SecretMasker.none.mask(excerpt: "p@ss w/rd") == "p@ss w/rd")
    }

    @Test func masksWrappedTexts() {
        let masker = SecretMasker(secrets: [String(repeating: "a long secret, ", count: 20)])
        let form = Base64.encode(Array(String(repeating: "a long secret, ", count: 20).utf8))
        for width in [8, 60, 64, 76] {
            var wrapped: [UInt8] = []
            for (place, digit) in form.utf8.enumerated() {
                if place > 0, place.isMultiple(of: width) { wrapped.append(10) }
                wrapped.append(digit)
            }
            let shown = masker.mask(String(decoding: wrapped, as: UTF8.self))
            #expect(Set(shown.utf8) == [42, 10], "width \(width): \(shown)")
        }
    }

    @Test func masksAcrossPieces() {
        var generator = SeededGenerator(seed: 7)
        for round in 0..<400 {
            var text = ""
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                text +=
                    ["plain ", "p@ss w", "hunter2", "shor", "t", Self.secret].randomElement(using: &generator) ?? ""
                text += Self.forms().randomElement(using: &generator) ?? ""
            }
            let bytes = Array(text.utf8)
            var stream = Self.masker.makeStream()
            var output: [UInt8] = []
            var fed = 0
            while fed < bytes.count {
                let count = min(bytes.count - fed, Int.random(in: 1...9, using: &generator))
                output += stream.append(Array(bytes[fed..<fed + count]))
                fed += count
            }
            output += stream.finishBytes()
            let whole = Self.masker.mask(bytes)
            #expect(output == whole, "round \(round): \(text)")
            #expect(!Self.masker.contains(String(decoding: whole, as: UTF8.self)), "round \(round): \(text)")
        }
    }

    @Test func holdsBackNoMoreThanTheLongestForm() {
        var stream = Self.masker.makeStream()
        var fed = 0
        var given = 0
        for index in 0..<10_000 {
            let piece = Array((index.isMultiple(of: 3) ? "p@ss w/r" : "hunter\n\r2hunter\n\n\n\n\n\n").utf8)
            fed += piece.count
            given += stream.append(piece).count
            #expect(fed - given <= Self.masker.longestHeldBack)
        }
    }

    @Test func masksValues() {
        let value: JSONValue = ["a short": ["x", "short", 5, nil], "n": 12_345_678, "d": true]
        let masker = SecretMasker(secrets: ["short", "12345678", ""])
        #expect(masker.mask(value) == ["a ***": ["x", "***", 5, nil], "n": "***", "d": true])
        #expect(masker.contains(value) && !masker.contains(["x": 1]))
        #expect(SecretMasker.none.isEmpty && SecretMasker.none.mask(value) == value)
        #expect(SecretMasker(secrets: [""]).isEmpty)
    }

    @Test func masksLinesAndLooseEnds() {
        let masker = SecretMasker(secrets: [
            "-----BEGIN-----\nMIIEvQIBADANBgkq\nhkiG9w0B\nab\n-----END-----\n", "token-with-newline\n",
        ])
        #expect(masker.mask("x token-with-newline y") == "x *** y")
        #expect(masker.mask(Base64.encode(Array("token-with-newline".utf8))) == "***")
        #expect(masker.mask("1 MIIEvQIBADANBgkq 2") == "1 *** 2")
        #expect(masker.mask("cab drives") == "cab drives")
        #expect(
            masker.mask("-----BEGIN-----\r\nMIIEvQIBADANBgkq\r\nhkiG9w0B\r\nab\r\n-----END-----")
                == "***\r\n***\r\n***\r\n***\r\n***")
    }

    @Test func overlappingSecretsLeaveNothing() {
        let masker = SecretMasker(secrets: ["abcdefgh", "efghijkl", "gh", "aaaa"])
        #expect(masker.mask("-abcdefghijkl-") == "-***-")
        #expect(masker.mask("abcdefg") == "abcdefg")
        #expect(masker.mask("aaaaaaaaab") == "***b")
    }
}
