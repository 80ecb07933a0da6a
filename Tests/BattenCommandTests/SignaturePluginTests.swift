import BattenCore
import BattenSystem
import TestSupport
import Testing

@testable import BattenCommand

/// Plugins made from the signature of a C function: they compile against the real header, answer, and a signature that
/// the header contradicts does not compile.
@Suite struct SignaturePluginTests {
    /// A folder as `plugin new` makes it of the C template.
    private func make(
        _ id: String, _ signature: String, _ header: String, _ libraries: [String] = []
    ) throws -> (folder: String, plugin: SignaturePlugin) {
        let plugin = try SignaturePlugin(id: id, signature: signature, header: header, libraries: libraries)
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-signature-test-")
        let sdk = "\(SourceTree.root)/sdk/c"
        let copied = try Command.run([
            "bash", "-c",
            """
            mkdir -p '\(folder)/vendor/include' && cp -r '\(sdk)/include/batten' '\(folder)/vendor/include/' &&
            cp -r '\(sdk)/testing' '\(folder)/vendor/testing' && sed 's/@ID@/\(id)/g' '\(sdk)/template/blocking/Makefile'
            """,
        ])
        try #require(copied.status == 0, "\(copied.output)")
        try FileSystem.writeAtomically(Array(plugin.adapted("Makefile", copied.output).utf8), to: "\(folder)/Makefile")
        for file in plugin.files {
            try FileSystem.writeAtomically(Array(file.text.utf8), to: "\(folder)/\(file.path)")
        }
        return (folder, plugin)
    }

    private func build(_ folder: String) throws -> (status: Int32, output: String) {
        let result = try Command.run(["bash", "-c", "cd '\(folder)' && make -s CFLAGS='-O1 -Werror' 2>&1"])
        return (result.status, result.output)
    }

    /// Calls the executor of a built plugin through the command line.
    private func exec(_ folder: String, _ type: String, _ with: String) throws -> (status: Int32, output: String) {
        let program = (FileSystem.parent(of: ProcessEnvironment.executablePath) ?? ".") + "/batten"
        try FileSystem.writeAtomically(Array(with.utf8), to: "\(folder)/with.json")
        let result = try Command.run([
            "bash", "-c",
            """
            export BATTEN_HOME='\(folder)/home' HOME='\(folder)' XDG_CONFIG_HOME='\(folder)/config'
            '\(program)' --plugin-dir '\(folder)/build' --in-process-plugins exec \(type) --format json -q \
              --with-json "$(cat '\(folder)/with.json')" 2>&1
            """,
        ])
        return (result.status, result.output)
    }

    @Test func theCompilerTakesRightSignaturesAndThePluginsAnswer() throws {
        typealias Row = (
            id: String, signature: String, header: String, libraries: [String], type: String, with: String,
            outputs: String
        )
        let table: [Row] = [
            (
                "roots", "double cbrt(double)", "math.h", [], "roots.cbrt", #"{"argument1":8}"#,
                #"{"errno":0,"result":2}"#
            ),
            ("logs", "double log(double x)", "math.h", [], "logs.log", #"{"x":0}"#, #"{"errno":34,"result":"-inf"}"#),
            (
                "parts", "double frexp(double value, out int *exponent)", "math.h", [], "parts.frexp",
                #"{"value":48}"#, #"{"errno":0,"result":0.75,"exponent":6}"#
            ),
            (
                "sums", "unsigned long crc32(unsigned long crc, const unsigned char *data, length unsigned int)",
                "zlib.h",
                ["z"], "sums.crc32", #"{"crc":"0","data":"hello"}"#, #"{"errno":0,"result":907060870}"#
            ),
            (
                "packs", "int compress(out bytes[64] data, inout length ulong, bytes source, length ulong)", "zlib.h",
                ["z"], "packs.compress", #"{"source":"hello"}"#,
                #"{"errno":0,"result":0,"data":"789ccb48cdc9c90700062c0215"}"#
            ),
            (
                "texts", "free string strndup(string text, size_t n)", "string.h", [], "texts.strndup",
                #"{"text":"grün","n":3}"#, #"{"errno":0,"result":"gr\#u{FFFD}"}"#
            ),
            (
                "numbers", "unsigned long long strtoull(const char *text, out string end, int base)", "stdlib.h", [],
                "numbers.strtoull", #"{"text":"18446744073709551615 \"x\"","base":10}"#,
                #"{"errno":0,"result":"18446744073709551615","end":" \"x\""}"#
            ),
            (
                "prints", "int snprintf(out char[n] text, size_t n, const char *format, ..., int a, double b)",
                "stdio.h",
                [], "prints.snprintf", #"{"n":6,"format":"%d|%.2f","a":-7,"b":1.5}"#,
                #"{"errno":0,"result":7,"text":"-7|1."}"#
            ),
        ]
        for row in table {
            let (folder, plugin) = try make(row.id, row.signature, row.header, row.libraries)
            defer { try? FileSystem.removeTree(folder) }
            #expect(plugin.type == row.type)
            let built = try build(folder)
            guard built.status == 0 else {
                Issue.record("\(row.signature): \(built.output)")
                continue
            }
            let (status, output) = try exec(folder, row.type, row.with)
            let outputs = try? JSONReader.parse(output)["stages"]?[0]?["outputs"]
            let wanted = try JSONReader.parse(row.outputs)
            #expect(status == 0 && outputs == wanted, "\(row.signature): \(output)")
        }
        // The plugin's own test, once, and a call that the schema does not let through.
        let (folder, plugin) = try make("roots", "double cbrt(double)", "math.h")
        defer { try? FileSystem.removeTree(folder) }
        let tested = try Command.run(["bash", "-c", "cd '\(folder)' && make -s && make -s test 2>&1"])
        #expect(tested.status == 0 && tested.output.hasSuffix("passed\n"), "\(tested.output)")
        let refused = try exec(folder, plugin.type, #"{"argument1":"x"}"#)
        #expect(refused.status != 0 && refused.output.contains("argument1"), "\(refused.output)")
    }

    @Test func theCompilerRefusesWrongSignatures() throws {
        typealias Row = (signature: String, header: String, libraries: [String], says: String)
        let table: [Row] = [
            ("float cbrt(double)", "math.h", [], "conflicting types for"),
            ("double cbrt(double, int)", "math.h", [], "conflicting types for"),
            ("double cbrt(double)", "stdio.h", [], "undeclared"),
            ("uint64 crc32(uint64, bytes, length uint64)", "zlib.h", ["z"], "may change value"),
            ("int strlen(string)", "string.h", [], "may change value"),
            ("size strlen(string, int)", "string.h", [], "too many arguments"),
        ]
        for row in table {
            let (folder, _) = try make("wrong", row.signature, row.header, row.libraries)
            defer { try? FileSystem.removeTree(folder) }
            let built = try build(folder)
            #expect(built.status != 0 && built.output.contains(row.says), "\(row.signature): \(built.output)")
        }
    }

    @Test func whatCannotBeMadeIsRefused() {
        let table: [(signature: String, header: String, libraries: [String], says: String)] = [
            ("double (double)", "math.h", [], "the function's name is missing"),
            ("double cbrt(dubble)", "math.h", [], "there is no type 'dubble'"),
            ("void qsort(pointer base, size n, size w, pointer f)", "stdlib.h", [], "base is a pointer"),
            ("{int a, int b} div(int, int)", "stdlib.h", [], "result is a {int32 a, int32 b}"),
            ("int f(int[4] list)", "f.h", [], "list is a list"),
            ("double cbrt(double)", "math.h>\n#include <x", [], "is no name of a header"),
            ("double cbrt(double)", "", [], "is no name of a header"),
            ("double cbrt(double)", "math.h", ["z -rpath"], "is no name for the linker"),
            ("double cbrt(double)", "math.h", ["-rpath"], "is no name for the linker"),
        ]
        for row in table {
            do throws(SignaturePlugin.Refusal) {
                _ = try SignaturePlugin(
                    id: "x", signature: row.signature, header: row.header, libraries: row.libraries)
                Issue.record("\(row.signature) was taken")
            } catch {
                #expect(error.message.contains(row.says), "\(row.signature): \(error.message)")
            }
        }
    }
}
