import BattenSystem
import TestSupport
import Testing

/// The fake host of the C SDK: it has to notice what it promises to notice.
@Suite struct FakeHostTests {
    @Test func namesEachRuleThatAPluginBreaks() throws {
        let shop = try Workshop()
        let program = try shop.program(
            "misbehaviour", ["-Wno-missing-field-initializers", "-fsanitize=address,undefined"])
        let result = try Command.run([program])
        #expect(result.status == 0, "\(result.output)")
    }
}
