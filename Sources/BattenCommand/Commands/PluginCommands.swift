import BattenCore
import BattenPluginHost

/// `batten plugin list`.
enum PluginListCommand {
    static let description = CommandDescription(
        "plugin list", .plugins, "list the plugins that are found, and what they offer",
        details: [
            "Nothing of a plugin runs for this, save those that came with Batten: what others offer is read from the "
                + "description beside them, which their first use writes."
        ],
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

    /// What is known of a file without running it.
    private enum Note {
        case known(PluginInformation)
        case unknown
        case refused(PluginError)
    }

    private static func note(_ listing: PluginListing, _ host: PluginHost) -> Note {
        if listing.isBundled {
            switch host.information(of: listing.id) {
            case .success(let plugin): return .known(plugin)
            case .failure(let error): return .refused(error)
            case nil: return .unknown
            }
        }
        do throws(PluginError) {
            return try host.note(on: listing).map { .known($0) } ?? .unknown
        } catch {
            return .refused(error)
        }
    }

    private static func json(_ listing: PluginListing, _ host: PluginHost) -> JSONValue {
        var value: JSONObject = [
            "id": .string(listing.id), "version": listing.folderVersion.map { .string($0) } ?? .null, "summary": .null,
            "executors": [], "trust": .null, "error": .null,
        ]
        switch note(listing, host) {
        case .known(let plugin):
            value["version"] = .string(plugin.version)
            value["summary"] = .string(plugin.summary)
            value["executors"] = .array(plugin.executors.map { .string($0.type) })
            value["trust"] = .string(plugin.trust.word)
        case .unknown: break
        case .refused(let error):
            value["error"] = .object([
                "code": .string(error.code.rawValue), "message": .string(error.message), "help": .string(error.help),
            ])
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
            var place = listing.isBundled ? "bundled" : listing.path
            switch note(listing, host) {
            case .known(let plugin):
                switch plugin.trust {
                case .bundled, .accepted, .named: break
                case .notAccepted: place = "not accepted: \(place)"
                case .changed: place = "changed since it was accepted: \(place)"
                }
                let executors = plugin.executors.map(\.type).joined(separator: ", ")
                table.add(
                    [plugin.id, plugin.version, executors, place],
                    tones: [nil, nil, nil, plugin.trust.mayRun ? nil : .red])
            case .unknown:
                table.add([listing.id, listing.folderVersion ?? "-", "not known before its first use", place])
            case .refused(let error):
                table.add(
                    [listing.id, listing.folderVersion ?? "-", "refused: \(error.message)", place],
                    tones: [nil, nil, .red])
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
            ArgumentDescription(
                "ID", .required, "a plugin (shell), one version of it (hello@1.2.0), or an executor (shell.run)")
        ],
        examples: [
            CommandExample("batten plugin info shell", "describes the plugin and its executors"),
            CommandExample("batten plugin info http.request --format json", "gives the executor's schemas as data"),
        ],
        exits: [.notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in
            let name = invocation.argument("ID") ?? ""
            let plugin = try find(name.contains("@") ? name : String(name.prefix { $0 != "." }), in: context)
            let isOne = name.contains(".") && !name.contains("@")
            let executors = isOne ? plugin.executors.filter { $0.type == name } : plugin.executors
            guard !executors.isEmpty else {
                let offers = plugin.executors.map(\.type)
                throw .notFound(
                    "unknown_executor", "the plugin '\(plugin.id)' has no executor '\(name)'",
                    help: [DidYouMean.help(for: name, in: offers), "it has: \(offers.joined(separator: ", "))"].joined(
                        " "))
            }
            if invocation.format.isData {
                let value = isOne ? json(executors[0]) : json(plugin, try context.host())
                context.console.data(value, invocation.format)
            } else {
                show(plugin, executors, try context.host(), context)
            }
            return .done
        })

    private static func find(_ id: String, in context: CommandContext) throws(CommandFailure) -> PluginInformation {
        let host = try context.host()
        if id.contains("@") {
            let listing = try PluginName(id).only(in: context)
            if let known = try asFailure({ () throws(PluginError) in try host.note(on: listing) }) { return known }
            throw .notFound(
                "undescribed_plugin", "nothing is known of \(listing.path) before its first use",
                help: "batten plugin run or batten plugin check look at one file")
        }
        switch host.information(of: id) {
        case .success(let plugin): return plugin
        case .failure(let error):
            throw CommandFailure(error)
        case nil:
            let ids = host.listing().plugins.map(\.id)
            throw .notFound(
                "unknown_plugin", "there is no plugin '\(id)'",
                help: [DidYouMean.help(for: id, in: ids), "`batten plugin list` shows what is there"].joined(" "))
        }
    }

    private static func json(_ plugin: PluginInformation, _ host: PluginHost) -> JSONValue {
        .object([
            "id": .string(plugin.id), "version": .string(plugin.version), "title": .string(plugin.title),
            "summary": .string(plugin.summary), "sdk": .string(plugin.sdk), "abi_minor": .int(Int64(plugin.abiMinor)),
            "bundled": .bool(plugin.isBundled), "path": .string(plugin.path), "trust": .string(plugin.trust.word),
            "sha256": plugin.sha256.map { .string($0) } ?? .null, "granted": .object(plugin.granted),
            "mode": (try? host.mode(of: plugin).json) ?? .null,
            "isolation": .array(
                host.enforcement(of: plugin).items.map {
                    .object([
                        "subject": .string($0.subject), "degree": .string($0.degree.rawValue), "text": .string($0.text),
                    ])
                }),
            "config_schema": plugin.configSchema,
            "executors": .array(plugin.executors.map { json($0) }),
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

    private static func show(
        _ plugin: PluginInformation, _ executors: [ExecutorInfo], _ host: PluginHost, _ context: CommandContext
    ) {
        let console = context.console
        let profile = console.output
        let title = plugin.title.isEmpty ? "" : ": \(TextFit.clean(plugin.title))"
        console.line(profile.paint("\(plugin.id) \(plugin.version)", .bold) + title)
        if !plugin.summary.isEmpty { console.line(TextFit.clean(plugin.summary)) }
        console.line("\(plugin.isBundled ? "bundled, " : "")\(plugin.path)")
        if let sha256 = plugin.sha256 { console.line("sha256 \(sha256), \(words(plugin))") }
        do {
            let mode = try host.mode(of: plugin)
            console.line("calls run \(mode.words)")
            if mode != .inProcess { show(host.enforcement(of: plugin), console) }
        } catch {
            console.line("calls are refused: \(error.message); \(error.help)")
        }
        for executor in executors {
            console.line()
            console.line("\(profile.paint(executor.type, .bold)): \(TextFit.clean(executor.summary))")
            var traits: [String] = []
            if executor.isPure { traits.append("no effects") }
            if executor.isIdempotent { traits.append("safe to repeat") }
            if executor.isCancellable { traits.append("can be cancelled") }
            if !traits.isEmpty { console.line("  \(traits.joined(separator: ", "))") }
            console.line("  may reach: \(CapabilityText.line(plugin.granted[executor.type] ?? .object([:])))")
            fields("with", executor.inputSchema, console)
            fields("gives", executor.outputSchema, console)
        }
    }

    private static func show(_ enforcement: Enforcement, _ console: Console) {
        console.line("what a worker of it is held to on this kernel:")
        for item in enforcement.items {
            let (sign, tone): (String, Tone?) =
                switch item.degree {
                case .enforced: ("✓", .green)
                case .open: ("-", nil)
                case .partly: ("!", .yellow)
                case .missing: ("✗", .red)
                }
            let label = TextFit.pad(item.subject, to: 12)
            console.line("  \(tone.map { console.output.paint(sign, $0) } ?? sign) \(label)  \(item.text)")
        }
    }

    private static func words(_ plugin: PluginInformation) -> String {
        switch plugin.trust {
        case .bundled: "a part of Batten"
        case .accepted: "accepted"
        case .named: "in a folder that was named"
        case .notAccepted: "not accepted: `batten plugin trust \(plugin.id)@\(plugin.version)`"
        case .changed(let before):
            "not what was accepted (\(before)): `batten plugin trust \(plugin.id)@\(plugin.version)`"
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
            let words = property["description"]?.stringValue.map { ": \(TextFit.clean($0))" } ?? ""
            let label = "    \(TextFit.pad(TextFit.clean(name), to: column))  "
            let indent = String(repeating: " ", count: label.count)
            let lines = TextFit.wrap("\(type)\(need)\(words)", to: max(40, console.output.width) - label.count)
            for (place, line) in lines.enumerated() { console.line((place == 0 ? label : indent) + line) }
        }
    }
}
