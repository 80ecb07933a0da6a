import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

@Suite struct TemplateTests {
    /// The example that plugin authors start from builds as its first lines say, and works.
    @Test(arguments: ["gcc", "clang"], ["c99", "c17"])
    func theTemplateBuildsAndGreets(_ compiler: String, _ standard: String) throws {
        let fixture = try HostFixture([])
        let library = "\(fixture.folder)/libbatten-plugin-hello.so"
        let result = try Command.run([
            compiler, "-std=\(standard)", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", "-shared",
            "-fPIC", "-fvisibility=hidden", "-Wl,-z,nodelete", "-I\(SourceTree.root)/sdk/c/include", "-o", library,
            "\(SourceTree.root)/sdk/c/template.c",
        ])
        try #require(result.status == 0, "\(result.output)")
        let sink = RecordingSink()
        _ = fixture.host.start(HostFixture.request("hello.greet"), sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome == StageOutcome(.ok, effect: .none, output: ["greeting": "hello"]))
        #expect(sink.lines == ["log 7 info: about to greet"])
        #expect(SourceTree.lines(of: "sdk/c/template.c").count < 60)
    }
}
