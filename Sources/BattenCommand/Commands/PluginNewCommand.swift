import BattenCore
import BattenSystem

/// `batten plugin new NAME`.
enum PluginNewCommand {
    static let description = CommandDescription(
        "plugin new", .plugins, "make the folder of a new plugin",
        details: [
            "The folder has one executor, its test and what it is built with; nothing is fetched from a network.",
            "With --from-signature it is a C plugin that calls one function of a C library. It includes the library's "
                + "header, so that the compiler proves the signature, which calls through ffi.call cannot do.",
        ],
        arguments: [
            ArgumentDescription(
                "NAME", .optional,
                "the plugin's name: lower case letters, digits, _ and -; with --from-signature the function's without it"
            )
        ],
        options: [
            .value(
                "lang", "LANGUAGE", .choice(PluginTemplate.languages), standard: "c",
                "what it is written in"),
            .value(
                "style", "STYLE", .choice(PluginTemplate.styles), standard: "blocking",
                "whether a call holds a thread or waits on the host's loop"),
            .value("from-signature", "SIGNATURE", .text, "a C function, such as \"double cbrt(double x)\""),
            .value(
                "header", "HEADER", .text,
                "the header that declares the function, such as math.h; ./mine.h is the plugin's own"),
            .value("link", "LIBRARY", .text, repeated: true, "a library that has the function, such as z"),
            .value("output", short: "o", "DIR", .folder, standard: "NAME", "where the folder is made"),
        ],
        examples: [
            CommandExample("batten plugin new hello --lang c", "makes the folder hello"),
            CommandExample(
                "batten plugin new --from-signature \"double cbrt(double x)\" --header math.h",
                "makes a plugin with the executor cbrt.cbrt"),
        ],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let language = invocation.value("lang") ?? "c"
        let style = invocation.value("style") ?? "blocking"
        let signature = try signaturePlugin(invocation)
        guard let name = invocation.argument("NAME") ?? signature?.functionName else {
            throw .usage(
                "missing_argument", "NAME is missing: what is the plugin called?", help: "batten plugin new hello")
        }
        let id = try id(of: name)
        if signature != nil, language != "c" || style != "blocking" {
            throw .usage(
                "excluded_option", "--from-signature makes a blocking plugin in C", help: "leave out --lang and --style"
            )
        }
        guard let sdk = SDKFolder.path(executable: ProcessEnvironment.executablePath) else {
            throw CommandFailure(
                "no_sdk", "the SDKs with the templates are not beside this program",
                help: "install them into ../share/batten/sdk of the program's folder", exit: .plugin)
        }
        let target = context.absolute(invocation.value("output") ?? name)
        let template = try PluginTemplate(sdk: sdk, language: language, style: style)
        if let signature {
            var plugin = signature
            plugin.id = id
            let files = plugin.files
            try template.expand(
                into: target, id: id, name: name,
                change: { [plugin] path, text in
                    files.contains { $0.path == path } ? nil : plugin.adapted(path, text)
                }, more: files)
        } else {
            try template.expand(into: target, id: id, name: name)
        }
        let commands = PluginTemplate.commands
        if invocation.format.isData {
            let value: JSONValue = .object([
                "plugin": .string(id), "path": .string(target), "language": .string(language),
                "build": .string(commands),
            ])
            context.console.data(value, invocation.format)
        } else {
            let shown = invocation.value("output") ?? name
            context.console.line("made \(shown): a plugin in \(language)")
            context.console.note("build and try it: cd \(shown) && \(commands)")
        }
        return .done
    }

    /// The plugin that is asked for by a signature; nil without one.
    private static func signaturePlugin(_ invocation: Invocation) throws(CommandFailure) -> SignaturePlugin? {
        guard let signature = invocation.value("from-signature") else {
            for option in ["header", "link"] where !invocation.values(option).isEmpty {
                throw .usage("excluded_option", "--\(option) goes with --from-signature")
            }
            return nil
        }
        guard let header = invocation.value("header") else {
            throw .usage(
                "missing_option", "--from-signature needs --header with the header that declares the function",
                help: "for example --header math.h")
        }
        do throws(SignaturePlugin.Refusal) {
            return try SignaturePlugin(
                id: "plugin", signature: signature, header: header, libraries: invocation.values("link"))
        } catch {
            throw .usage("bad_signature", error.message, help: "docs/plugins/ffi.md explains signatures")
        }
    }

    /// The plugin's id: its name with `_` for `-`.
    private static func id(of name: String) throws(CommandFailure) -> String {
        let id = name.replacing("-", with: "_")
        let isGood =
            id.utf8.first.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") } == true && id.utf8.count <= 64
            && id.utf8.allSatisfy {
                $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
                    || $0 == UInt8(ascii: "_")
            }
        guard isGood else {
            throw .usage(
                "bad_value", "'\(name)' is no name for a plugin",
                help: "use lower case letters, digits, _ and -, with a letter first, at most 64 of them")
        }
        return id
    }
}
