import BattenCore
import BattenSystem
import TestSupport
import Testing

@Suite(.enabled(if: Servers.areWanted, "BATTEN_TEST_SERVERS=off")) struct NotifyTests {
    private static let who =
        #""from":"Bätten <batten@example.org>","to":["Ada <ada@example.org>","bob@bücher.example"]"#
    private static let tls = #""tls":{"ca":"$CERTIFICATES/ca.pem"}"#

    @Test func everyRefusalIsClassed() throws {
        let rig = try ServersRig()
        let hooks = [
            CallRow("plain", #"{"url":"$ODD/echo"}"#, .ok, .made, says: [#"\"body\": \"{}\""#], hides: ["X-Batten"]),
            CallRow("503", #"{"url":"$ODD/status?status=503"}"#, .transient, .unknown, code: "http.status.503"),
            CallRow("410", #"{"url":"$ODD/status?status=410"}"#, .permanent, Effect.none, code: "http.status.410"),
            CallRow("nobody there", #"{"url":"http://127.0.0.1:1"}"#, .transient, Effect.none, code: "connect.failed"),
            CallRow("cut off", #"{"url":"$ODD/close"}"#, .transient, .unknown, code: "connection.broken"),
            CallRow(
                "too slow", #"{"url":"$ODD/hang","time_limit":"80ms"}"#, .transient, .unknown, code: "timeout.total"),
            CallRow(
                "no secret", #"{"url":"$ODD/echo","secret":""}"#, .permanent, Effect.none, code: "input.invalid",
                says: ["secret"]),
        ]
        for row in hooks {
            let problems = try row.problems(try rig.run("notify.webhook", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
        let slack = [
            CallRow("text", #"{"url":"$HTTP/post","text":"a"}"#, .ok, .made),
            CallRow(
                "archived", #"{"url":"$HTTP/status/410/T000/XSECRET","text":"a"}"#, .permanent, Effect.none,
                code: "http.status.404", says: ["http://127.0.0.1/…"], hides: ["XSECRET", "T000"]),
            CallRow(
                "nothing to say", #"{"url":"$HTTP/post"}"#, .permanent, Effect.none, code: "input.invalid",
                says: ["text"]),
        ]
        for row in slack {
            let problems = try row.problems(try rig.run("notify.slack", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
        let mail = [
            CallRow(
                "put off", #"{"server":"$SMTP","starttls":"never","from":"a@b.cc","to":"defer@x.org","text":"x"}"#,
                .transient, Effect.none, code: "smtp.reply.451"),
            CallRow(
                "refused", #"{"server":"$SMTP","starttls":"never","from":"a@b.cc","to":"refuse@x.org","text":"x"}"#,
                .permanent, Effect.none, code: "smtp.reply.550"),
            CallRow(
                "wrong password",
                #"{"server":"$SMTP","starttls":"never","username":"ada","password":"hunter2!","from":"a@b.cc","to":"x@x.org","text":"x"}"#,
                .permanent, Effect.none, code: "auth.denied", hides: ["hunter2!"]),
            CallRow(
                "untrusted", #"{"server":"$SMTPS","from":"a@b.cc","to":"x@x.org","text":"x"}"#, .permanent, Effect.none,
                code: "tls.certificate"),
            CallRow(
                "no server", #"{"server":"smtp://127.0.0.1:1","from":"a@b.cc","to":"x@x.org","text":"x"}"#, .transient,
                Effect.none, code: "connect.failed"),
            CallRow(
                "bad server", #"{"server":"http://x","from":"a@b.cc","to":"x@x.org","text":"x"}"#, .permanent,
                Effect.none, code: "input.invalid", says: ["server", "smtp://"]),
            CallRow(
                "bad address", #"{"server":"$SMTP","from":"a@b.cc","to":"x\r\n@x.org","text":"x"}"#, .permanent,
                Effect.none, code: "input.invalid", says: ["to:"]),
            CallRow(
                "subject with a line break",
                #"{"server":"$SMTP","from":"a@b.cc","to":"x@x.org","subject":"a\nBcc: b@c.d","text":"x"}"#, .permanent,
                Effect.none, code: "input.invalid", says: ["subject"]),
            CallRow(
                "own header",
                #"{"server":"$SMTP","from":"a@b.cc","to":"x@x.org","text":"x","headers":{"Bcc":"y@y.org"}}"#,
                .permanent, Effect.none, code: "input.invalid", says: ["headers.Bcc"]),
            CallRow(
                "nobody", #"{"server":"$SMTP","from":"a@b.cc","text":"x"}"#, .permanent, Effect.none,
                code: "input.invalid", says: ["to"]),
            CallRow(
                "missing file", #"{"server":"$SMTP","from":"a@b.cc","to":"x@x.org","attachments":[{"path":"no.txt"}]}"#,
                .permanent, Effect.none, code: "input.invalid", says: ["attachments[0].path"]),
        ]
        for row in mail {
            let problems = try row.problems(try rig.run("notify.email", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }

    /// The ten-line script of the documentation accepts a webhook's signature, and nothing that was changed.
    @Test func signatureVerifies() throws {
        let rig = try ServersRig()
        let outcome = try rig.run(
            "notify.webhook", #"{"url":"$ODD/echo","body":{"text":"Grüß Gott"},"secret":"tell nobody"}"#
        ).outcome
        let echo = try JSONReader.parse(try #require(outcome.output["body"]?.stringValue, "\(outcome)"))
        func header(_ name: String) -> String? {
            echo["headers"]?.arrayValue?.first { $0[0]?.stringValue == name }?[1]?.stringValue
        }
        let page = String(decoding: try FileSystem.read("\(SourceTree.root)/docs/plugins/notify.md"), as: UTF8.self)
        let script = try #require(page.components(between: "```python\n", and: "```"))
        let file = "\(rig.folder)/verify.py"
        try FileSystem.writeAtomically(Array(script.utf8), to: file)
        let timestamp = try #require(header("X-Batten-Timestamp"))
        let signature = try #require(header("X-Batten-Signature"))
        #expect(header("Idempotency-Key") == "run-1/stage-1")
        let body = "{\"text\":\"Grüß Gott\"}"
        for (changed, accepted) in [(body, true), (body + " ", false)] {
            try FileSystem.writeAtomically(Array(changed.utf8), to: "\(rig.folder)/body")
            let result = try Command.run(
                ["python3", file, "tell nobody", timestamp, signature, "\(rig.folder)/body"], folder: rig.folder)
            #expect((result.status == 0) == accepted, "\(result)")
        }
    }

    /// Python's mail package reads what was sent: encrypted, signed in, text, HTML, attachment, hidden receiver.
    @Test(arguments: ["$SMTP", "$SMTPS"]) func mailArrivesWhole(server: String) throws {
        let rig = try ServersRig()
        try FileSystem.writeAtomically([0, 255, 13, 10, 46], to: "\(rig.folder)/raw.bin")
        let subject = "Grüße an alle, die einen sehr langen Betreff mit Umlauten und 🎉🎉🎉 bis zum Ende lesen wollen"
        let key = "mail-\(server)"
        let input = #"""
            {"server":"\#(server)",\#(Self.tls),"username":"ada","password":"engine-1843",\#(Self.who),
             "bcc":"hidden@example.org","reply_to":"\"Office, The\" <office@example.org>","subject":"\#(subject)",
             "text":"Hällo\n.dot\n..two\n\nFrom here = there \n","html":"<p>hi</p>","headers":{"X-Kind":"test"},
             "attachments":[{"filename":"dåta \"1\".csv","text":"a,b\n","content_type":"text/csv"},{"path":"raw.bin"}]}
            """#
        let first = try rig.run("notify.email", input, key: key).outcome
        let second = try rig.run("notify.email", input, key: key).outcome
        #expect(first.outcomeClass == .ok && second.outcomeClass == .ok, "\(first) \(second)")
        let id = try #require(first.output["message_id"]?.stringValue)
        #expect(second.output["message_id"]?.stringValue == id)
        let mail = try #require(try Self.received(id))
        #expect(mail["tls"]?.boolValue == true && mail["user"]?.stringValue == "ada")
        #expect(
            mail["recipients"]?.arrayValue?.compactMap(\.stringValue) == [
                "ada@example.org", "bob@xn--bcher-kva.example", "hidden@example.org",
            ])
        let content = try #require(mail["content"]?.stringValue)
        #expect(
            !content.contains("hidden@example.org")
                && content.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        let parsed = try Self.parsed(content, rig.folder)
        #expect(parsed["subject"]?.stringValue == subject)
        #expect(parsed["from"]?.stringValue == "Bätten <batten@example.org>")
        #expect(parsed["reply-to"]?.stringValue == "\"Office, The\" <office@example.org>")
        #expect(parsed["defects"]?.arrayValue?.isEmpty == true, "\(parsed)")
        #expect(
            JSONWriter.string(parsed["parts"] ?? .null)
                == JSONWriter.string([
                    ["text/plain", .null, "Hällo\r\n.dot\r\n..two\r\n\r\nFrom here = there"],
                    ["text/html", .null, "<p>hi</p>"],
                    ["text/csv", "dåta \"1\".csv", "a,b"], ["application/octet-stream", "raw.bin", "00ff0d0a2e"],
                ]))
    }

    /// A mail by its Message-ID.
    private static func received(_ id: String) throws -> JSONValue? {
        let folder = try Servers.value("MAIL")
        for name in try FileSystem.list(folder) where name.hasSuffix(".json") {
            let mail = try JSONReader.parse(try FileSystem.read("\(folder)/\(name)"))
            if mail["content"]?.stringValue?.contains(id) == true { return mail }
        }
        return nil
    }

    private static func parsed(_ content: String, _ folder: String) throws -> JSONValue {
        try FileSystem.writeAtomically(Array(content.utf8), to: "\(folder)/mail")
        let script = """
            import email, email.policy, json, sys
            m = email.message_from_bytes(open(sys.argv[1], "rb").read(), policy=email.policy.default)
            parts = [[p.get_content_type(), p.get_filename(),
                      p.get_content().rstrip() if isinstance(p.get_content(), str) else p.get_content().hex()]
                     for p in m.walk() if not p.is_multipart()]
            defects = [str(d) for p in m.walk() for d in p.defects]
            print(json.dumps({"subject": m["subject"], "from": m["from"], "reply-to": m["reply-to"], "parts": parts,
                              "defects": defects}))
            """
        let result = try Command.run(["python3", "-c", script, "\(folder)/mail"], folder: folder)
        return try JSONReader.parse(result.output)
    }
}

extension String {
    /// What stands between two markers, the first time.
    fileprivate func components(between start: String, and end: String) -> String? {
        let bytes = Array(utf8)
        func find(_ needle: String, from: Int) -> Int? {
            let wanted = Array(needle.utf8)
            return (from...max(from, bytes.count - wanted.count)).first { bytes[$0...].starts(with: wanted) }
        }
        guard let open = find(start, from: 0).map({ $0 + start.utf8.count }), let close = find(end, from: open) else {
            return nil
        }
        return String(decoding: bytes[open..<close], as: UTF8.self)
    }
}
