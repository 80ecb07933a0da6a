import BattenCore
import BattenFiles
import BattenSystem
import Synchronization
import TestSupport
import Testing

import struct BattenPlugin.Failure
import enum BattenPlugin.JSON

@Suite struct FileTests {
    /// A folder with files, links and a file outside of it.
    private static func rig(_ config: String = "{}") throws -> ServersRig {
        let rig = try ServersRig(config)
        let files = [
            ("a.txt", "one\ntwo\r\nthree\n"), ("b.json", #"{"n":9007199254740993}"#), ("sub/c.txt", "c"),
            ("sub/deep/d.txt", "dd"), (".hidden.txt", "h"), ("broken.json", "{"), ("empty", ""),
        ]
        for (name, text) in files {
            let path = "\(rig.folder)/\(name)"
            try FileSystem.makeFolder(FileSystem.parent(of: path) ?? "/")
            try FileSystem.writeAtomically(Array(text.utf8), to: path)
        }
        try FileSystem.writeAtomically([0xff, 0xfe, 0], to: "\(rig.folder)/bytes.bin")
        try Self.link("sub/c.txt", "\(rig.folder)/inner")
        try Self.link("/etc", "\(rig.folder)/outer")
        try Self.link("/etc/passwd", "\(rig.folder)/passwd")
        try Self.link("../../../../../../etc/passwd", "\(rig.folder)/sub/climb")
        return rig
    }

    private static let sumOfC = SHA256.hex("c")

    private static func link(_ target: String, _ path: String) throws {
        #expect(try Command.run(["ln", "-s", target, path]).status == 0)
    }

    @Test func filesAreRead() throws {
        let rig = try Self.rig()
        let table = [
            CallRow(
                "text", #"{"path":"a.txt"}"#,
                says: [#""text":"one\ntwo\r\nthree\n""#, #""bytes":15"#, #""exists":true"#]),
            CallRow("lines", #"{"path":"a.txt","as":"lines"}"#, says: [#""lines":["one","two","three"]"#]),
            CallRow("no lines", #"{"path":"empty","as":"lines"}"#, says: [#""lines":[]"#]),
            CallRow("exact integers", #"{"path":"b.json","as":"json"}"#, says: [#""json":{"n":9007199254740993}"#]),
            CallRow("bytes", #"{"path":"bytes.bin","as":"base64"}"#, says: [#""base64":"//4A""#]),
            CallRow("none", #"{"path":"sub/c.txt","as":"none"}"#, says: [Self.sumOfC], hides: ["\"text\""]),
            CallRow("absolute", #"{"path":"FOLDER/sub/../a.txt"}"#, says: ["one"]),
            CallRow("a link inside", #"{"path":"inner"}"#, says: [#""text":"c""#]),
            CallRow("checksum", #"{"path":"sub/c.txt","sha256":"\#(Self.sumOfC.uppercased())"}"#),
            CallRow("missing", #"{"path":"no.txt","if_missing":"empty"}"#, says: [#""exists":false"#]),
            CallRow(
                "glob", #"{"glob":"**/*.txt"}"#,
                says: [#"/a.txt","bytes":15"#, #"/sub/c.txt"#, #"/sub/deep/d.txt"#, #""bytes":18,"files""#],
                hides: ["hidden"]),
            CallRow("hidden", #"{"glob":".h*"}"#, says: [".hidden.txt"]),
            CallRow("braces", #"{"glob":"{a,sub/c}.txt","as":"none"}"#, says: ["a.txt", "c.txt"], hides: ["d.txt"]),
            CallRow("everything below", #"{"glob":"sub/**","as":"none"}"#, says: ["c.txt", "d.txt"], hides: ["climb"]),
            CallRow("links outside do not fit", #"{"glob":"*ss*d"}"#, says: [#""files":[]"#, #""exists":false"#]),
            CallRow("nothing", #"{"glob":"nosuch/*.x"}"#, says: [#""files":[]"#]),
            CallRow(
                "glob without end", #"{"glob":"[ab"}"#, .permanent, Effect.none, code: "input.invalid", says: ["']'"]),
            CallRow("both", #"{"path":"a.txt","glob":"*"}"#, .permanent, Effect.none, code: "input.invalid"),
            CallRow("not there", #"{"path":"no.txt"}"#, .failed, Effect.none, code: "file.missing", says: ["no.txt"]),
            CallRow("a folder", #"{"path":"sub"}"#, .failed, Effect.none, code: "file.kind", says: ["is a folder"]),
            CallRow(
                "not text", #"{"path":"bytes.bin"}"#, .failed, Effect.none, code: "file.encoding", says: ["base64"]),
            CallRow("not JSON", #"{"path":"broken.json","as":"json"}"#, .failed, Effect.none, code: "file.json"),
            CallRow(
                "too large", #"{"path":"a.txt","max_bytes":14}"#, .failed, Effect.none, code: "file.size",
                says: ["14 bytes"]),
            CallRow("together too large", #"{"glob":"**/*.txt","max_bytes":17}"#, .failed, code: "file.size"),
            CallRow(
                "too many", #"{"glob":"**/*.txt","max_files":2}"#, .failed, code: "file.limit", says: ["max_files"]),
            CallRow(
                "wrong checksum", #"{"path":"a.txt","sha256":"\#(Self.sumOfC)"}"#, .failed, code: "file.checksum",
                says: [Self.sumOfC]),
            CallRow("climbing", #"{"path":"../../etc/passwd"}"#, .permanent, Effect.none, code: "file.outside"),
            CallRow("absolute outside", #"{"path":"/etc/passwd"}"#, .permanent, Effect.none, code: "file.outside"),
            CallRow("link outside", #"{"path":"passwd"}"#, .permanent, Effect.none, code: "file.outside"),
            CallRow("link that climbs", #"{"path":"sub/climb"}"#, .permanent, code: "file.outside"),
            CallRow("through a link", #"{"path":"outer/passwd"}"#, .permanent, code: "file.outside"),
            CallRow("glob through a link", #"{"glob":"outer/pass*"}"#, .permanent, code: "file.outside"),
            CallRow("glob above", #"{"glob":"/etc/pass*"}"#, .permanent, code: "file.outside"),
            CallRow("NUL", "{\"path\":\"a\\u0000b\"}", .permanent, code: "input.invalid"),
        ]
        try check("file.read", table, rig)
    }

    @Test func filesAreWrittenAndCopied() throws {
        let rig = try Self.rig()
        try check(
            "file.write",
            [
                CallRow(
                    "new", #"{"path":"new/er/x.txt","text":"x","mode":"0640"}"#, .ok, .made, says: [#""written":true"#]),
                CallRow("again", #"{"path":"new/er/x.txt","text":"xy"}"#, says: [#""bytes":2"#]),
                CallRow("kept", #"{"path":"new/er/x.txt","text":"z","if_exists":"keep"}"#, says: [#""written":false"#]),
                CallRow(
                    "there", #"{"path":"new/er/x.txt","text":"z","if_exists":"fail"}"#, .failed, Effect.none,
                    code: "file.exists"),
                CallRow("json", #"{"path":"o.json","json":{"b":[1,{}],"a":null},"pretty":true}"#),
                CallRow("bytes", #"{"path":"o.bin","base64":"/w A\nB"}"#, .ok, says: [#""bytes":3"#]),
                CallRow("not base 64", #"{"path":"q","base64":"A"}"#, .permanent, Effect.none, code: "input.invalid"),
                CallRow("nothing to write", #"{"path":"q"}"#, .permanent, Effect.none, code: "input.invalid"),
                CallRow(
                    "no folder", #"{"path":"q/r","text":"","create_parents":false}"#, .failed, code: "file.missing"),
                CallRow("a folder", #"{"path":"sub","text":""}"#, .failed, Effect.none, code: "file.kind"),
                CallRow("the root", #"{"path":".","text":""}"#, .failed, Effect.none, code: "file.kind"),
                CallRow("below a file", #"{"path":"a.txt/x","text":""}"#, .failed, Effect.none, code: "file.kind"),
                CallRow(
                    "sum", #"{"path":"q","text":"d","sha256":"\#(Self.sumOfC)"}"#, .failed, Effect.none,
                    code: "file.checksum"),
                CallRow("outside", #"{"path":"outer/q","text":""}"#, .permanent, Effect.none, code: "file.outside"),
                CallRow("above", #"{"path":"../q","text":""}"#, .permanent, Effect.none, code: "file.outside"),
                CallRow("over a link", #"{"path":"passwd","text":"mine"}"#),
            ], rig)
        #expect(try text(rig, "new/er/x.txt") == "xy")
        #expect(try FileSystem.list("\(rig.folder)/new/er") == ["x.txt"], "nothing passing stays")
        #expect(try text(rig, "o.json") == "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": null\n}\n")
        #expect(try FileSystem.read("\(rig.folder)/o.bin") == [0xff, 0, 1])
        #expect(try text(rig, "passwd") == "mine", "the link was replaced")
        #expect(try String(decoding: FileSystem.read("/etc/passwd"), as: UTF8.self).contains("root"))
        try check(
            "file.read", [CallRow("mode kept", #"{"path":"new/er/x.txt"}"#, says: [#""mode":"0640""#])], rig)
        try check(
            "file.append",
            [
                CallRow("new", #"{"path":"log","text":"a"}"#, .ok, .made, says: [#""offset":0"#]),
                CallRow("more", #"{"path":"log","text":"bc"}"#, says: [#""offset":1"#, #""bytes":2"#]),
                CallRow("through a link", #"{"path":"inner","text":"!"}"#, says: [#""offset":1"#]),
                CallRow("outside", #"{"path":"sub/climb","text":"!"}"#, .permanent, Effect.none, code: "file.outside"),
            ], rig)
        #expect(try text(rig, "log") == "abc")
        try check(
            "file.copy",
            [
                CallRow("copy", #"{"from":"a.txt","to":"copies/a"}"#, .ok, .made, says: [#""bytes":15"#]),
                CallRow(
                    "onto itself", #"{"from":"a.txt","to":"./sub/../a.txt"}"#, .permanent, Effect.none,
                    code: "input.invalid"),
                CallRow("missing", #"{"from":"no","to":"x"}"#, .failed, Effect.none, code: "file.missing"),
                CallRow("too large", #"{"from":"a.txt","to":"x","max_bytes":3}"#, .failed, code: "file.size"),
                CallRow(
                    "sum", #"{"from":"a.txt","to":"x","sha256":"\#(Self.sumOfC)"}"#, .failed, code: "file.checksum"),
                CallRow("from outside", #"{"from":"outer/hosts","to":"x"}"#, .permanent, code: "file.outside"),
            ], rig)
        #expect(try text(rig, "copies/a") == text(rig, "a.txt"))
        #expect(!FileSystem.exists("\(rig.folder)/x"))
    }

    @Test func rootsAreDeclared() throws {
        let other = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-file-other-")
        defer { try? FileSystem.removeTree(other) }
        try FileSystem.writeAtomically(Array("shared".utf8), to: "\(other)/s.txt")
        let rig = try Self.rig(#"{"file":{"roots":["sub"],"read_only_roots":["\#(other)"]}}"#)
        try check(
            "file.read",
            [
                CallRow("read only", #"{"path":"\#(other)/s.txt"}"#, says: ["shared"]),
                CallRow("root", #"{"path":"sub/c.txt"}"#),
                CallRow("beside", #"{"path":"a.txt"}"#, .permanent, code: "file.outside", says: ["/sub'"]),
                CallRow("glob", #"{"glob":"\#(other)/*"}"#, says: ["shared"]),
            ], rig)
        try check(
            "file.write",
            [
                CallRow(
                    "read only", #"{"path":"\#(other)/t","text":""}"#, .permanent, Effect.none, code: "file.outside",
                    says: ["may only be read"]),
                CallRow("root", #"{"path":"sub/t","text":""}"#),
            ], rig)
    }

    /// Folders and links change places all the time; what is read is what is inside, or nothing.
    @Test(arguments: [false, true]) func exchangedFoldersLeadNowhere(walks: Bool) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-file-race-")
        defer { try? FileSystem.removeTree(folder) }
        for name in ["root/real", "outside"] { try FileSystem.makeFolder("\(folder)/\(name)") }
        try FileSystem.writeAtomically(Array("inside".utf8), to: "\(folder)/root/real/f")
        try FileSystem.writeAtomically(Array("secret".utf8), to: "\(folder)/outside/f")
        try Self.link("../outside", "\(folder)/root/link")
        let isOver = Atomic(false)
        let swapper = try Thread.start(name: "swap") {
            while !isOver.load(ordering: .relaxed) {
                for (from, to) in [("real", "aside"), ("link", "real"), ("aside", "link")] {
                    try? FileSystem.rename("\(folder)/root/\(from)", to: "\(folder)/root/\(to)")
                }
            }
        }
        var seen: Set<String> = []
        let roots = try Roots(RootSettings.none, workingDirectory: "\(folder)/root", walks: walks)
        for _ in 0..<3000 {
            for name in ["real", "link"] {
                let place = try roots.place("\(name)/f", field: "path", writing: false)
                do throws(Failure) {
                    guard let (file, _) = try place.openFile() else {
                        seen.insert("nothing")
                        continue
                    }
                    var bytes: [UInt8] = []
                    try file.readAll(place.path, limit: 100) { (chunk) throws(Failure) in bytes += chunk }
                    seen.insert(String(decoding: bytes, as: UTF8.self))
                } catch {
                    seen.insert(error.code)
                }
            }
        }
        isOver.store(true, ordering: .relaxed)
        swapper.join()
        #expect(seen.contains("inside") && seen.isSubset(of: ["inside", "file.outside", "nothing"]), "\(seen)")
    }

    @Test func patternsFit() throws {
        let table: [(pattern: String, fits: [String], not: [String])] = [
            ("*", ["a", "a.b", "ä"], [".a"]), ("*.txt", ["a.txt", "x.y.txt"], ["txt", "a.txt~"]),
            ("?", ["a", "ß"], ["", "ab"]), ("a*b*c", ["abc", "aXbYc", "abbc"], ["ab", "acb"]),
            ("[a-c]x", ["ax", "cx"], ["dx", "x"]), ("[!a-c]x", ["dx"], ["ax", ".x"]), ("[]]", ["]"], ["["]),
            ("\\*", ["*"], ["a"]), (".*", [".a"], ["a"]), ("a\\[b", ["a[b"], ["ab"]),
        ]
        for row in table {
            let segment = try GlobPattern.segment(row.pattern, field: "glob")
            for name in row.fits { #expect(GlobPattern.fits(name, segment), "\(row.pattern) \(name)") }
            for name in row.not { #expect(!GlobPattern.fits(name, segment), "\(row.pattern) \(name)") }
        }
        // As slow as its lengths' product and no slower.
        let many = try GlobPattern.segment(String(repeating: "*a", count: 100) + "b", field: "glob")
        #expect(!GlobPattern.fits(String(repeating: "a", count: 250), many))
        #expect(try GlobPattern.alternatives("{a,b{c,d}}x", field: "glob").sorted() == ["ax", "bcx", "bdx"])
        let bomb = String(repeating: "{a,b}", count: 20)
        #expect(throws: Failure.self) { try GlobPattern.alternatives(bomb, field: "glob") }
    }

    private func check(_ executor: String, _ table: [CallRow], _ rig: ServersRig) throws {
        for row in table {
            let input = row.input.replacingFirst("FOLDER", rig.folder)
            let problems = try row.problems(try rig.run(executor, input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }

    private func text(_ rig: ServersRig, _ name: String) throws -> String {
        String(decoding: try FileSystem.read("\(rig.folder)/\(name)"), as: UTF8.self)
    }
}

extension RootSettings {
    /// Nothing configured.
    static var none: RootSettings {
        get throws { try JSON.object([:]).decode(RootSettings.self) }
    }
}

extension String {
    func replacingFirst(_ part: String, _ by: String = "") -> String {
        guard let range = firstRange(of: part) else { return self }
        return self[..<range.lowerBound] + by + self[range.upperBound...]
    }
}
