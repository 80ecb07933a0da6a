/// Writes help from the command table.
struct HelpPage {
    let commands: [CommandDescription]
    let profile: TextProfile

    /// Columns used: what there is, up to what reads well.
    private var width: Int { min(profile.width, 100) }

    /// All commands by group: `batten help`.
    func overview() -> String {
        var text = "batten: a durable workflow engine that hosts native plugins\n\n"
        text += heading("Usage") + "  batten [OPTIONS] COMMAND [ARGUMENTS]\n"
        let column = commands.map(\.name.count).max() ?? 0
        for group in CommandGroup.allCases {
            let members = commands.filter { $0.group == group }
            guard !members.isEmpty else { continue }
            text += "\n" + heading(group.rawValue)
            for command in members { text += entry(command.name, command.summary, column: column) }
        }
        text += "\n" + heading("Options of every command")
        text += options([GlobalOptions.format([.text, .json, .yaml])] + GlobalOptions.all(formats: []))
        text += "\n" + wrapped("`batten help COMMAND` tells all about one command. Start with: batten init hello", 0)
        return text
    }

    /// The commands of a family: `batten help plugin`.
    func family(_ name: String) -> String {
        let members = commands.filter { $0.path.first == name }
        var text = heading("Commands of batten \(name)")
        let column = members.map(\.name.count).max() ?? 0
        for command in members { text += entry(command.name, command.summary, column: column) }
        text += "\n" + wrapped("`batten help \(name) COMMAND` tells all about one of them.", 0)
        return text
    }

    /// One command: `batten help run`, `batten run --help`.
    func page(_ command: CommandDescription) -> String {
        var text = wrapped("batten \(command.name): \(command.summary)", 0) + "\n"
        text += heading("Usage") + hanging(command.synopsis, first: 2, rest: 6)
        for paragraph in command.details { text += "\n" + wrapped(paragraph, 0) }
        if !command.arguments.isEmpty {
            text += "\n" + heading("Arguments")
            let column = command.arguments.map(\.name.count).max() ?? 0
            for argument in command.arguments {
                text += entry(argument.name, argument.help + Self.choices(argument.kind), column: column)
            }
        }
        if !command.options.isEmpty { text += "\n" + heading("Options") + options(command.options) }
        text += "\n" + heading("Options of every command") + options(GlobalOptions.all(formats: command.formats))
        text += "\n" + heading("Examples")
        for example in command.examples {
            text += "  \(profile.paint(example.line, .cyan))\n" + wrapped(example.meaning, 6)
        }
        text += "\n" + heading("Exit codes")
        let codes = Set(command.exits + [.done, .usage]).sorted { $0.rawValue < $1.rawValue }
        for code in codes { text += entry(String(code.rawValue), code.meaning, column: 3) }
        return text
    }

    private func heading(_ title: String) -> String { profile.paint(title, .bold) + "\n" }

    private func options(_ options: [OptionDescription]) -> String {
        let column = min(options.map(\.label.count).max() ?? 0, 30)
        return options.map { option in
            var help = option.help + Self.choices(option.kind)
            if option.isRepeated { help += "; may be repeated" }
            if let standard = option.standard { help += " (standard: \(standard))" }
            return entry(option.label, help, column: column)
        }.joined()
    }

    private static func choices(_ kind: ValueKind) -> String {
        if case .choice(let names) = kind { return ": " + names.joined(separator: ", ") }
        return ""
    }

    /// A label with its text beside it, or below where there is no room beside.
    private func entry(_ label: String, _ help: String, column: Int) -> String {
        let indent = 2 + column + 2
        guard width - indent >= 24, label.count <= column else {
            return "  \(label)\n" + wrapped(help, min(6, width / 4))
        }
        let lines = TextFit.wrap(help, to: width - indent)
        let space = String(repeating: " ", count: indent)
        let first = "  " + TextFit.pad(label, to: column) + "  " + (lines.first ?? "")
        return ([first] + lines.dropFirst().map { space + $0 }).joined(separator: "\n") + "\n"
    }

    private func wrapped(_ text: String, _ indent: Int) -> String {
        hanging(text, first: indent, rest: indent)
    }

    private func hanging(_ text: String, first: Int, rest: Int) -> String {
        let lines = TextFit.wrap(text, to: width - rest)
        return lines.enumerated().map { place, line in
            String(repeating: " ", count: place == 0 ? first : rest) + line + "\n"
        }.joined()
    }
}
