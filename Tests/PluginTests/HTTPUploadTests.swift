import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite(.enabled(if: Servers.areWanted, "BATTEN_TEST_SERVERS=off")) struct HTTPUploadTests {
    private static let sum = SHA256.hex("from a file")

    private func rig() throws -> ServersRig {
        let rig = try ServersRig()
        try FileSystem.writeAtomically(Array("from a file".utf8), to: "\(rig.folder)/up.txt")
        try FileSystem.writeAtomically([], to: "\(rig.folder)/empty")
        return rig
    }

    @Test func filesAreSent() throws {
        let rig = try rig()
        let sum = Self.sum
        let zeros = String(repeating: "0", count: 64)
        let table = [
            CallRow(
                "body", #"{"url":"$HTTP/put","file":"up.txt","content_type":"text/plain"}"#, .ok, .made,
                says: [#""data":"from a file""#, #""sent_bytes":11"#, #""sha256":"\#(sum)""#, "text/plain"]),
            CallRow(
                "form",
                #"{"url":"$HTTP/post","files":[{"name":"f","path":"up.txt"},{"name":"g","path":"empty","filename":"x.bin"}],"fields":{"a":"ü","n":[1,2]}}"#,
                says: [#""f":"from a file""#, #""g":"""#, #""a":"ü""#, #""n":["1","2"]"#, #""sent_bytes":11"#]),
            CallRow(
                "digest", #"{"url":"$ODD/digest","file":"up.txt","digest":true,"sha256":"\#(sum.uppercased())"}"#,
                says: [#""method":"PUT""#, #""sha256":"\#(sum)","length":"11""#, #""digest":"sha-256=:"#]),
            CallRow("empty", #"{"url":"$ODD/digest","file":"empty"}"#, says: [#""bytes":0"#, #""length":"0""#]),
            CallRow(
                "key and header",
                #"{"url":"$ODD/echo","file":"up.txt","headers":{"Content-Type":"a/b"},"method":"POST"}"#,
                says: ["Idempotency-Key", "run-1/stage-1", #"["Content-Type","a/b"]"#]),
            CallRow(
                "digest authentication sends it again",
                #"{"url":"$HTTP/digest-auth/auth/ada/pw","method":"POST","file":"up.txt","expect":{"status":405},"auth":{"digest":{"username":"ada","password":"pw"}}}"#,
                says: [#""status":405"#]),
            CallRow(
                "redirect keeps the body", #"{"url":"$ODD/redirect?status=307&to=/digest","file":"up.txt"}"#,
                says: [#""sha256":"\#(sum)""#, #""redirects":1"#]),
            CallRow(
                "checksum", #"{"url":"$ODD/count?key=never","file":"up.txt","sha256":"\#(zeros)"}"#, .failed,
                Effect.none, code: "upload.checksum", says: [sum]),
            CallRow(
                "too large",
                #"{"url":"$ODD/echo","files":[{"name":"a","path":"up.txt"},{"name":"b","path":"up.txt"}],"max_bytes":21}"#,
                .failed, Effect.none, code: "file.size", says: ["max_bytes", "21"]),
            CallRow(
                "missing", #"{"url":"$ODD/echo","file":"no.txt"}"#, .failed, Effect.none, code: "file.read",
                says: ["no.txt"]),
            CallRow("a folder", #"{"url":"$ODD/echo","file":"."}"#, .failed, Effect.none, code: "file.kind"),
            CallRow(
                "none", #"{"url":"$ODD/echo"}"#, .permanent, Effect.none, code: "input.invalid", says: ["exactly one"]),
            CallRow(
                "no body", #"{"url":"$ODD/echo","file":"up.txt","method":"GET"}"#, .permanent, Effect.none,
                code: "input.invalid", says: ["method"]),
            CallRow(
                "refused", #"{"url":"$ODD/status?status=413","file":"up.txt"}"#, .permanent, code: "http.status.413"),
            CallRow(
                "busy", #"{"url":"$ODD/status?status=503","file":"up.txt"}"#, .transient, .unknown,
                code: "http.status.503"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("http.upload", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }

    /// Large files go as they are read, with progress; what changes on the way is noticed.
    @Test func largeFilesAreStreamed() throws {
        let rig = try rig()
        let bytes = (0..<(32 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
        try FileSystem.writeAtomically(bytes, to: "\(rig.folder)/large")
        let (outcome, seen) = try rig.run("http.upload", #"{"url":"$ODD/digest","file":"large"}"#)
        #expect(outcome.output["json"]?["sha256"]?.stringValue == SHA256.hex(bytes), "\(outcome)")
        #expect(seen.progress > 0)
    }

    @Test func cancelEndsAnUpload() throws {
        let rig = try rig()
        let (running, handle) = try rig.start("http.upload", #"{"url":"$ODD/hang","file":"up.txt"}"#)
        _ = try running.wait { $0.progress > 0 ? true : nil }
        rig.host.cancel(handle, why: .cancelled)
        let outcome = try running.wait { $0.outcome }
        #expect(outcome.outcomeClass == .cancelled && outcome.effect == .unknown, "\(outcome)")
    }
}
