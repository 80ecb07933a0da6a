import BattenCore
import Testing

@Suite struct VersionTests {
    /// A range, and versions that are in it and out of it.
    static let ranges: [(range: String, inside: String, outside: String)] = [
        ("*", "0.0.0 1.2.3 99.0.1", "1.0.0-rc.1"),
        ("1.2.3", "1.2.3 1.2.3+build.7", "1.2.4 1.2.2"),
        ("=1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"),
        ("1.x", "1.0.0 1.99.0", "2.0.0 0.9.0"),
        ("1.2.*", "1.2.0 1.2.9", "1.3.0"),
        ("^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0 2.0.0-rc.1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
        ("^0", "0.0.0 0.9.9", "1.0.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        (">=1.2 <2", "1.2.0 1.9.9", "2.0.0 1.1.0"),
        (">= 1.2, < 2", "1.2.0 1.9.9", "2.0.0 1.1.0"),
        (">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9"),
        ("<=1.2", "1.2.9 0.1.0", "1.3.0"),
        (">1.2.3 <=1.2.5", "1.2.4 1.2.5", "1.2.3 1.2.6"),
        ("1.x || >=3", "1.5.0 3.0.0 4.1.0", "2.0.0"),
        (">=1.0.0-rc.1", "1.0.0-rc.2 1.0.0 1.1.0", "1.0.0-beta 1.1.0-rc.1"),
        ("v1.2.3", "1.2.3", "1.2.4"),
    ]

    @Test(arguments: ranges) func rangesHoldWhatTheySay(_ entry: (range: String, inside: String, outside: String))
        throws
    {
        let range = try #require(VersionRange(entry.range), "\(entry.range) is a range")
        for (text, expected) in [(entry.inside, true), (entry.outside, false)] {
            for word in text.split(separator: " ") {
                let version = try #require(SemanticVersion(String(word)))
                #expect(range.contains(version) == expected, "\(word) in \(entry.range)")
            }
        }
    }

    @Test(arguments: [
        "", " ", "||", "1.2 ||", ">", ">=", "a", "1.2.3.4", "1..2", "-1", "<*", "^*", "1.2.x.y", "=>1", ">>1", "01.2.3",
        "18446744073709551616.0.0", "^18446744073709551615", "1.0.0-", "1.0.0-a..b", "1 ,, >", "\u{0}",
        String(repeating: "1 ", count: 400),
    ]) func nonsenseIsNoRange(_ text: String) {
        #expect(VersionRange(text) == nil)
    }

    @Test func precedenceIsThatOfTheStandard() throws {
        let ordered = [
            "0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
            "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
        ].map { SemanticVersion($0) }
        for (index, one) in ordered.enumerated() {
            let one = try #require(one)
            for other in ordered[(index + 1)...] {
                let other = try #require(other)
                #expect(one < other && !(other < one))
            }
        }
        #expect(SemanticVersion("1.2") == SemanticVersion("1.2.0"))
        for text in ["", "1.", ".1", "1.02.3", "1.2.3-", "1.2.3+", "1.2.3-ä", "x", "1.2.3 "] {
            #expect(SemanticVersion(text) == nil, "\(text)")
        }
    }
}
