import BattenSystem
import BattenTransfer
import Synchronization
import Testing

import enum BattenPlugin.DurationText

/// The parts of the transfer client that need no connection.
@Suite struct HTTPPiecesTests {
    @Test func waitsAreRead() {
        let now: Int64 = 784_111_777
        let table: [(String, Int64?)] = [
            ("0", 0), ("120", 120), (" 7", 7), ("1.5", 1), ("-3", 0), ("99999999999", 604_800), ("", nil),
            ("soon", nil),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sunday, 06-Nov-94 08:49:38 GMT", 1),
            ("Sun Nov  6 08:50:37 1994", 60), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("Sun, 31 Foo 1994 08:00:00 GMT", nil),
            ("nan", nil), ("inf", nil),
        ]
        for (text, seconds) in table {
            #expect(RetryAfter.parse(text, now: now).map { $0 / 1_000_000_000 } == seconds, "\(text)")
        }
        #expect(HTTPDate.format(now) == "Sun, 06 Nov 1994 08:49:37 GMT")
        for day in stride(from: Int64(-86_400 * 30_000), to: 86_400 * 30_000, by: 86_400 * 37 + 12_345) where day > 0 {
            #expect(HTTPDate.parse(HTTPDate.format(day)) == day)
        }
    }

    @Test func policiesJudge() throws {
        let open = HostPolicy.standard
        let names = try HostPolicy(
            allow: ["api.example.org", "*.Internal.example", "10.0.0.0/8"],
            deny: ["bad.internal.example", "10.9.0.0/16"])
        let metadata = try HostPolicy(allow: ["169.254.169.254"], deny: [])
        let table: [(HostPolicy, String, Bool)] = [
            (open, "example.org", true), (open, "127.0.0.1", true), (open, "192.168.1.1", true), (open, "::1", true),
            (open, "169.254.169.254", false), (open, "fe80::1", false), (open, "fd00:ec2::254", false),
            (open, "::ffff:169.254.1.1", false), (open, "64:ff9b::a9fe:a9fe", false),
            (open, "metadata.google.internal", false),
            (open, "METADATA.google.internal.", false), (names, "api.example.org", true),
            (names, "a.b.internal.example", true), (names, "10.1.2.3", true), (names, "10.9.2.3", false),
            (names, "bad.internal.example", false), (names, "127.0.0.1", false), (metadata, "169.254.169.254", true),
            (metadata, "169.254.169.253", false), (metadata, "8.8.8.8", false),
        ]
        for (policy, host, allowed) in table {
            #expect((policy.judge(host: host) == .allowed) == allowed, "\(host)")
        }
        // A name that is allowed does not make every address allowed.
        let address = try #require(NetworkAddress("169.254.169.254"))
        #expect(names.judge(address, ofHost: "api.example.org") != .allowed)
        for bad in ["", "a b", "*.", "10.0.0.0/33", "http://x"] {
            #expect(throws: TransferFailure.self) { try HostPolicy(allow: [bad], deny: []) }
        }
    }

    @Test func urlsAreTakenApart() throws {
        let table: [(String, String, String, Int)] = [
            ("http://Example.org", "http://Example.org/", "Example.org", 80),
            ("https://u:p@h:8443/a b?q=ü#f", "https://h:8443/a%20b?q=%c3%bc", "h", 8443),
            ("http://[::1]:81/", "http://[::1]:81/", "::1", 81),
            ("https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
            ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/", "xn--r8jz45g.xn--zckzah", 443),
        ]
        for (text, whole, host, port) in table {
            let url = try URLAddress(text)
            #expect(url.text == whole && url.host == host && url.port == port, "\(url)")
        }
        for bad in ["", "x", "http://", "file:///etc", "http://h:99999/", "http://a\nb/", "smtp://h"] {
            #expect(throws: TransferFailure.self, "\(bad)") { try URLAddress(bad) }
        }
        #expect(
            Redaction.url("https://u:pw@h/p?token=abc&x=1&api_key=k#f") == "https://***@h/p?token=***&x=1&api_key=***")
        #expect(
            URLAddress.appending([("a", "1&2"), ("b", "ü")], to: "http://h/?x#f") == "http://h/?x&a=1%262&b=%C3%BC#f")
    }

    /// However a stream of events is cut into pieces, the same events come out.
    @Test func eventsSurviveAnyCut() throws {
        let text =
            "\u{FEFF}: hello\r\ndata: one\r\n\r\nevent: e\ndata:two\ndata:  three\rid: 4\r\rdata\n\nevent: none\n\n"
            + "data: grüß 🌍\n\nretry: 1\ndata: last"
        let bytes = Array(text.utf8)
        let wanted = [
            ServerEvent(name: "message", data: "one"), ServerEvent(name: "e", data: "two\n three"),
            ServerEvent(name: "message", data: ""), ServerEvent(name: "message", data: "grüß 🌍"),
            ServerEvent(name: "message", data: "last"),
        ]
        for size in 1...bytes.count {
            var parser = EventStreamParser()
            var events: [ServerEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { piece in
                    try parser.take(piece) { events.append($0) }
                }
            }
            parser.end { events.append($0) }
            #expect(events == wanted, "pieces of \(size)")
        }
        var small = EventStreamParser(limit: 10)
        #expect(throws: TransferFailure.self) {
            try Array("data: much too long".utf8).withUnsafeBytes { try small.take($0) { _ in } }
        }
    }

    @Test func digestsMatchPublishedValues() {
        #expect(
            Cryptography.hex(SHA256Digest.of(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        // RFC 4231, test case 2.
        #expect(
            Cryptography.hex(
                Cryptography.hmacSHA256(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    /// Many callers of one name share one lookup, and the answer is kept.
    @Test func lookupsAreShared() {
        let lookups = Atomic(0)
        let answers = Monitor(0)
        let pool = WorkerPool(width: 2)
        let gate = Mutex(())
        let resolver = Resolver(pool: pool) { name in
            gate.withLock { _ in }
            lookups.wrappingAdd(1, ordering: .relaxed)
            return name == "bad" ? .failed("no") : .addresses(["192.0.2.1"])
        }
        gate.withLock { _ in
            for _ in 0..<100 {
                #expect(resolver.resolve("Host", now: 0) { _ in answers.signal { $0 += 1 } } == nil)
            }
        }
        #expect(answers.wait(until: MonotonicClock.now() + 30_000_000_000) { $0 == 100 ? true : nil } == true)
        #expect(lookups.load(ordering: .relaxed) == 1)
        #expect(resolver.resolve("host", now: TransferClient.now) { _ in } == .addresses(["192.0.2.1"]))
        pool.shutdown()
        #expect(resolver.resolve("other", now: 0) { _ in } == .failed("no thread is left to look it up"))
    }

    @Test func lengthsOfTimeAreRead() {
        let table: [(String, Int64?)] = [
            ("500ms", 500_000_000), ("1h30m", 5_400_000_000_000), ("2d", 172_800_000_000_000), ("0s", 0), ("", nil),
            ("5", nil), ("s", nil), ("1.5s", nil), ("-1s", nil), ("99999999999999d", nil), ("1y", nil),
        ]
        for (text, nanoseconds) in table { #expect(DurationText.parse(text) == nanoseconds, "\(text)") }
    }
}
