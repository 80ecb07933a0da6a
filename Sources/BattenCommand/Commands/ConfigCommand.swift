import BattenCore

/// `batten config`.
enum ConfigCommand {
    static let description = CommandDescription(
        "config", .operating, "show the settings and where each came from",
        details: [
            "Settings come from defaults, the user's configuration file, the project's batten.yaml, BATTEN_* variables and "
                + "options; later ones win."
        ],
        examples: [
            CommandExample("batten config", "lists every setting with its origin"),
            CommandExample("batten config --format json", "gives them as data"),
        ],
        body: { context, invocation throws(CommandFailure) in
            let resolved = try context.resolvedSettings()
            if invocation.format.isData {
                context.console.data(json(resolved), invocation.format)
            } else {
                show(resolved, context)
            }
            return .done
        })

    private static func json(_ resolved: ResolvedSettings) -> JSONValue {
        let items: [JSONValue] = resolved.values.map { value in
            .object([
                "name": .string(value.name), "value": masked(value), "origin": .string(value.origin.text),
            ])
        }
        return .object(["items": .array(items), "next_cursor": .null])
    }

    private static func show(_ resolved: ResolvedSettings, _ context: CommandContext) {
        var table = TextTable([.fixed("SETTING"), .flexible("VALUE", least: 10), .flexible("FROM", least: 10)])
        for value in resolved.values {
            let shown = masked(value)
            let text = shown.isNull ? "-" : shown.stringValue ?? JSONWriter.string(shown)
            table.add([value.name, text, value.origin.text])
        }
        context.console.write(table.render(context.console.output))
        let settings = resolved.settings
        context.console.note(
            "plugins are found in \(([settings.bundledPlugins, settings.userPlugins] + settings.pluginFolders).joined(separator: ", "))"
        )
    }

    /// A value with what looks like a key hidden: a terminal and a bug report are no places for it.
    private static func masked(_ value: SettingValue) -> JSONValue {
        value.name.hasPrefix("plugins.") ? masked(value.value, name: value.name) : value.value
    }

    private static func masked(_ value: JSONValue, name: String) -> JSONValue {
        switch value {
        case .object(let object):
            return .object(JSONObject(object.map { ($0.key, masked($0.value, name: $0.key)) }))
        case .array(let elements): return .array(elements.map { masked($0, name: name) })
        case .string:
            let last = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
            let isSecret = ["key", "token", "secret", "password", "authorization"].contains { last.hasSuffix($0) }
            return isSecret ? "***" : value
        default: return value
        }
    }
}
