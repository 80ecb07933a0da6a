import BattenPluginTesting
import Testing
import Plugin@TYPE@

/// Tries the plugin against a fake host, which also holds it against the rules of the header.
@Test func waitsAndCanBeCancelled() throws {
    let host = try FakeHost(entry)
    let longOne = try host.call("@ID@.wait", ["ms": 600_000])
    #expect(host.run("@ID@.wait", ["ms": 5])?.output == ["waited": true])
    host.cancel(longOne)
    #expect(host.wait(for: longOne)?.failure == .cancelled)
    #expect(host.end() == [])
}
