import BattenPluginTesting
import Testing
import Plugin@TYPE@

/// Tries the plugin against a fake host, which also holds it against the rules of the header.
@Test func greets() throws {
    let host = try FakeHost(entry)
    let end = host.run("@ID@.greet", ["name": "Ada"])
    #expect(end?.output == ["greeting": "Hello, Ada"])
    #expect(host.end() == [])
}
