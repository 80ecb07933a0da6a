import BattenCore
import Testing

@Suite struct SpellingTests {
    private static let cases: [(word: String, names: [String], nearest: String?, guess: String?)] = [
        ("jsno", ["json", "yaml"], "json", "json"), ("JSON", ["yaml", "json"], "json", "json"),
        ("depend_on", ["depends_on"], "depends_on", "depends_on"), ("a", ["b", "ab"], "ab", "ab"),
        ("x", ["y"], nil, nil), ("shell", ["http"], nil, nil), ("", ["a"], nil, nil),
        // Nothing is close in letters, and still it can be what was meant.
        ("json", ["len", "toJSON", "fromJSON"], nil, "toJSON"),
        ("params", ["inputs", "parameters"], nil, "parameters"),
        ("deps", ["timeout", "depends"], nil, "depends"), ("id", ["run_id"], nil, nil), ("srep", ["parse"], nil, nil),
        ("out", ["timeout", "fan_out"], nil, "timeout"), ("KEY", ["PLUGIN_KEYS"], nil, nil),
    ]

    @Test(arguments: cases)
    func guessesWhatWasMeant(_ one: (word: String, names: [String], nearest: String?, guess: String?)) {
        #expect(Spelling.nearest(to: one.word, in: one.names) == one.nearest)
        #expect(Spelling.guess(one.word, in: one.names) == one.guess)
    }
}
