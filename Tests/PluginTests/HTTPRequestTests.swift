import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite(.enabled(if: Servers.areWanted, "BATTEN_TEST_SERVERS=off")) struct HTTPRequestTests {
    /// Requests against httpbin and the tests' own server; `$NAME` stands for where they are.
    private static let table: [CallRow] = [
        CallRow(
            "query", #"{"url":"$HTTP/get?a=1#x","query":{"b":[2,"ü &"],"c":null,"d":true}}"#,
            says: [#""args":{"a":"1","b":["2","ü &"],"d":"true"}"#, #""status":200"#]),
        CallRow(
            "headers", #"{"url":"$HTTP/headers","headers":{"X-One":"a","X-Two":["b","c"]}}"#,
            says: [#""X-One":"a""#, #""X-Two":"b,c""#]),
        CallRow("json", #"{"url":"$HTTP/post","json":{"a":[1,null]}}"#, says: [#""json":{"a":[1,null]}"#]),
        CallRow("json null", #"{"url":"$ODD/echo","json":null}"#, .ok, .made, says: [#""body":"null","#]),
        CallRow("body text", #"{"url":"$HTTP/post","body":"plain"}"#, says: [#""data":"plain""#, "text/plain"]),
        CallRow("body object", #"{"url":"$HTTP/post","body":{"k":1}}"#, says: [#""json":{"k":1}"#]),
        CallRow("form", #"{"url":"$HTTP/post","form":{"a":"ü&=","n":3}}"#, says: [#""form":{"a":"ü&=","n":"3"}"#]),
        CallRow(
            "multipart",
            #"{"url":"$HTTP/post","multipart":[{"name":"a","value":"x"},{"name":"f","file":"up.txt"},{"name":"j","value":{"k":1}}]}"#,
            says: [#""f":"from a file""#, #""a":"x""#, #""j":"{\"k\":1}""#]),
        CallRow(
            "body file", #"{"url":"$HTTP/put","method":"PUT","body_file":"up.txt"}"#, says: [#""data":"from a file""#]),
        CallRow(
            "missing file", #"{"url":"$HTTP/put","body_file":"no.txt"}"#, .failed, Effect.none, code: "file.read",
            says: ["no.txt"]),
        CallRow(
            "two bodies", #"{"url":"$HTTP/post","json":1,"body":"x"}"#, .permanent, Effect.none, code: "input.invalid",
            says: ["more than one"]),
        CallRow("method", #"{"url":"$ODD/echo","method":"delete"}"#, says: [#""method":"DELETE""#, "Idempotency-Key"]),
        CallRow("head", #"{"url":"$HTTP/get","method":"HEAD"}"#, says: [#""status":200"#, #""bytes":0"#]),
        CallRow(
            "safe methods carry no key", #"{"url":"$ODD/echo"}"#, says: [#""method":"GET""#], hides: ["Idempotency-Key"]
        ),
        CallRow(
            "own key", #"{"url":"$ODD/echo","json":1,"idempotency_key":"mine"}"#, says: [#"["Idempotency-Key","mine"]"#]
        ),
        CallRow("no key", #"{"url":"$ODD/echo","json":1,"idempotency_key":false}"#, hides: ["Idempotency-Key"]),
        CallRow(
            "basic",
            #"{"url":"$HTTP/basic-auth/ada/pass%20w","auth":{"basic":{"username":"ada","password":"pass w"}}}"#,
            says: [#""authenticated":true"#]),
        CallRow(
            "wrong password",
            #"{"url":"$HTTP/basic-auth/ada/x","auth":{"basic":{"username":"ada","password":"hunter2!"}}}"#,
            .permanent, Effect.none, code: "http.status.401", says: ["401 Unauthorized"], hides: ["hunter2!"]),
        CallRow(
            "digest", #"{"url":"$HTTP/digest-auth/auth/ada/pw","auth":{"digest":{"username":"ada","password":"pw"}}}"#,
            says: [#""authenticated":true"#]),
        CallRow("bearer", #"{"url":"$HTTP/bearer","auth":{"bearer":"tok-1"}}"#, says: [#""token":"tok-1""#]),
        CallRow("netrc", #"{"url":"$HTTP/basic-auth/nora/rc","auth":{"netrc":"netrc"}}"#, says: [#""user":"nora""#]),
        CallRow(
            "aws",
            #"{"url":"$ODD/sigv4?b=2&a=1","json":{"x":1},"auth":{"aws_sigv4":{"access_key":"AKIA","secret_key":"wJalrXUtnFEMI","region":"eu-north-1","service":"execute-api"}}}"#,
            says: [#""problem":null"#]),
        CallRow(
            "two ways to sign in", #"{"url":"$HTTP/get","auth":{"bearer":"t","netrc":true}}"#, .permanent, Effect.none,
            code: "input.invalid", says: ["exactly one of basic"]),
        CallRow(
            "credentials in the URL", #"{"url":"http://ada:sesame1@127.0.0.1:1/"}"#, .transient, Effect.none,
            code: "connect.failed", hides: ["sesame1"]),
        CallRow(
            "cookies", #"{"url":"$HTTP/cookies","cookies":{"a":"1","b":"2"}}"#, says: [#""cookies":{"a":"1","b":"2"}"#]),
        CallRow(
            "cookies of a hop", #"{"url":"$HTTP/cookies/set?k=v"}"#, says: [#""cookies":{"k":"v"}"#, #""redirects":1"#]),
        CallRow("redirects", #"{"url":"$HTTP/redirect/3"}"#, says: [#""redirects":3"#, #""url":"$HTTP/get""#]),
        CallRow("redirects given back", #"{"url":"$HTTP/redirect/3","max_redirects":0}"#, says: [#""status":302"#]),
        CallRow(
            "too many redirects", #"{"url":"$HTTP/redirect/5","max_redirects":2}"#, .permanent, Effect.none,
            code: "redirect.too_many"),
        CallRow(
            "303 turns into GET", #"{"url":"$ODD/redirect?status=303&to=/echo","json":{"secret":1}}"#,
            says: [#""method":"GET""#, #""body":"","#], hides: ["Content-Type\""]),
        CallRow(
            "307 keeps the method", #"{"url":"$ODD/redirect?status=307&to=/echo","json":[1]}"#,
            says: [#""method":"POST""#, #""body":"[1]","#]),
        CallRow(
            "credentials stay with their origin",
            #"{"url":"$ODD/redirect?to=$ELSEWHERE/echo","auth":{"bearer":"tok-1"},"cookies":{"c":"crumb"},"headers":{"X-Api-Key":"k-9","X-Plain":"yes"}}"#,
            says: ["X-Plain"], hides: ["tok-1", "crumb", "k-9"]),
        CallRow(
            "credentials on the same origin", #"{"url":"$ODD/redirect?to=/echo","auth":{"bearer":"tok-1"}}"#,
            says: ["Bearer tok-1"]),
        CallRow(
            "redirect to a file", #"{"url":"$ODD/redirect?to=file:///etc/passwd"}"#, .permanent, Effect.none,
            code: "redirect.invalid"),
        CallRow("gzip", #"{"url":"$HTTP/gzip"}"#, says: [#""gzipped":true"#]),
        CallRow("brotli", #"{"url":"$HTTP/brotli"}"#, says: [#""brotli":true"#]),
        CallRow("no compression", #"{"url":"$ODD/echo","compression":false}"#, hides: ["Accept-Encoding"]),
        CallRow("bytes", #"{"url":"$HTTP/image/png"}"#, says: [#""body":null"#, #""body_base64":"iVBOR"#]),
        CallRow(
            "limit", #"{"url":"$HTTP/bytes/5000","max_response_bytes":4999}"#, .permanent, Effect.none,
            code: "response.too_large", says: ["4999 bytes allowed"]),
        CallRow("at the limit", #"{"url":"$HTTP/bytes/5000","max_response_bytes":5000}"#, says: [#""bytes":5000"#]),
        CallRow(
            "total limit", #"{"url":"$ODD/hang","timeouts":{"total":"80ms"}}"#, .transient, Effect.none,
            code: "timeout.total"),
        CallRow(
            "idle limit", #"{"url":"$ODD/hang?bytes=9","timeouts":{"idle":"1s"}}"#, .transient, Effect.none,
            code: "timeout.idle"),
        CallRow(
            "bad limit", #"{"url":"$ODD/hang","timeouts":{"total":"soon"}}"#, .permanent, Effect.none,
            code: "input.invalid", says: ["timeouts.total"]),
        CallRow("408", #"{"url":"$ODD/status?status=408"}"#, .transient, Effect.none, code: "http.status.408"),
        CallRow("425", #"{"url":"$ODD/status?status=425"}"#, .transient, Effect.none, code: "http.status.425"),
        CallRow(
            "404", #"{"url":"$ODD/status?status=404"}"#, .permanent, Effect.none, code: "http.status.404",
            says: ["404 Not Found"]),
        CallRow(
            "500 of a POST", #"{"url":"$ODD/status?status=500","json":1}"#, .transient, .unknown,
            code: "http.status.500"),
        CallRow("500 of a GET", #"{"url":"$ODD/status?status=500"}"#, .transient, Effect.none, code: "http.status.500"),
        CallRow(
            "422 of a POST", #"{"url":"$ODD/status?status=422","json":1}"#, .permanent, Effect.none,
            code: "http.status.422"),
        CallRow("cut off", #"{"url":"$ODD/cut"}"#, .transient, Effect.none, code: "connection.broken"),
        CallRow("cut off POST", #"{"url":"$ODD/cut","json":1}"#, .transient, .unknown, code: "connection.broken"),
        CallRow("no answer", #"{"url":"$ODD/close"}"#, .transient, Effect.none, code: "connection.broken"),
        CallRow("not HTTP", #"{"url":"$ODD/garbage"}"#, .transient, Effect.none, code: "connection.broken"),
        CallRow(
            "nobody there", #"{"url":"http://127.0.0.1:1/","json":1}"#, .transient, Effect.none, code: "connect.failed"),
        CallRow(
            "no such name", #"{"url":"http://no-such-host.invalid/"}"#, .transient, Effect.none, code: "connect.resolve"
        ),
        CallRow(
            "metadata address", #"{"url":"http://169.254.169.254/latest"}"#, .permanent, Effect.none,
            code: "network.refused", says: ["link-local"]),
        CallRow(
            "metadata by redirect", #"{"url":"$ODD/redirect?to=http://[fe80::1]/"}"#, .permanent, Effect.none,
            code: "network.refused"),
        CallRow(
            "no URL", #"{"url":"ftp://example.org/"}"#, .permanent, Effect.none, code: "input.invalid",
            says: ["http:// or https://"]),
        CallRow(
            "header with a line break", #"{"url":"$ODD/echo","headers":{"X":"a\r\nY: b"}}"#, .permanent, Effect.none,
            code: "input.invalid", says: ["headers.X"]),
        CallRow(
            "framing header", #"{"url":"$ODD/echo","headers":{"Content-Length":"1"}}"#, .permanent, Effect.none,
            code: "input.invalid"),
        CallRow(
            "expected 404", #"{"url":"$ODD/status?status=404","expect":{"status":[200,"40x","404-405"]}}"#, .permanent,
            Effect.none, code: "input.invalid", says: ["expect.status"]),
        CallRow(
            "expected range", #"{"url":"$ODD/status?status=404","expect":{"status":[200,"404-405"]}}"#,
            says: [#""status":404"#]),
        CallRow(
            "unexpected 200", #"{"url":"$ODD/echo","expect":{"status":201}}"#, .failed, Effect.none,
            code: "http.status.200", says: ["expect.status does not list"]),
        CallRow(
            "body as expected",
            #"{"url":"$ODD/cursor","expect":{"schema":{"type":"object","required":["data"],"properties":{"data":{"properties":{"items":{"type":"array","items":{"type":"integer"}}}}}}}}"#
        ),
        CallRow(
            "body not as expected",
            #"{"url":"$ODD/cursor","expect":{"schema":{"properties":{"meta":{"properties":{"next":{"type":"integer"}}}}}}}"#,
            .failed, Effect.none, code: "http.body", says: ["the body.meta.next: \"2\" is a string"]),
        CallRow(
            "schema keyword", #"{"url":"$ODD/cursor","expect":{"schema":{"pattern":"("}}}"#, .permanent, Effect.none,
            code: "input.invalid", says: ["expect.schema: pattern"]),
        CallRow(
            "all of JSON Schema",
            ##"{"url":"$ODD/cursor","expect":{"schema":{"$ref":"#/$defs/page","$defs":{"page":{"anyOf":[{"required":["nope"]},{"properties":{"meta":{"patternProperties":{"^n":{"pattern":"^[0-9]+$"}}}}}]}}}}}"##,
            says: [#""status":200"#]),
        CallRow(
            "pages by link", #"{"url":"$ODD/pages","paginate":{"by":"link"}}"#,
            says: [#""json":[10,11,12,20,21,22,30,31,32]"#, #""pages":3,"more_pages":false"#]),
        CallRow(
            "pages bounded", #"{"url":"$ODD/pages","paginate":{"by":"link","max_pages":2}}"#,
            says: [#""pages":2,"more_pages":true"#]),
        CallRow(
            "pages by cursor",
            #"{"url":"$ODD/cursor?q=x","paginate":{"by":"cursor","field":"meta.next","parameter":"cursor","items":"data.items"}}"#,
            says: [#""json":[0,1,2,3,4,5]"#]),
        CallRow(
            "pages elsewhere", #"{"url":"$ODD/pages?away=$ELSEWHERE","paginate":{"by":"link"}}"#, .permanent,
            Effect.none, code: "paginate.origin"),
        CallRow("HTTP/1.0", #"{"url":"$HTTP/get","http_version":"1.0"}"#, says: [#""status":200"#]),
        CallRow(
            "HTTP/3", #"{"url":"$HTTP/get","http_version":"3"}"#, .permanent, Effect.none, code: "http.version",
            says: ["cannot speak HTTP/3"]),
        CallRow("TLS, untrusted", #"{"url":"$HTTPS/echo"}"#, .permanent, Effect.none, code: "tls.certificate"),
        CallRow("TLS, unchecked", #"{"url":"$HTTPS/echo","tls":{"verify":false}}"#, says: [#""peer":null"#]),
        CallRow(
            "TLS, own authority", #"{"url":"$HTTPS/echo","tls":{"ca":"$CERTIFICATES/ca.pem"}}"#, says: [#""peer":null"#]
        ),
        CallRow(
            "TLS, both sides",
            #"{"url":"$HTTPS/echo","tls":{"ca":"$CERTIFICATES/ca.pem","certificate":"$CERTIFICATES/client.pem","key":"$CERTIFICATES/client.key"}}"#,
            says: [#""peer":"client""#]),
        CallRow(
            "proxy", #"{"url":"http://example.invalid/echo","proxy":"$ODD"}"#,
            says: [#""target":"http://example.invalid/echo""#]),
    ]

    @Test func everyResponseIsClassed() throws {
        let rig = try ServersRig()
        try FileSystem.writeAtomically(Array("from a file".utf8), to: "\(rig.folder)/up.txt")
        try FileSystem.writeAtomically(
            Array("machine 127.0.0.1 login nora password rc\n".utf8), to: "\(rig.folder)/netrc")
        for row in Self.table {
            let problems = try row.problems(try rig.run("http.request", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }

    /// The wait a server asks for, in seconds or as a date; only 429 and 503 are asked.
    @Test func retryAfterIsHonoured() throws {
        let rig = try ServersRig()
        for (query, seconds) in [
            ("status=429&after=7", 7), ("status=503&after=0", 0), ("status=503&after=junk", nil),
            ("status=429&after=Sun,%2006%20Nov%201994%2008:49:37%20GMT", 0), ("status=500&after=7", nil),
        ] as [(String, Int?)] {
            let outcome = try rig.run("http.request", #"{"url":"$ODD/status?\#(query)"}"#).outcome
            #expect(outcome.retryAfter == seconds.map { .seconds($0) }, "\(query): \(outcome)")
            #expect(outcome.outcomeClass == (query.contains("429") ? .rateLimited : .transient))
        }
    }

    /// One token for many calls, another when it is withdrawn, and none with the wrong secret.
    @Test func tokensAreKept() throws {
        let rig = try ServersRig()
        func input(_ key: String, secret: String = "s3cret/+", token: Int, more: String = "") -> String {
            """
            {"url":"$ODD/protected?token=token-\(key)-\(token)","auth":{"oauth2":{"token_url":"$ODD/token?key=\(key)",\
            "client_id":"client","client_secret":"\(secret)"\(more)}}}
            """
        }
        for _ in 0..<3 {
            #expect(try rig.run("http.request", input("a", token: 1)).outcome.outcomeClass == .ok)
        }
        let count = try rig.run("http.request", #"{"url":"$ODD/count?key=a"}"#).outcome
        #expect(count.output["json"]?["count"]?.intValue == 1)
        // The server now wants the next token: the one at hand is dropped and another fetched, once.
        #expect(try rig.run("http.request", input("a", token: 2)).outcome.outcomeClass == .ok)
        #expect(try rig.run("http.request", input("a", token: 9)).outcome.code == "http.status.401")
        #expect(
            try rig.run("http.request", input("b", token: 1, more: #","credentials_in":"body""#)).outcome.outcomeClass
                == .ok)
        let refused = try rig.run("http.request", input("c", token: 1, more: #","refresh_token":"refresh-1""#)).outcome
        #expect(refused.code == "input.invalid" && refused.message.contains("batten secret login"), "\(refused)")
        let none = try rig.run("http.request", #"{"url":"$ODD/count?key=c"}"#).outcome
        #expect(none.output["json"]?["count"]?.intValue == 0, "\(none)")
        let denied = try rig.run("http.request", input("d", secret: "wrong-one", token: 1)).outcome
        #expect(denied.outcomeClass == .permanent && denied.message.contains("invalid_client"), "\(denied)")
        #expect(!denied.message.contains("wrong-one"))
    }

    @Test func policyHoldsOnEveryConnection() throws {
        let rig = try ServersRig(#"{"http":{"network":{"allow":["*.example.org","localhost"],"deny":["10.0.0.0/8"]}}}"#)
        let table: [(String, String)] = [
            ("$ODD/echo", "network.refused"), ("http://10.1.2.3/", "network.refused"),
            ("http://elsewhere.example/", "network.refused"), ("http://localhost:1/", "connect.failed"),
        ]
        for (url, code) in table {
            let outcome = try rig.run("http.request", #"{"url":"\#(url)"}"#).outcome
            #expect(outcome.code == code, "\(url): \(outcome)")
        }
        // A redirect leads to a host that is not allowed.
        let odd = try Servers.value("ODD")
        let port = try #require(odd.split(separator: ":").last)
        let outcome = try rig.run(
            "http.request", #"{"url":"http://localhost:\#(port)/redirect?to=http://127.0.0.1:\#(port)/echo"}"#
        ).outcome
        #expect(outcome.code == "network.refused", "\(outcome)")
    }

    @Test func cancelEndsTheTransfer() throws {
        let rig = try ServersRig()
        let (running, handle) = try rig.start("http.request", #"{"url":"$ODD/hang","json":1}"#)
        rig.host.cancel(handle, why: .cancelled)
        let outcome = try running.wait { $0.outcome }
        #expect(outcome.outcomeClass == .cancelled, "\(outcome)")
    }

    /// Five hundred requests that the server answers only when all of them are there.
    @Test func manyAreInFlightWithoutThreads() throws {
        let rig = try ServersRig()
        let before = try FileSystem.list("/proc/self/task").count
        let calls = try (0..<500).map { _ in try rig.start("http.request", #"{"url":"$ODD/hold?n=500"}"#).0 }
        for call in calls {
            let outcome = try call.wait { $0.outcome }
            #expect(outcome.output["json"]?["together"]?.intValue == 500, "\(outcome)")
        }
        // Loops and workers, not a thread a transfer; other tests run beside this one.
        #expect(try FileSystem.list("/proc/self/task").count < before + 100)
    }
}
