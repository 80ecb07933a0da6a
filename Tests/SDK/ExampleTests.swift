import BattenSystem
import TestSupport
import Testing

/// The three examples of every language, in their unit tests and in the real host.
@Suite struct ExampleTests {
    /// What all languages' examples have in common.
    struct Expectation: Sendable {
        let call: [String]
        let status: Int32
        let says: [String]
    }

    static let expectations = [
        Expectation(
            call: ["hello.greet", "--with", "name=Ada \"é\""], status: 0,
            says: ["greeting: Hello, Ada \"é\"\n", "exec | greeting Ada"]),
        Expectation(
            call: ["hello.greet", "--with", "name="], status: 1,
            says: ["the name is empty: say whom to greet [hello.no_name]"]),
        Expectation(call: ["timer.wait", "--with", "ms=30"], status: 0, says: ["waited_ms: 30\n"]),
        Expectation(
            call: ["timer.wait", "--with", "ms=600000", "--timeout", "50ms"], status: 1, says: ["timed out"]),
        Expectation(call: ["quota.fetch", "--with", "pages=3"], status: 0, says: ["requests: 3\n"]),
    ]

    @Test(arguments: Language.all) func examplesBuildAndWork(_ language: Language) throws {
        try language.requireTools()
        let shop = try Workshop()
        let source = "\(SourceTree.root)/sdk/\(language.name)/examples"
        try language.make(source, ["OUT=\(shop.folder)/out", "all"])
        try language.make(source, ["OUT=\(shop.folder)/out", "test"])
        let libraries = ["hello", "timer", "quota"].map { "\(shop.folder)/out/libbatten-plugin-\($0).so" }
        let program = try shop.program("contract")
        for group in language.wantsOwnProcess ? libraries.map({ [$0] }) : [libraries] {
            let contract = try Command.run([program] + group)
            #expect(contract.status == 0, "\(contract.output)")
        }
        for flags in [["--in-process-plugins"], []] {
            for expected in Self.expectations {
                let result = try shop.exec(expected.call, plugins: "\(shop.folder)/out", flags: flags)
                let call = "\(flags) \(expected.call)"
                #expect(result.status == expected.status, "\(call): \(result.output)")
                for text in expected.says {
                    #expect(result.output.contains(text), "\(call) does not say \(text): \(result.output)")
                }
            }
        }
        try quotasHold(shop)
    }

    /// A fetch holds two requests a page and uses one; there is a real quota, and room for ten more each time.
    private func quotasHold(_ shop: Workshop) throws {
        let plugins = "\(shop.folder)/out"
        for (flags, used) in [(["--in-process-plugins"], 6), ([], 11)] {
            let set = try shop.batten(
                ["quota", "set", "requests", "--metric", "requests", "--limit", "\(used + 10)", "--per", "ever"]
                    + ["--scope", "plugin=quota", "--on-exceed", "fail"])
            #expect(set.status == 0, "\(set.output)")
            let five = try shop.exec(["quota.fetch", "--with", "pages=5"], plugins: plugins, flags: flags)
            #expect(five.status == 0 && five.output.contains("requests: 5\n"), "\(flags): \(five.output)")
            let three = try shop.exec(["quota.fetch", "--with", "pages=3"], plugins: plugins, flags: flags)
            #expect(three.status == 6 && three.output.contains("is used up"), "\(flags): \(three.output)")
            let shown = try shop.batten(["quota", "show", "requests"])
            let fill = "used: \(used + 5) requests\nreserved: 0 requests\n"
            #expect(shown.output.contains(fill), "\(flags): \(shown.output)")
        }
    }
}
