import BattenCore
import BattenPluginHost

/// `batten plugin list`.
enum PluginListCommand {
    static let description = CommandDescription(
        "plugin list", .plugins, "list the plugins that are found, and what they offer",
        examples: [
            CommandExample("batten plugin list", "lists plugins with their executors"),
            CommandExample("batten plugin list --format json", "gives them as data, refused ones with the reason"),
        ],
        body: { context, invocation throws(CommandFailure) in
            let host = try context.host()
            let (plugins, problems) = host.listing()
            if invocation.format.isData {
                let items = plugins.map { json($0, host) }
                context.console.data(.object(["items": .array(items), "next_cursor": .null]), invocation.format)
            } else {
                show(plugins, host, context)
            }
            for problem in problems { context.console.note("note: \(problem)") }
            return .done
        })

    private static func json(_ listing: PluginListing, _ host: PluginHost) -> JSONValue {
        var value: JSONObject = ["id": .string(listing.id)]
        switch host.information(of: listing.id) {
        case .success(let plugin):
            value["version"] = .string(plugin.version)
            value["summary"] = .string(plugin.summary)
            value["executors"] = .array(plugin.executors.map { .string($0.type) })
            value["error"] = .null
        case .failure(let error):
            value["version"] = .null
            value["summary"] = .null
            value["executors"] = []
            value["error"] = .object([
                "code": .string(error.code.rawValue), "message": .string(error.message), "help": .string(error.help),
            ])
        case nil: break
        }
        value["bundled"] = .bool(listing.isBundled)
        value["path"] = .string(listing.path)
        return .object(value)
    }

    private static func show(_ plugins: [PluginListing], _ host: PluginHost, _ context: CommandContext) {
        var table = TextTable([
            .fixed("PLUGIN"), .fixed("VERSION"), .flexible("EXECUTORS", least: 12), .flexible("FROM"),
        ])
        for listing in plugins {
            let place = listing.isBundled ? "bundled" : listing.path
            switch host.information(of: listing.id) {
            case .success(let plugin):
                table.add([plugin.id, plugin.version, plugin.executors.map(\.type).joined(separator: ", "), place])
            case .failure(let error):
                table.add([listing.id, "-", "refused: \(error.message)", place], tones: [nil, nil, .red])
            case nil: continue
            }
        }
        guard !table.rows.isEmpty else {
            context.console.note("no plugins were found; `batten doctor` tells where they are looked for")
            return
        }
        context.console.write(table.render(context.console.output))
    }
}

/// `batten plugin info ID`.
enum PluginInfoCommand {
    static let description = CommandDescription(
        "plugin info", .plugins, "show what a plugin says of itself",
        arguments: [
            ArgumentDescription("ID", .required, "a plugin (shell) or one of its executors (shell.run)")
        ],
        examples: [
            CommandExample("batten plugin info shell", "describes the plugin and its executors"),
            CommandExample("batten plugin info http.request --format json", "gives the executor's schemas as data"),
        ],
        exits: [.notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in
            let name = invocation.argument("ID") ?? ""
            let plugin = try find(String(name.prefix { $0 != "." }), in: context)
            let executors = name.contains(".") ? plugin.executors.filter { $0.type == name } : plugin.executors
            guard !executors.isEmpty else {
                let offers = plugin.executors.map(\.type)
                throw .notFound(
                    "unknown_executor", "the plugin '\(plugin.id)' has no executor '\(name)'",
                    help: [DidYouMean.help(for: name, in: offers), "it has: \(offers.joined(separator: ", "))"].joined(
                        " "))
            }
            if invocation.format.isData {
                let value = name.contains(".") ? json(executors[0]) : json(plugin)
                context.console.data(value, invocation.format)
            } else {
                show(plugin, executors, context)
            }
            return .done
        })

    private static func find(_ id: String, in context: CommandContext) throws(CommandFailure) -> PluginInformation {
        let host = try context.host()
        switch host.information(of: id) {
        case .success(let plugin): return plugin
        case .failure(let error):
            throw CommandFailure(error.code.rawValue, error.description, help: error.help, exit: .plugin)
        case nil:
            let ids = host.listing().plugins.map(\.id)
            throw .notFound(
                "unknown_plugin", "there is no plugin '\(id)'",
                help: [DidYouMean.help(for: id, in: ids), "`batten plugin list` shows what is there"].joined(" "))
        }
    }

    private static func json(_ plugin: PluginInformation) -> JSONValue {
        .object([
            "id": .string(plugin.id), "version": .string(plugin.version), "title": .string(plugin.title),
            "summary": .string(plugin.summary), "sdk": .string(plugin.sdk), "abi_minor": .int(Int64(plugin.abiMinor)),
            "bundled": .bool(plugin.isBundled), "path": .string(plugin.path), "config_schema": plugin.configSchema,
            "executors": .array(plugin.executors.map(json)),
        ])
    }

    private static func json(_ executor: ExecutorInfo) -> JSONValue {
        .object([
            "type": .string(executor.type), "summary": .string(executor.summary),
            "idempotent": .bool(executor.isIdempotent), "pure": .bool(executor.isPure),
            "cancellable": .bool(executor.isCancellable), "asynchronous": .bool(executor.isAsynchronous),
            "capabilities": executor.capabilities, "input_schema": executor.inputSchema,
            "output_schema": executor.outputSchema,
        ])
    }

    private static func show(_ plugin: PluginInformation, _ executors: [ExecutorInfo], _ context: CommandContext) {
        let console = context.console
        let profile = console.output
        let title = plugin.title.isEmpty ? "" : ": \(TextFit.clean(plugin.title))"
        console.line(profile.paint("\(plugin.id) \(plugin.version)", .bold) + title)
        if !plugin.summary.isEmpty { console.line(TextFit.clean(plugin.summary)) }
        console.line("\(plugin.isBundled ? "bundled, " : "")\(plugin.path)")
        for executor in executors {
            console.line()
            console.line("\(profile.paint(executor.type, .bold)): \(TextFit.clean(executor.summary))")
            var traits: [String] = []
            if executor.isPure { traits.append("no effects") }
            if executor.isIdempotent { traits.append("safe to repeat") }
            if executor.isCancellable { traits.append("can be cancelled") }
            if !traits.isEmpty { console.line("  \(traits.joined(separator: ", "))") }
            fields("with", executor.inputSchema, console)
            fields("gives", executor.outputSchema, console)
        }
    }

    private static func fields(_ title: String, _ schema: JSONValue, _ console: Console) {
        guard let properties = schema["properties"]?.objectValue, !properties.isEmpty else { return }
        let required = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        console.line("  \(title):")
        let column = min(24, properties.keys.map(\.count).max() ?? 0)
        for (name, property) in properties {
            let type = property["type"].map { $0.stringValue ?? JSONWriter.string($0) } ?? "any"
            let need = required.contains(name) ? ", required" : ""
            let words = property["description"]?.stringValue.map { "  \(TextFit.clean($0))" } ?? ""
            let label = TextFit.pad(TextFit.clean(name), to: column)
            console.line(TextFit.cut("    \(label)  \(type)\(need)\(words)", to: max(40, console.output.width)))
        }
    }
}
