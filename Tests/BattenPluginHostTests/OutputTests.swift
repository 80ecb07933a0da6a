import Testing

@testable import BattenPluginHost

@Suite struct OutputTests {
    /// What is written to a channel piece by piece, and what reaches the sink, the rest at the end after `|`.
    static let cases: [(channel: String, writes: [String], pieces: [String])] = [
        ("stdout", ["a\nb\n"], ["a", "b", "|"]),
        ("stdout", ["a", "b", "\n"], ["ab", "|"]),
        ("stdout", ["a\r", "\nb\r\n\n"], ["a", "b", "", "|"]),
        ("stdout", ["no end"], ["|", "no end"]),
        ("stderr", ["lone\rreturn\n"], ["lone\rreturn", "|"]),
        ("text", ["a", "b\nc"], ["a", "b\nc", "|"]),
        ("text", [""], ["|"]),
        (
            "stdout", [String(repeating: "x", count: OutputState.longestLine + 3) + "\n"],
            [String(repeating: "x", count: OutputState.longestLine), "xxx", "|"]
        ),
    ]

    @Test func linesAndTextArriveWhole() {
        for example in Self.cases {
            var state = OutputState()
            var seen: [String] = []
            for write in example.writes { seen += state.take(example.channel, Array(write.utf8)).map(\.text) }
            seen.append("|")
            seen += state.finish().map(\.text)
            #expect(seen == example.pieces, "\(example.writes)")
        }
    }

    @Test func charactersAreNeverTorn() {
        let text = "aä€😀z"
        for size in 1...5 {
            var state = OutputState()
            var seen = ""
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                seen += state.take("text", bytes.prefix(size)).map(\.text).joined()
                bytes = bytes.dropFirst(size)
                #expect(!seen.contains("\u{fffd}"))
            }
            #expect(seen == text && state.finish().isEmpty)
        }
        // What never becomes a character is repaired instead of being held back for ever.
        var state = OutputState()
        let broken = state.take("text", [0x61, 0x80, 0x80, 0x80, 0x80]) + state.take("text", [0xc3]) + state.finish()
        #expect(broken.map(\.text).joined().hasPrefix("a\u{fffd}"))
        #expect(broken.last?.text == "\u{fffd}")
    }
}
