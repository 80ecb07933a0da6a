import BattenCore
import BattenSystem
import Testing

@Suite(.enabled(if: Servers.areWanted, "BATTEN_TEST_SERVERS=off")) struct HTTPDownloadTests {
    /// The SHA-256 of the mebibyte that the test server gives for `/file`.
    private static let sum: String = {
        var bytes: [UInt8] = []
        for number in 0..<32768 { bytes += Array(String(number).utf8).withUnsafeBytes { SHA256.digest($0) } }
        return SHA256.hex(bytes)
    }()

    @Test func downloadsAppearWhole() throws {
        let rig = try ServersRig()
        let outcome = try rig.run(
            "http.download", #"{"url":"$ODD/file","path":"deep/er/file.bin","sha256":"\#(Self.sum)"}"#
        ).outcome
        #expect(outcome.outcomeClass == .ok, "\(outcome)")
        #expect(outcome.output["bytes"]?.intValue == 1 << 20)
        #expect(outcome.output["sha256"]?.stringValue == Self.sum)
        #expect(SHA256.hex(try FileSystem.read("\(rig.folder)/deep/er/file.bin")) == Self.sum)
        #expect(try FileSystem.list("\(rig.folder)/deep/er") == ["file.bin"])
    }

    /// A cut-off attempt keeps its part; the next goes on from it, unless the server's file has changed.
    @Test func downloadsGoOn() throws {
        let rig = try ServersRig()
        let table: [(name: String, second: String, resumes: Bool)] = [
            ("same", "", true), ("none", "", false), ("off", "", false), ("changed", "", false),
        ]
        for row in table {
            let tag = row.name == "none" ? "&tag=none" : ""
            let url = "$ODD/file?key=down-\(row.name)&cut=300000\(tag)"
            let first = try rig.run("http.download", #"{"url":"\#(url)","path":"\#(row.name)"}"#).outcome
            #expect(first.outcomeClass == .transient && first.code == "connection.broken", "\(first)")
            #expect(!FileSystem.exists("\(rig.folder)/\(row.name)"))
            #expect(FileSystem.exists("\(rig.folder)/\(row.name).part") == (row.name != "none"))
            if row.name == "changed" {
                // What the part came from is noted beside it; a note of another version stands for a change.
                let note = "\(rig.folder)/changed.part.from"
                let text = String(decoding: try FileSystem.read(note), as: UTF8.self)
                try FileSystem.writeAtomically(Array(("\"v0\"" + text.dropFirst(4)).utf8), to: note)
            }
            let resume = row.name == "off" ? #","resume":false"# : ""
            let second = try rig.run(
                "http.download", #"{"url":"\#(url)","path":"\#(row.name)","sha256":"\#(Self.sum)"\#(resume)}"#
            ).outcome
            #expect(second.outcomeClass == .ok, "\(row.name): \(second)")
            #expect(second.output["resumed_from"]?.intValue == (row.resumes ? 300_000 : 0), "\(row.name): \(second)")
            #expect(SHA256.hex(try FileSystem.read("\(rig.folder)/\(row.name)")) == Self.sum)
        }
        #expect(try FileSystem.list(rig.folder).sorted() == ["changed", "none", "off", "same"])
    }

    @Test func failuresLeaveNothingUnderTheName() throws {
        let rig = try ServersRig()
        try FileSystem.writeAtomically(Array("mine".utf8), to: "\(rig.folder)/old")
        let zeros = String(repeating: "0", count: 64)
        let table = [
            CallRow(
                "checksum", #"{"url":"$ODD/file","path":"a","sha256":"\#(zeros)"}"#, .failed, Effect.none,
                code: "download.checksum", says: [Self.sum]),
            CallRow(
                "exists", #"{"url":"$ODD/file","path":"old","overwrite":false}"#, .failed, Effect.none,
                code: "file.exists"),
            CallRow("404", #"{"url":"$ODD/nothing","path":"b"}"#, .permanent, Effect.none, code: "http.status.404"),
            CallRow(
                "204", #"{"url":"$ODD/status?status=202","path":"c"}"#, .permanent, Effect.none, code: "http.status.202"
            ),
            CallRow("no folder", #"{"url":"$ODD/file","path":"old/x"}"#, .failed, Effect.none, code: "file.write"),
            CallRow("no name", #"{"url":"$ODD/file","path":"x/"}"#, .permanent, Effect.none, code: "input.invalid"),
            CallRow(
                "limit", #"{"url":"$ODD/file","path":"d","max_response_bytes":1000}"#, .permanent, Effect.none,
                code: "response.too_large"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("http.download", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
        #expect(try FileSystem.read("\(rig.folder)/old") == Array("mine".utf8))
        for name in ["a", "b", "c", "d"] { #expect(!FileSystem.exists("\(rig.folder)/\(name)"), "\(name)") }
    }
}
