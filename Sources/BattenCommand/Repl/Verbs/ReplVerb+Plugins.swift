import BattenCore
import BattenPluginHost
internal import BattenSignature
import BattenSpec
import BattenSystem

/// Commands about plugins and functions of C libraries.
extension ReplVerb {
    static let plugins: [ReplVerb] = [
        ReplVerb(
            "ffi", "LIBRARY SIGNATURE", "declare a function of a C library, to be called like those of the language",
            details:
                "For example :ffi libz.so.1 uint64 crc32(uint64, bytes, uint32), then crc32(0, \"hello\", 5). A call is a "
                + "stage that uses ffi.call, also in a saved workflow.",
            body: { repl, rest, line in try repl.declare(rest, line) }),
        ReplVerb(
            "reload", "PLUGIN", "look at plugins anew: the next calls are made with the rebuilt file",
            details:
                "Calls that run end where they are. A plugin that is loaded into this process, as the bundled ones are, "
                + "stays as it is until the session ends.",
            argument: .plugin,
            body: { repl, rest, line in try repl.reload(rest, line) }),
    ]
}

extension Repl {
    fileprivate func declare(_ rest: String, _ line: LineSource) throws -> Outcome {
        guard !rest.isEmpty else {
            let functions = session.functions.values.sorted { $0.name < $1.name }
            output.text(
                functions.isEmpty
                    ? ["no functions are declared"] : functions.map { "\($0.signature)  in \($0.library)" },
                line)
            return .done
        }
        let bytes = line.bytes
        let end = bytes.trimmed(0..<bytes.count).upperBound
        let start = end - rest.utf8.count
        var scanner = LineScanner(bytes, start..<end)
        while let byte = scanner.peek(), byte > 0x20 { scanner.place += 1 }
        let library = bytes.text(start..<scanner.place)
        scanner.skipSpace()
        let from = scanner.place
        let signature = bytes.text(from..<end)
        guard !signature.isEmpty else {
            throw line.fault(
                .badLine, "':ffi' takes a library and a signature", at: start..<end,
                help: "for example :ffi libm.so.6 double cos(double)")
        }
        let name: String
        do throws(SignatureError) {
            name = try CSignature(signature).name ?? ""
        } catch {
            let at = min(from + error.offset, end - 1)
            throw line.fault(.badLine, error.message, at: at..<at + 1, help: "`batten plugin info ffi.call` tells more")
        }
        guard !name.isEmpty else {
            throw line.fault(
                .badLine, "the signature has no name of a function", at: from..<end,
                help: "write it as in C: double cos(double)")
        }
        guard ExpressionNamespace(rawValue: name) == nil, Expression.functionSignatures[name] == nil else {
            throw line.fault(
                .duplicateName, "'\(name)' is a word of the expression language", at: from..<end,
                help: "call it as a stage: x = ffi.call library=\(library) signature=\"\(signature)\"")
        }
        session.declare(ForeignFunction(name: name, library: library, signature: signature))
        try remember(line)
        output.text(["\(name): \(signature)"], line)
        return .done
    }

    fileprivate func reload(_ rest: String, _ line: LineSource) throws -> Outcome {
        let plugin = rest.split(separator: ".").first.map(String.init) ?? ""
        guard !plugin.isEmpty else {
            throw CommandFailure.usage(
                "plugin_needed", ":reload takes the name of a plugin", help: ":plugins lists them")
        }
        let fresh = CommandContext(
            console: context.console, environment: context.environment, directory: context.directory,
            invocation: context.invocation)
        let host = try fresh.host()
        switch host.information(of: plugin) {
        case nil:
            let known = host.listing().plugins.map(\.id)
            throw CommandFailure.notFound(
                "no_such_plugin", "there is no plugin '\(plugin)'", help: DidYouMean.help(for: plugin, in: known))
        case .failure(let error):
            throw CommandFailure(error.code.rawValue, error.message, help: error.help, exit: .plugin)
        case .success(let information):
            replaceEngine(fresh, engine.over(fresh))
            hasReloaded = true
            output.text(["\(plugin) \(information.version): the next calls are made with \(information.path)"], line)
            return .done
        }
    }
}
