import BattenPluginTesting
import QuotaExample
import Testing

@Test func givesBackWhatItDoesNotUse() throws {
    let host = try FakeHost(entry, quotas: ["requests": 10])
    #expect(host.run("quota.fetch", ["pages": 4])?.output == ["requests": 4])
    #expect(host.quotaLeft("requests") == 6)
    let end = try #require(host.run("quota.fetch", ["pages": 4]))
    #expect(end.failure == .quota && end.code == "quota.refused" && end.effect == .none && end.retryAfter != nil)
    #expect(host.quotaLeft("requests") == 6)
    #expect(host.end() == [])
}
