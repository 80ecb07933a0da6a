internal import BattenSignature

/// Writes a C plugin with one executor that calls a function of a C library.
///
/// The plugin includes the library's own header, so that the compiler proves the signature, which calls through
/// `ffi.call` cannot do.
struct SignaturePlugin {
    /// Why no plugin can be made of a signature.
    struct Refusal: Error {
        /// What is wrong and what would be right.
        let message: String
    }

    /// The plugin's id.
    var id: String
    let prototype: CPrototype
    let header: String
    let libraries: [String]
    /// How each parameter is read and written.
    let fields: [SignatureField]
    /// How the result is written; nil for `void`.
    let result: SignatureField?

    /// Checks that a plugin can be made.
    ///
    /// - Parameters:
    ///   - id: the plugin's id.
    ///   - signature: such as `double cbrt(double x)`.
    ///   - header: the header that declares the function, such as `math.h`; with `./` before it a file of the plugin's.
    ///   - libraries: what to link with, such as `z`; libm comes with `math.h` by itself.
    init(id: String, signature: String, header: String, libraries: [String]) throws(Refusal) {
        do throws(SignatureError) {
            prototype = try CPrototype(signature)
        } catch {
            throw Refusal(message: "the signature \"\(signature)\": \(error)")
        }
        guard !header.isEmpty, header.utf8.allSatisfy({ $0 > 0x20 && !"\"<>\\".utf8.contains($0) && $0 < 0x7F }) else {
            throw Refusal(message: "the header \"\(header)\" is no name of a header such as math.h")
        }
        for library in libraries where !Self.isLibrary(library) {
            throw Refusal(message: "the library \"\(library)\" is no name for the linker such as z")
        }
        self.id = id
        self.header = header
        self.libraries = libraries.isEmpty && header == "math.h" ? ["m"] : libraries
        var fields: [SignatureField] = []
        for index in prototype.signature.parameters.indices {
            fields.append(try SignatureField(parameter: index, of: prototype))
        }
        self.fields = fields
        result = try SignatureField.result(of: prototype)
    }

    private static func isLibrary(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.first != UInt8(ascii: "-")
            && name.utf8.allSatisfy {
                ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z")
                    || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || "_-+.".utf8.contains($0)
            }
    }

    /// The executor's type, `<id>.<name>`.
    var type: String { "\(id).\(functionName)" }

    /// The function's name in lower case, with a letter first, as plugins and executors are called.
    var functionName: String {
        let name = prototype.name.lowercased().drop { $0 == "_" || $0.isNumber }
        return name.isEmpty ? "call" : String(name)
    }

    /// The files that take the place of those of the C template.
    var files: [(path: String, text: String)] {
        [("\(id).c", source), ("values.h", SignatureValues.header), ("test.c", test)]
    }

    /// A file of the C template with what this plugin needs besides.
    func adapted(_ path: String, _ text: String) -> String {
        guard !libraries.isEmpty else { return text }
        switch path {
        case "Makefile":
            return "LDLIBS += \(libraries.map { "-l\($0)" }.joined(separator: " "))\n" + text
        case "CMakeLists.txt":
            let list = libraries.joined(separator: " ")
            return text
                + "\ntarget_link_libraries(batten-plugin-\(id) PRIVATE \(list))\ntarget_link_libraries(test-\(id) PRIVATE \(list))\n"
        default:
            return text
        }
    }

    // MARK: The plugin

    private var source: String {
        let name = prototype.name
        let quoted = header.hasPrefix("./") ? "\"\(header.dropFirst(2))\"" : "<\(header)>"
        let outputs = fields.filter(\.isOutput)
        return """
            /* The function \(name) of \(quoted) as the executor `\(type)`. */
            #define _GNU_SOURCE
            #include \(quoted)
            #include <stddef.h>
            #include <stdint.h>
            #include <sys/types.h>

            /* Fails to compile if the header does not declare the function. */
            enum { declared_\(name) = sizeof &\(name) };

            \(proof)
            #include "values.h"

            #include <errno.h>

            static void call_\(name)(batten_instance *instance, const batten_call *call) {
                const batten_host *host = call->host;
                const char *wrong = NULL;
                int error;
            \(lines(fields.flatMap(\.declarations) + (result?.declarations ?? [])))\
                (void)instance;
            \(lines(fields.flatMap(\.reading) + fields.flatMap(\.room) + fields.flatMap(\.measuring)))\
                if (wrong) {
                    batten_fail(host, call->token, BATTEN_CLASS_BAD_INPUT, BATTEN_EFFECT_NONE, "input.invalid", wrong, -1);
                    goto end;
                }
                errno = 0;
                \(result == nil ? "" : "result = ")\(name)(\(fields.map(\.argument).joined(separator: ", ")));
                error = errno;
                BATTEN_ANSWER(host, call->token, {
                    batten_json_raw(&out, "{\\"errno\\": ");
                    batten_json_put(&out, error);
            \(lines((([result].compactMap { $0 }) + outputs).flatMap(\.writing), indent: 8))\
                    batten_json_raw(&out, "}");
                });
            end:
            \(lines(fields.flatMap(\.freeing) + (result?.freeing ?? [])))\
                return;
            }

            static const batten_executor executor = {
                .struct_size = sizeof(batten_executor),
                /* BATTEN_EXECUTOR_PURE, if the function changes nothing and depends on its arguments alone. */
                .flags = 0,
                .type = "\(type)",
                .title = "Calls \(name)",
                .input_schema = \(Self.literal(inputSchema)),
                .output_schema = \(Self.literal(outputSchema)),
                .run = call_\(name),
            };

            BATTEN_DEFINE_PLUGIN("\(id)", "0.1.0", "\(name)", &executor)

            """
    }

    /// The declaration once more, for the compiler to compare.
    private var proof: String {
        guard let declaration = prototype.declaration else {
            return """
                /* The signature leaves `const` or the kind of a pointer open, so the compiler proves each argument of the call
                 * below instead of the whole declaration: numbers that do not fit and other pointers are errors. */
                #pragma GCC diagnostic error "-Wconversion"
                #pragma GCC diagnostic error "-Wfloat-conversion"
                #pragma GCC diagnostic error "-Wincompatible-pointer-types"
                #pragma GCC diagnostic error "-Wint-conversion"

                """
        }
        return """
            /* The declaration that this plugin was made from. The compiler compares it with the header's: where it says that
             * the types are in conflict, this line and the code below are wrong, and the header is right. */
            \(declaration);

            """
    }

    private func lines(_ texts: [String], indent: Int = 4) -> String {
        texts.map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
    }

    // MARK: Schemas

    private var inputSchema: String {
        let taking = fields.filter(\.isInput)
        let properties = taking.map { "\"\($0.name)\":\($0.schema)" }.joined(separator: ",")
        let required = taking.map { "\"\($0.name)\"" }.joined(separator: ",")
        return
            #"{"type":"object","additionalProperties":false,"required":[\#(required)],"properties":{\#(properties)}}"#
    }

    private var outputSchema: String {
        let giving = [result].compactMap { $0 } + fields.filter(\.isOutput)
        let properties = [#""errno":{"type":"integer"}"#] + giving.map { "\"\($0.name)\":\($0.schema)" }
        let required = (["errno"] + giving.map(\.name)).map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"type":"object","additionalProperties":false,"required":[\#(required)],"#
            + #""properties":{\#(properties.joined(separator: ","))}}"#
    }

    /// A C string literal, in pieces of a line each.
    static func literal(_ text: String) -> String {
        var pieces: [String] = []
        var piece = ""
        for character in text {
            piece += character == "\"" || character == "\\" ? "\\\(character)" : String(character)
            if piece.count > 90 {
                pieces.append(piece)
                piece = ""
            }
        }
        pieces.append(piece)
        return pieces.map { "\"\($0)\"" }.joined(separator: "\n                    ")
    }

    // MARK: The test

    private var test: String {
        let needed = fields.first(where: \.isInput)
        let refusal = needed.map { _ in
            """
                const batten_fake_outcome *end = batten_fake_run(host, "\(type)", "{}");
                if (!end || end->outcome_class != BATTEN_CLASS_BAD_INPUT) {
                    fprintf(stderr, "a call without arguments was not refused: %s\\n", batten_fake_why(host));
                    failed = 1;
                }

            """
        }
        return """
            /* Tries the plugin against a fake host, which also holds it against the rules of the header. Add calls with
             * arguments of your own: batten_fake_run(host, "\(type)", "{…}"). */
            #include <batten/fake_host.h>

            #include <stdio.h>

            int main(void) {
                batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
                int failed = !batten_fake_start(host, "{}");
            \(refusal ?? "")\
                failed += batten_fake_end(host);
                puts(failed ? "failed" : "passed");
                return failed != 0;
            }

            """
    }
}
