import BattenCore
import BattenSystem
import Testing

/// Calls of real functions: the tests' own library, libc, libm, libz and SQLite.
@Suite struct FFICallTests {
    private typealias Row = (signature: String, arguments: String, result: String)

    /// What a call gave must be this, compared as JSON.
    private func expect(
        _ outcome: StageOutcome, result: String, outputs: String = "{}", errno: Int64 = 0, _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(outcome.outcomeClass == .ok, "\(what): \(outcome.message)", sourceLocation: sourceLocation)
        let (wanted, wantedOutputs) = (try JSONReader.parse(result), try JSONReader.parse(outputs))
        #expect(outcome.output["result"] == wanted, "\(what)", sourceLocation: sourceLocation)
        #expect(outcome.output["outputs"] == wantedOutputs, "\(what)", sourceLocation: sourceLocation)
        #expect(outcome.output["errno"]?.intValue == errno, "\(what)", sourceLocation: sourceLocation)
    }

    @Test func scalarsOfEveryWidthPass() throws {
        let table: [Row] = [
            ("int8 same_i8(int8)", "[-128]", "-128"),
            ("uint8 same_u8(uint8)", "[255]", "255"),
            ("int16 same_i16(int16)", "[-32768]", "-32768"),
            ("uint16 same_u16(uint16)", "[65535]", "65535"),
            ("int32 same_i32(int32)", "[-2147483648]", "-2147483648"),
            ("uint32 same_u32(uint32)", "[4294967295]", "4294967295"),
            ("int64 same_i64(int64)", "[-9223372036854775808]", "-9223372036854775808"),
            ("int64 same_i64(int64)", "[9007199254740993]", "9007199254740993"),
            ("int64 same_i64(int64)", #"["-0x8000000000000000"]"#, "-9223372036854775808"),
            ("uint64 same_u64(uint64)", "[9223372036854775807]", "9223372036854775807"),
            ("uint64 same_u64(uint64)", #"["9223372036854775808"]"#, #""9223372036854775808""#),
            ("uint64 same_u64(uint64)", #"["0xffffffffffffffff"]"#, #""18446744073709551615""#),
            ("int32 same_i32(int32)", "[1e3]", "1000"),
            ("float same_float(float)", "[0.5]", "0.5"),
            ("float same_float(float)", "[16777217]", "16777216"),
            ("float same_float(float)", #"["-inf"]"#, #""-inf""#),
            ("double same_double(double)", "[0.1]", "0.1"),
            ("double same_double(double)", #"["nan"]"#, #""nan""#),
            ("double same_double(double)", "[5e-324]", "5e-324"),
            ("bool not_bool(bool)", "[true]", "false"),
            ("bool not_bool(bool)", "[0]", "true"),
            ("char next_char(char)", #"["a"]"#, #""b""#),
            ("char next_char(char)", "[-2]", #""ÿ""#),
            (
                "double weigh(int8, double, uint16, float, int64, double, uint8, double, int32, double, int64, double, "
                    + "int16, double, float, double, double, double)",
                "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "171"
            ),
            (
                "double weigh(int8, double, uint16, float, int64, double, uint8, double, int32, double, int64, double, "
                    + "int16, double, float, double, double, double)",
                "[-1,0,0,0,0,0,0,0,0,0,0,0,-2,0,0.5,0,0,100]", "1780.5"
            ),
        ]
        let rig = try FFIRig()
        for row in table {
            try expect(
                try rig.call(row.signature, row.arguments), result: row.result, "\(row.signature) \(row.arguments)")
        }
    }

    @Test func structsPassByValue() throws {
        let types = """
            {"point": "{double x, double y}", "mixed": "{int32 count, double weight}", "small": "{int8 a, uint16 b}",
             "floats": "{float x, float y, float z}", "large": "{int64 first, double second, int32 third[5]}",
             "line": "{point from, point to, char name[8], bytes[3] key}", "person": "{string name, uint32 age}"}
            """
        let table: [Row] = [
            ("point mirror(point)", #"[{"x":1.5,"y":-2}]"#, #"{"x":-2,"y":1.5}"#),
            ("{double, double} mirror({double, double})", "[[1.5,-2]]", "[-2,1.5]"),
            ("point mirror(struct point)", "[[3,4]]", #"{"x":4,"y":3}"#),
            ("mixed grow(mixed, int)", #"[{"weight":2.5,"count":1},3]"#, #"{"count":4,"weight":7.5}"#),
            ("small swap_small(small)", "[[-3,7]]", #"{"a":7,"b":65533}"#),
            ("floats scale(floats, float)", "[[1,2,3],0.5]", #"{"x":0.5,"y":1,"z":1.5}"#),
            (
                "large reversed(large)", #"[{"first":5,"second":6,"third":[1,2,3,4,5]}]"#,
                #"{"first":6,"second":5,"third":[5,4,3,2,1]}"#
            ),
            (
                "line backwards(line)", #"[{"from":[1,2],"to":[3,4],"name":"öx","key":{"hex":"0102ff"}}]"#,
                #"{"from":{"x":3,"y":4},"to":{"x":1,"y":2},"name":"öX","key":"/wIB"}"#
            ),
            (
                "line backwards(line)", #"[{"from":[1,2],"to":[3,4],"name":"eightful","key":"abc"}]"#,
                #"{"from":{"x":3,"y":4},"to":{"x":1,"y":2},"name":"EIGHTFUL","key":"Y2Jh"}"#
            ),
            ("size name_length(person)", #"[{"name":"Ada","age":36}]"#, "39"),
            ("size name_length(person)", #"[{"name":null,"age":36}]"#, "36"),
            ("person older(person)", #"[["Ada",36]]"#, #"{"name":"Ada","age":37}"#),
        ]
        let rig = try FFIRig()
        for row in table {
            let outcome = try rig.call(row.signature, row.arguments, types: types)
            try expect(outcome, result: row.result, "\(row.signature) \(row.arguments)")
        }
        try expect(
            try rig.call(
                "void move_point(inout point p, const point *)", #"[{"x":1,"y":2},[10,20]]"#, types: types),
            result: "null", outputs: #"{"p":{"x":11,"y":22}}"#, "pointers to structs")
        try expect(
            try rig.call("div_t div(int, int)", "[17,-5]", of: "libc.so.6", types: #"{"div_t":"{int quot, int rem}"}"#),
            result: #"{"quot":-3,"rem":2}"#, "div")
    }

    @Test func pointersBuffersAndTextPass() throws {
        typealias Row = (signature: String, arguments: String, result: String, outputs: String)
        let long = String(repeating: "long text, ", count: 20000)
        let table: [Row] = [
            ("int split(double, out int64 whole, out double)", "[3.75]", "0", #"{"whole":3,"argument3":0.75}"#),
            ("void twice(inout int32 n)", "[21]", "null", #"{"n":42}"#),
            ("int is_null(pointer)", "[null]", "1", "{}"),
            ("int is_null(string)", "[null]", "1", "{}"),
            ("int is_null(string)", #"[""]"#, "0", "{}"),
            ("int is_null(bytes)", "[null]", "1", "{}"),
            ("int is_null(in int32)", "[null]", "1", "{}"),
            ("int is_null(inout int32[] list)", "[null]", "1", #"{"list":null}"#),
            ("int64 sum(int32[] values, length size)", "[[1,-2,2147483647]]", "2147483646", "{}"),
            ("int64 sum(int32[] values, length)", "[[]]", "0", "{}"),
            ("int64 sum(int32[3], size)", "[[1,2,3],2]", "3", "{}"),
            ("void squares(uint16 n, out double[n] list)", "[4]", "null", #"{"list":[0,1,4,9]}"#),
            ("void squares(uint16 n, out double[n] list)", "[0]", "null", #"{"list":[]}"#),
            (
                "int32 keep_positive(inout int32[] kept used result, length int32)", "[[3,-1,0,7]]", "2",
                #"{"kept":[3,7]}"#
            ),
            (
                "size join(string[] texts, length, out char[16] text, length(text) size)", #"[["ä","b",null]]"#, "7",
                #"{"text":"ä;b;-;"}"#
            ),
            ("int fill(out bytes[16] b, inout length size)", "[]", "0", #"{"b":"AP9/gA=="}"#),
            ("int fill(out hex bytes[16] b, inout length size)", "[]", "0", #"{"b":"00ff7f80"}"#),
            ("int fill(out bytes[2] b, inout length size)", "[]", "-1", #"{"b":"AAA="}"#),
            ("void shout(inout char[16] text)", #"["hello"]"#, "null", #"{"text":"HELLO"}"#),
            ("void shout(inout char text[])", #"["größe"]"#, "null", #"{"text":"GRößE"}"#),
            ("string no_text()", "[]", "null", "{}"),
            ("string odd_text()", "[]", #""a\#u{FFFD}ä""#, "{}"),
            ("hex string odd_text()", "[]", #""61ffc3a4""#, "{}"),
            ("base64 string odd_text()", "[]", #""Yf/DpA==""#, "{}"),
            ("free string repeat(string, uint32)", #"["ab",3]"#, #""ababab""#, "{}"),
            ("free string repeat(string, uint32)", #"["\#(long)",2]"#, #""\#(long)\#(long)""#, "{}"),
            ("free string repeat(string, uint32)", #"[{"base64":"aGk="},1]"#, #""hi""#, "{}"),
            ("int describe(out free(release) string text)", "[]", "0", #"{"text":"ababab"}"#),
            (
                "double total(string, ..., int8, float, int64, string, double)", #"["idlsd",-5,0.5,100,"abc",0.25]"#,
                "98.75", "{}"
            ),
            ("double total(string, ..., uint8, uint16, bool, char)", #"["iiii",200,65535,true,"a"]"#, "65833", "{}"),
            ("double total(string, ...)", #"[""]"#, "0", "{}"),
        ]
        let rig = try FFIRig()
        for row in table {
            try expect(
                try rig.call(row.signature, row.arguments), result: row.result, outputs: row.outputs,
                "\(row.signature) \(row.arguments.prefix(80))")
        }
    }

    @Test func librariesOfTheSystemAnswer() throws {
        typealias Row = (
            library: String, signature: String, arguments: String, result: String, outputs: String, errno: Int64
        )
        let table: [Row] = [
            ("libm.so.6", "double pow(double, double)", "[2,0.5]", "1.4142135623730951", "{}", 0),
            ("libm.so.6", "double frexp(double, out int exponent)", "[48]", "0.75", #"{"exponent":6}"#, 0),
            ("libm.so.6", "double log(double)", "[0]", #""-inf""#, "{}", 34),
            ("libz.so.1", "uint64 crc32(uint64, bytes, uint32)", #"[0,"hello",5]"#, "907060870", "{}", 0),
            ("libz.so.1", "ulong adler32(ulong, bytes, length uint)", #"[1,"Wikipedia"]"#, "300286872", "{}", 0),
            ("libz.so.1", "string zError(int)", "[-3]", #""data error""#, "{}", 0),
            (
                "libz.so.1", "int uncompress(out char[32] text, inout length ulong, bytes, length ulong)",
                #"[{"base64":"eJzLSM3JyQcABiwCFQ=="}]"#, "0", #"{"text":"hello"}"#, 0
            ),
            (
                "libc.so.6", "int snprintf(out char[64] text, length size, string, ..., int, double, string, uint8)",
                #"["%d %.3f %s %u",42,3.25,"hä",200]"#, "16", #"{"text":"42 3.250 hä 200"}"#, 0
            ),
            ("libc.so.6", "int snprintf(out char[4] text, length, string)", #"["abcdef"]"#, "6", #"{"text":"abc"}"#, 0),
            ("libc.so.6", "free string strdup(string)", #"["x\ny"]"#, #""x\ny""#, "{}", 0),
            ("libc.so.6", "string getenv(string)", #"["BATTEN_SURELY_NOT_SET"]"#, "null", "{}", 0),
            (
                "libc.so.6", "long strtol(string, out string end, int)", #"["0x1fz",16]"#, "31", #"{"end":"z"}"#, 0
            ),
            (
                "libc.so.6", "long strtol(const char *, out char **end, int)", #"["9999999999999999999",10]"#,
                "9223372036854775807", #"{"end":""}"#, 34
            ),
            ("libc.so.6", "int toupper(int)", "[97]", "65", "{}", 0),
            ("libc.so.6", "int rmdir(string)", #"["/nowhere/at/all"]"#, "-1", "{}", 2),
            ("libc.so.6", "void *memmem(bytes, length, bytes, length)", #"["haystack","hay"]"#, #""pointer""#, "{}", 0),
        ]
        let rig = try FFIRig()
        for row in table {
            try expect(
                try rig.call(row.signature, row.arguments, of: row.library), result: row.result, outputs: row.outputs,
                errno: row.errno, row.signature)
        }
        let failed = try rig.call("int rmdir(string)", #"["/nowhere/at/all"]"#, of: "libc.so.6")
        #expect(failed.output["errno_name"]?.stringValue == "ENOENT")
    }
}
