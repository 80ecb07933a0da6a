import BattenCore
import BattenSystem
import Testing

/// Several calls in one process, refusals, failures, and the list of what may be called.
@Suite struct FFIListTests {
    private func run(_ rig: FFIRig, _ input: String) throws -> StageOutcome {
        try rig.run(try JSONReader.parse(input.replacing("LIBRARY", with: FFIRig.library)))
    }

    @Test func handlesLiveFromCallToCall() throws {
        let outcome = try run(
            try FFIRig(),
            #"""
            {"library": "libsqlite3.so.0", "calls": [
              {"id": "open", "signature": "int sqlite3_open(string, out sqlite3 *db)", "arguments": [":memory:"],
               "fails_on": "nonzero"},
              {"id": "make", "signature": "int sqlite3_exec(sqlite3 *, string, pointer, pointer, out free(sqlite3_free) string error)",
               "arguments": [{"use": "open.db"}, "create table t(a, b); insert into t values (7, x'00ff')", null, null],
               "fails_on": "nonzero"},
              {"id": "bad", "signature": "int sqlite3_exec(sqlite3 *, string, pointer, pointer, out free(sqlite3_free) string error)",
               "arguments": [{"use": "open.db"}, "selct", null, null]},
              {"id": "ask", "signature": "int sqlite3_prepare_v2(sqlite3 *, string text, length(text) int, out sqlite3_stmt *row, pointer)",
               "arguments": [{"use": "open.db"}, "select a, b from t", null], "fails_on": "nonzero"},
              {"signature": "int sqlite3_step(sqlite3_stmt *)", "arguments": [{"use": "ask.row"}]},
              {"id": "a", "signature": "int64 sqlite3_column_int64(sqlite3_stmt *, int)", "arguments": [{"use": "ask.row"}, 0]},
              {"id": "b", "signature": "pointer sqlite3_column_blob(sqlite3_stmt *, int)", "arguments": [{"use": "ask.row"}, 1]},
              {"id": "size", "signature": "int sqlite3_column_bytes(sqlite3_stmt *, int)", "arguments": [{"use": "ask.row"}, 1]},
              {"id": "copy", "library": "libc.so.6", "signature": "pointer memcpy(out hex bytes[n] data, pointer, size n)",
               "arguments": [{"use": "b.result"}, {"use": "size"}]},
              {"signature": "int sqlite3_finalize(sqlite3_stmt *)", "arguments": [{"use": "ask.row"}], "fails_on": "nonzero"},
              {"signature": "int sqlite3_close(sqlite3 *)", "arguments": [{"use": "open.db"}], "fails_on": "nonzero"}]}
            """#)
        #expect(outcome.outcomeClass == .ok, "\(outcome.message)")
        let calls = outcome.output["calls"]?.arrayValue ?? []
        #expect(calls.count == 11)
        func call(_ id: String) -> JSONValue? { calls.first { $0["id"]?.stringValue == id } }
        #expect(call("open")?["outputs"]?["db"]?.stringValue == "sqlite3 *")
        #expect(call("bad")?["outputs"]?["error"]?.stringValue == #"near "selct": syntax error"#)
        #expect(call("a")?["result"]?.intValue == 7)
        #expect(call("copy")?["outputs"]?["data"]?.stringValue == "00ff")
        #expect(calls.last?["function"]?.stringValue == "sqlite3_close")
        #expect(outcome.output["result"]?.intValue == 0)
    }

    @Test func valuesPassFromCallToCall() throws {
        let outcome = try run(
            try FFIRig(),
            #"""
            {"library": "LIBRARY", "types": {"point": "{double x, double y}"}, "calls": [
              {"id": "m", "signature": "point mirror(point)", "arguments": [[1, 2]]},
              {"id": "n", "signature": "point mirror(point)", "arguments": [{"x": {"use": "m.result.y"}, "y": {"use": "m.result.x"}}]},
              {"id": "k", "signature": "int32 keep_positive(inout int32[] list, length int32)", "arguments": [[4, -1]]},
              {"id": "s", "signature": "int64 sum(int32[] list, length)", "arguments": [[{"use": "k.list.0"}, {"use": "k"}]]},
              {"id": "z", "library": "libz.so.1", "signature": "int compress(out bytes[99] data, inout length ulong, bytes, length ulong)",
               "arguments": ["hello hello hello"]},
              {"id": "u", "library": "libz.so.1", "signature": "int uncompress(out char[99] text, inout length ulong, bytes, length ulong)",
               "arguments": [{"use": "z.data"}]},
              {"id": "f", "signature": "int fail_with(int)", "arguments": [5]},
              {"id": "e", "signature": "int32 same_i32(int32)", "arguments": [{"use": "f.errno"}]},
              {"signature": "int read_errno()"}]}
            """#)
        #expect(outcome.outcomeClass == .ok, "\(outcome.message)")
        let calls = outcome.output["calls"]?.arrayValue ?? []
        #expect(calls.count == 9)
        func result(_ id: String) -> String {
            calls.first { $0["id"]?.stringValue == id }?["result"].map { JSONWriter.string($0) } ?? ""
        }
        #expect(result("n") == #"{"x":2.0,"y":1.0}"#)
        #expect(result("s") == "5")
        #expect(calls[5]["outputs"]?["text"]?.stringValue == "hello hello hello")
        #expect(result("e") == "5")
        #expect(calls[8]["result"]?.intValue == 0, "errno is 0 before each call")
    }

    /// What cannot be called is refused before anything is called, with the field at fault.
    @Test func faultsAreNamed() throws {
        typealias Row = (input: String, code: String, says: String)
        let table: [Row] = [
            (#"{"signature":"int f()"}"#, "input.invalid", "library: is missing"),
            (#"{"library":"libc.so.6"}"#, "input.invalid", "signature: is missing"),
            (
                #"{"library":"libc.so.6","signature":"int (int)","arguments":[1]}"#, "input.invalid",
                "function: is missing"
            ),
            (
                #"{"library":"libc.so.6","function":"abs","signature":"int labs(int)","arguments":[1]}"#,
                "input.invalid",
                "signature: is of labs, and the function is abs"
            ),
            (
                #"{"library":"libc.so.6","function":"a b","signature":"int ()"}"#, "input.invalid",
                "function: is no name"
            ),
            (
                #"{"library":"libc.so.6","signature":"int abs(in)"}"#, "input.invalid",
                "signature: a type is missing; found ')' (at character 11)"
            ),
            (
                #"{"library":"libc.so.6","signature":"int abs(int)"}"#, "input.invalid",
                "arguments: there are 0, and the signature takes 1 (argument1)"
            ),
            (
                #"{"library":"libz.so.1","signature":"uint64 crc32(uint64 crc, bytes data, length uint32)","arguments":[0,"x",1]}"#,
                "input.invalid",
                "arguments: there are 3, and the signature takes 2 (crc, data); parameters that are out or length take none"
            ),
            (
                #"{"library":"libno-such.so","signature":"int f()"}"#, "ffi.library",
                "library: the library cannot be loaded: libno-such.so"
            ),
            (#"{"library":"./no/such.so","signature":"int f()"}"#, "ffi.library", "no/such.so"),
            (#"{"library":"LIBRARY","signature":"int no_such()"}"#, "ffi.function", "has no function no_such"),
            (#"{"library":"LIBRARY","signature":"int a_variable()"}"#, "ffi.function", "is a variable"),
            (
                #"{"library":"LIBRARY","signature":"free(no_such) string no_text()"}"#, "ffi.function",
                "has no function no_such"
            ),
            (
                #"{"library":"LIBRARY","signature":"int8 same_i8(int8)","arguments":[128]}"#, "input.invalid",
                "arguments[0]: 128 does not fit int8 (-128 to 127)"
            ),
            (
                #"{"library":"LIBRARY","signature":"uint32 same_u32(uint32)","arguments":[-1]}"#, "input.invalid",
                "-1 does not fit uint32 (0 to 4294967295)"
            ),
            (
                #"{"library":"LIBRARY","signature":"uint64 same_u64(uint64)","arguments":[-1]}"#, "input.invalid",
                "-1 does not fit uint64 (0 to 18446744073709551615)"
            ),
            (
                #"{"library":"LIBRARY","signature":"int64 same_i64(int64)","arguments":["9223372036854775808"]}"#,
                "input.invalid", "does not fit int64"
            ),
            (
                #"{"library":"LIBRARY","signature":"uint64 same_u64(uint64)","arguments":[18446744073709551615]}"#,
                "input.invalid", "is not exact as a JSON number: write it as text"
            ),
            (
                #"{"library":"LIBRARY","signature":"int32 same_i32(int32)","arguments":[1.5]}"#, "input.invalid",
                "1.5 is no whole number"
            ),
            (
                #"{"library":"LIBRARY","signature":"int32 same_i32(int32)","arguments":["+-1"]}"#, "input.invalid",
                "is a text that is none"
            ),
            (
                #"{"library":"LIBRARY","signature":"int32 same_i32(int32)","arguments":[true]}"#, "input.invalid",
                "must be an integer for int32, is a boolean"
            ),
            (
                #"{"library":"LIBRARY","signature":"float same_float(float)","arguments":[1e300]}"#, "input.invalid",
                "does not fit float"
            ),
            (
                #"{"library":"LIBRARY","signature":"bool not_bool(bool)","arguments":[2]}"#, "input.invalid",
                "must be true or false"
            ),
            (
                #"{"library":"LIBRARY","signature":"char next_char(char)","arguments":["ab"]}"#, "input.invalid",
                "must be one character"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(string)","arguments":["a\u0000b"]}"#, "input.invalid",
                "NUL"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(bytes)","arguments":[{"base64":"a"}]}"#,
                "input.invalid", "arguments[0].base64: is not in the form"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(bytes)","arguments":[{"hex":"0g"}]}"#, "input.invalid",
                "arguments[0].hex: is not in the form"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(bytes[4])","arguments":["abc"]}"#, "input.invalid",
                "has 3 bytes; the signature says exactly 4"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(pointer)","arguments":[4096]}"#, "input.invalid",
                "must be null or {use: …}"
            ),
            (
                #"{"library":"LIBRARY","signature":"int64 sum(int32[] v, length)","arguments":[[1,"x"]]}"#,
                "input.invalid", "arguments[0][1]: must be an integer"
            ),
            (
                #"{"library":"LIBRARY","signature":"int64 sum(int32[] v, length uint8)","arguments":[LONG]}"#,
                "input.invalid", "300 does not fit uint8"
            ),
            (
                #"{"library":"LIBRARY","signature":"{double x} mirror({double x, double y})","arguments":[{"x":1}]}"#,
                "input.invalid", "arguments[0].y: is missing"
            ),
            (
                #"{"library":"LIBRARY","signature":"{double x} mirror({double x, double y})","arguments":[{"x":1,"y":2,"z":3}]}"#,
                "input.invalid", "arguments[0].z: is no member"
            ),
            (
                #"{"library":"LIBRARY","signature":"void squares(int32 n, out double[n] list)","arguments":[-1]}"#,
                "input.invalid", "its size, n, must be from 0 to"
            ),
            (
                #"{"library":"LIBRARY","types":{"a":"b"},"signature":"int f()"}"#, "input.invalid",
                "types.a: there is no type 'b'"
            ),
            (
                #"{"library":"LIBRARY","signature":"int f()","calls":[{"signature":"int read_errno()"}]}"#,
                "input.invalid", "signature: belongs into each of calls"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(pointer)","arguments":[{"use":"a"}]}"#, "input.invalid",
                "arguments[0].use: there is no earlier call 'a'"
            ),
            (
                #"{"library":"LIBRARY","calls":[{"signature":"int fail_with(int)","arguments":[1]},{"id":"x","signature":"int is_null(pointer)","arguments":[{"use":"y.z"}]}]}"#,
                "input.invalid", "calls[1].arguments[0].use: there is no earlier call 'y'"
            ),
            (
                #"{"library":"LIBRARY","calls":[{"id":"y","signature":"void twice(inout int n)","arguments":[1]},{"signature":"int is_null(pointer)","arguments":[{"use":"y.z"}]}]}"#,
                "input.invalid", "has no output 'z'; it has result, errno, n"
            ),
            (
                #"{"library":"LIBRARY","signature":"int is_null(pointer)","arguments":[DEEP]}"#, "input.invalid",
                "arguments[0]: is nested deeper than any type"
            ),
            (
                #"{"library":"LIBRARY","types":{"a":"bytes[65536]","b":"{a x, a y}"},"signature":"int f()"}"#,
                "input.invalid", "types.b: the struct is larger than 65536 bytes"
            ),
            (
                #"{"library":"LIBRARY","types":{"a":"{int8[5000] x}"},"signature":"void f(a)","arguments":[[[1]]]}"#,
                "ffi.function", "has no function f"
            ),
            (
                #"{"library":"LIBRARY","signature":"string no_text()","fails_on":"negative"}"#, "input.invalid",
                "fails_on: negative is nothing"
            ),
        ]
        let rig = try FFIRig()
        let long = "[\(Array(repeating: "1", count: 300).joined(separator: ","))]"
        let deep = String(repeating: "[", count: 450) + String(repeating: "]", count: 450)
        for row in table {
            let outcome = try run(rig, row.input.replacing("LONG", with: long).replacing("DEEP", with: deep))
            #expect(outcome.outcomeClass == .permanent && outcome.effect == .none, "\(row.input): \(outcome)")
            #expect(outcome.code == row.code && outcome.message.contains(row.says), "\(row.input): \(outcome.message)")
        }
    }

    @Test func resultsThatMeanFailureFail() throws {
        let rig = try FFIRig()
        let table: [(signature: String, arguments: String, on: String, says: String?)] = [
            ("int fail_with(int)", "[13]", "negative", "fail_with gave -1 with errno 13 (EACCES: Permission denied)"),
            ("int fail_with(int)", "[0]", "nonzero", "fail_with gave -1"),
            ("int fail_with(int)", "[0]", "zero", nil),
            ("string no_text()", "[]", "null", "no_text gave null"),
            ("bool not_bool(bool)", "[true]", "zero", "not_bool gave false"),
            ("double same_double(double)", "[-0.5]", "negative", "same_double gave -0.5"),
            ("uint64 same_u64(uint64)", #"["18446744073709551615"]"#, "nonzero", "same_u64 gave"),
        ]
        for row in table {
            let outcome = try rig.call(row.signature, row.arguments, more: [("fails_on", .string(row.on))])
            guard let says = row.says else {
                #expect(outcome.outcomeClass == .ok, "\(row): \(outcome.message)")
                continue
            }
            #expect(outcome.outcomeClass == .failed && outcome.code == "ffi.failed", "\(row): \(outcome)")
            #expect(outcome.effect == .unknown && outcome.message.hasPrefix(says), "\(row): \(outcome.message)")
            #expect(outcome.output["result"] != nil, "\(row)")
        }
        let list = try run(
            rig,
            #"""
            {"library":"LIBRARY","calls":[{"signature":"int32 same_i32(int32)","arguments":[1]},
             {"signature":"int fail_with(int)","arguments":[1],"fails_on":"negative"},
             {"signature":"void crash()"}]}
            """#)
        #expect(list.message.hasPrefix("calls[1].fail_with gave -1") && list.outcomeClass == .failed, "\(list)")
        #expect(list.output["calls"]?.arrayValue?.count == 2)
    }

    @Test func writingBeyondABufferIsSeen() throws {
        let outcome = try FFIRig().call("void overrun(out bytes[8] data)")
        #expect(outcome.outcomeClass == .failed && outcome.code == "ffi.overrun", "\(outcome)")
        #expect(outcome.message.contains("overrun wrote beyond the memory of data"), "\(outcome.message)")
    }

    /// For runs that nobody at this machine started, and for all where the configuration says so.
    @Test(arguments: [true, false]) func onlyListedFunctionsAreCalledWhereTheListHolds(_ isForeign: Bool) throws {
        let rig = try FFIRig(
            config: """
                {"local": "\(isForeign ? "any" : "listed")", "allow": ["libm.so.6:cbrt",
                  {"library": "libz.so.1", "function": "crc32", "signature": "ulong (ulong seed, bytes data, length uint)"}]}
                """, isForeign: isForeign)
        #expect(try rig.call("double cbrt(double)", "[8]", of: "libm.so.6").outcomeClass == .ok)
        #expect(
            try rig.call("uint64 crc32(uint64, bytes, length uint32)", #"[0,"a"]"#, of: "libz.so.1").outcomeClass == .ok
        )
        let refused: [(StageOutcome, String)] = [
            (
                try rig.call("double sqrt(double)", "[8]", of: "libm.so.6"),
                "function: sqrt of libm.so.6 is not one of the functions that plugins.ffi.allow lists"
            ),
            (
                try rig.call("double cbrt(double)", "[8]", of: "libm.so"),
                "function: cbrt of libm.so is not one of"
            ),
            (
                try rig.call("uint64 crc32(uint64, bytes, uint32)", #"[0,"a",100]"#, of: "libz.so.1"),
                "is allowed with uint64 (uint64 seed, bytes data, length(data) uint32) only, not with"
            ),
            (
                try run(
                    rig,
                    #"{"library":"libm.so.6","calls":[{"signature":"double cbrt(double)","arguments":[1]},{"library":"libc.so.6","signature":"int system(string)","arguments":["false"]}]}"#
                ),
                "calls[1].function: system of libc.so.6 is not"
            ),
        ]
        for (outcome, says) in refused {
            #expect(outcome.outcomeClass == .permanent && outcome.code == "ffi.refused", "\(outcome)")
            #expect(outcome.message.contains(says) && outcome.effect == .none, "\(outcome.message)")
            #expect(outcome.message.contains("nobody at this machine") == isForeign, "\(outcome.message)")
        }
    }

    /// A function that would leave a trace is not called when it is refused.
    @Test func refusedFunctionsAreNotCalled() throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-ffi-test-")
        defer { try? FileSystem.removeTree(folder) }
        let rigs = [
            (try FFIRig(), true), (try FFIRig(config: #"{"allow": []}"#), true), (try FFIRig(isForeign: true), false),
            (try FFIRig(config: #"{"local": "listed"}"#), false),
            (try FFIRig(config: #"{"allow": ["libc.so.6:abs"]}"#, isForeign: true), false),
            (try FFIRig(config: #"{"allow": ["libc.so.6:mkdir"]}"#, isForeign: true), true),
        ]
        for (index, (rig, isAllowed)) in rigs.enumerated() {
            let made = "\(folder)/made-\(index)"
            let outcome = try rig.call("int mkdir(string, uint32)", "[\"\(made)\", 448]", of: "libc.so.6")
            #expect(outcome.code == (isAllowed ? "" : "ffi.refused"), "\(index): \(outcome)")
            #expect(FileSystem.exists(made) == isAllowed, "\(index)")
        }
        let bare = try FFIRig(config: #"{"allow": ["cbrt"]}"#).call("int read_errno()")
        #expect(bare.message.contains("allow[0]: must be a library and a function"), "\(bare.message)")
        let wrong = try FFIRig(config: #"{"allow": [{"library":"a","function":"b","signature":"int (x)"}]}"#)
            .call("int read_errno()")
        #expect(wrong.message.contains("allow[0].signature: there is no type 'x'"), "\(wrong.message)")
    }

    @Test func relativeLibrariesStartFromTheWorkingFolder() throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-ffi-test-")
        defer { try? FileSystem.removeTree(folder) }
        try FileSystem.writeAtomically(try FileSystem.read(FFIRig.library), to: "\(folder)/libmine.so")
        let outcome = try FFIRig().run(
            try JSONReader.parse(#"{"library":"./libmine.so","signature":"int32 same_i32(int32)","arguments":[4]}"#),
            folder: folder)
        #expect(outcome.output["result"]?.intValue == 4, "\(outcome.message)")
    }
}
