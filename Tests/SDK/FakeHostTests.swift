import BattenSystem
import TestSupport
import Testing

/// The fake host of the C SDK: it has to notice what it promises to notice.
@Suite struct FakeHostTests {
    @Test func namesEachRuleThatAPluginBreaks() throws {
        let shop = try Workshop()
        let root = SourceTree.root
        let program = "\(shop.folder)/misbehaviour"
        let sources = try FileSystem.list("\(root)/sdk/c/testing").filter { $0.hasSuffix(".c") }
        let build = try Command.run(
            [
                "cc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wno-missing-field-initializers",
                "-Werror", "-g", "-fsanitize=address,undefined", "-I\(root)/sdk/c/include", "-I\(root)/sdk/c/testing",
                "-o", program, "\(root)/Tests/SDK/Sources/misbehaviour.c",
            ] + sources.map { "\(root)/sdk/c/testing/\($0)" } + ["-lpthread"])
        try #require(build.status == 0, "\(build.output)")
        let result = try Command.run([program])
        #expect(result.status == 0, "\(result.output)")
    }
}
