import BattenSignature
import Testing

/// What signatures mean, and what is wrong with those that mean nothing.
@Suite struct FFISignatureTests {
    private static let types = try? CSignature.readTypes([
        ("point", "{double x, double y}"), ("line", "{point from, point to}"), ("handle_t", "uint32"),
    ])

    /// Signatures with their shortest form.
    private static let forms: [(text: String, form: String)] = [
        ("double (double)", "double (double)"),
        ("void f()", "void f ()"),
        ("void f(void)", "void f ()"),
        ("uint64 (uint64, bytes, uint32)", "uint64 (uint64, bytes, uint32)"),
        (
            "unsigned long crc32(unsigned long crc, const unsigned char *buf, unsigned int len);",
            "uint64 crc32 (uint64 crc, bytes buf, uint32 len)"
        ),
        (
            "long long int (short unsigned, signed char, unsigned, char, long)",
            "int64 (uint16, int8, uint32, char, int64)"
        ),
        (
            "i8 (u8, i16, u16, i32, u32, i64, u64, f32, f64, size, ssize_t, _Bool)",
            "int8 (uint8, int16, uint16, int32, uint32, int64, uint64, float, double, uint64, int64, bool)"
        ),
        ("free string (const char *text)", "free string (string text)"),
        ("free(sqlite3_free) char *(string)", "free(sqlite3_free) string (string)"),
        ("borrowed base64 string (hex string)", "base64 string (hex string)"),
        (
            "sqlite3 *open(out sqlite3 *db, out sqlite3 **same, FILE *, void *, const void *)",
            "sqlite3 * open (out sqlite3 * db, out sqlite3 * same, FILE *, pointer, pointer)"
        ),
        (
            "int (out int, out int *, inout long *n, in double, const double *)",
            "int32 (out int32, out int32, inout int64 n, in double, in double)"
        ),
        ("int (out string, out char **, in string)", "int32 (out string, out string, in string)"),
        (
            "int (int32[4], int[] v, in double w[3], string[] argv)",
            "int32 (int32[4], int32[] v, double[3] w, string[] argv)"
        ),
        ("int (out char[64] text, length size)", "int32 (out char[64] text, length(text) uint64)"),
        ("int (out char name[64], length)", "int32 (out char[64] name, length(name) uint64)"),
        ("int (size n, out bytes[n] data)", "int32 (uint64 n, out bytes[n] data)"),
        (
            "ssize (out hex bytes[9] b used result, length size)",
            "int64 (out hex bytes[9] b used result, length(b) uint64)"
        ),
        (
            "int (out bytes[9] b, inout length(b) ulong n)",
            "int32 (out bytes[9] b used n, inout length(b) uint64 n)"
        ),
        ("int (out bytes[9], inout length ulong *)", "int32 (out bytes[9], inout length uint64)"),
        ("void (length uint32, bytes, length uint32, bytes)", "void (length uint32, bytes, length uint32, bytes)"),
        ("int printf(string, ...)", "int32 printf (string, ...)"),
        ("int (string, ..., int, double)", "int32 (string, ..., int32, double)"),
        (
            "{int32, double} (point, struct point p, line)",
            "{int32, double} ({double x, double y}, {double x, double y} p, "
                + "{{double x, double y} from, {double x, double y} to})"
        ),
        ("struct {char name[8]; uint8_t key[3]; bytes[2] raw;} ()", "{char[8] name, uint8[3] key, bytes[2] raw} ()"),
        ("handle_t (enum color, out handle_t *)", "uint32 (int32, out uint32)"),
        ("pointer (int32)", "pointer (int32)"),
        ("void (inout bytes, inout int32[], bytes[16] key)", "void (inout bytes, inout int32[], bytes[16] key)"),
    ]

    @Test func signaturesMeanWhatTheySay() throws {
        let types = try #require(Self.types)
        for row in Self.forms {
            do {
                let signature = try CSignature(row.text, types: types)
                #expect(signature.description == row.form)
                let again = try CSignature(signature.description, types: types)
                #expect(again.calls(like: signature), "\(row.text) does not read back as itself")
                #expect(again.description == row.form)
            } catch {
                Issue.record("\(row.text): \(error)")
            }
        }
    }

    @Test func faultsAreNamedWithTheirPlace() throws {
        typealias Row = (text: String, says: String, at: Int)
        let table: [Row] = [
            ("", "a type is missing; found the end", 0),
            ("double", "'(' is missing before the parameters", 6),
            ("double (", "a type is missing; found the end", 8),
            ("double (int", "parameters are separated by ','", 11),
            ("double (int,)", "a parameter is missing after ','", 12),
            ("double (int) x", "'x' is too much", 13),
            ("duble (int)", "there is no type 'duble'", 0),
            ("int (sqlite3)", "there is no type 'sqlite3'", 5),
            ("int (int *)", "a pointer needs its direction", 5),
            ("int (point *)", "a pointer needs its direction", 5),
            ("int (char **)", "a pointer to a pointer needs its direction", 5),
            ("int (out char *)", "is this text? write out char name[256]", 5),
            ("int (out bytes)", "an out buffer needs its size", 5),
            ("int (out int[])", "an out buffer needs its size", 5),
            ("int (bytes *)", "bytes is a pointer already", 5),
            ("bytes (int)", "bytes has no length here", 0),
            ("int[4] (int)", "a function gives back no array", 0),
            ("out int (int)", "a result has no direction", 0),
            ("int (in out int)", "there are two directions", 8),
            ("int (int out)", "'out' must stand before the type", 9),
            ("int (long double)", "long double is not supported", 5),
            ("int (double _Complex)", "complex numbers are not supported", 12),
            ("int (double float)", "'float' cannot be a name", 12),
            ("int (long short)", "no integer type of C", 5),
            ("int (union u)", "unions are not supported", 5),
            ("int (__int128)", "128-bit", 5),
            ("void qsort(pointer, size, size, int (*)(const void *, const void *))", "call back", 36),
            ("int (callback)", "call back", 5),
            ("int (int a, int a)", "two parameters 'a'", 12),
            ("int (int result)", "cannot be called 'result'", 5),
            ("int ({})", "at least one member", 5),
            ("int ({int a, int})", "either all members", 5),
            ("int ({int a, int a})", "two members 'a'", 13),
            ("int ({out int a})", "a member of a struct has no direction", 6),
            ("int ({bytes})", "bytes has no length here", 6),
            ("int ({int a[]})", "fixed length", 6),
            ("int ({double[65536] a})", "larger than 65536 bytes", 6),
            ("int ({bytes[65536] a, int b})", "larger than 65536 bytes", 5),
            ("int (int x[0])", "a length is from 1", 11),
            ("int (int x[2][3])", "arrays of arrays", 13),
            ("int (out bytes[99999999999999999999])", "is no length", 15),
            ("int (out double[60000000])", "larger than", 5),
            ("int (out bytes[n])", "there is no parameter 'n'", 15),
            ("int (double n, out bytes[n])", "'n' is no integer", 25),
            ("int (bytes[n], size n)", "only an out buffer takes its size", 11),
            ("int (length size)", "no buffer, array or string", 5),
            ("int (length(n) size, int n)", "'n' is no buffer", 12),
            ("int (bytes, length double)", "a length is an integer", 12),
            ("int (bytes used result)", "'used' goes with an out buffer", 16),
            ("double (out bytes[4] used result)", "the result is no integer", 26),
            ("int (free string)", "'free' goes with a result or an out string", 5),
            ("free int (int)", "'free' goes with a string", 0),
            ("int (hex int)", "'hex' goes with string", 5),
            ("int (..., int)", "before '...'", 5),
            ("int (int, ..., int, ...)", "'...' stands twice", 20),
            ("int (int, .. int)", "a single '.'", 10),
            ("int (int, void)", "a parameter is not void", 10),
            ("int (ä)", "'ä' has no meaning", 5),
            ("int (4x)", "'4' is no length", 5),
            (String(repeating: "{", count: 40), "nested deeper than 16", 16),
            ("int (" + Array(repeating: "int", count: 65).joined(separator: ",") + ")", "more than 64", 264),
            (String(repeating: " ", count: 20000), "longer than 16384", 16384),
        ]
        let types = try #require(Self.types)
        for row in table {
            do throws(SignatureError) {
                let signature = try CSignature(row.text, types: types)
                Issue.record("\(row.text) was read as \(signature)")
            } catch {
                #expect(error.message.contains(row.says), "\(row.text): \(error)")
                #expect(error.offset == row.at, "\(row.text): \(error)")
            }
        }
    }

    @Test func namedTypesAreChecked() {
        typealias Row = (types: [(name: String, text: String)], name: String, says: String)
        let table: [Row] = [
            ([("a", "b *"), ("c", "{a x, c y}")], "c", "there is no type 'c'"),
            ([("int", "double")], "int", "taken"),
            ([("out", "double")], "out", "taken"),
            ([("a", "int"), ("a", "int")], "a", "taken"),
            ([("4", "int")], "4", "no name"),
            ([("a", "void")], "a", "no values of void"),
            ([("a", "int, int")], "a", "too much"),
            ([("a", "out int")], "a", "no direction"),
            (
                [("t0", "int")] + (1...5000).map { ("t\($0)", "{t\($0 - 1) x}") }, "t17", "nested deeper than 16 levels"
            ),
        ]
        for row in table {
            do throws(NamedTypeError) {
                Issue.record("\(row.types) was read as \(try CSignature.readTypes(row.types))")
            } catch {
                #expect(error.name == row.name && error.error.message.contains(row.says), "\(row.types): \(error)")
            }
        }
    }

    /// Sizes and offsets, as gcc gives them on 64-bit machines.
    @Test func structsAreLaidOutAsByTheCompiler() throws {
        typealias Row = (text: String, size: Int, alignment: Int, offsets: [Int])
        let table: [Row] = [
            ("{int8, uint16}", 4, 2, [0, 2]),
            ("{int32, double}", 16, 8, [0, 8]),
            ("{double, int32}", 16, 8, [0, 8]),
            ("{char[3], int32, bool}", 12, 4, [0, 4, 8]),
            ("{int8, {int8, int64}, int8}", 32, 8, [0, 8, 24]),
            ("{bytes[5], int16[3], string}", 24, 8, [0, 6, 16]),
            ("{float[3], pointer}", 24, 8, [0, 16]),
        ]
        for row in table {
            guard case .structure(let structure) = try CSignature("\(row.text) ()").result else {
                Issue.record("\(row.text) is no struct")
                continue
            }
            #expect(structure.size == row.size && structure.alignment == row.alignment, "\(row.text)")
            #expect(structure.fields.map(\.offset) == row.offsets, "\(row.text)")
        }
    }
}
