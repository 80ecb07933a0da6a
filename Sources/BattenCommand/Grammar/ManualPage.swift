/// Writes the manual page from the command table, in roff with the `man` macros.
struct ManualPage {
    let commands: [CommandDescription]
    let version: String

    /// The page, section 1.
    func render() -> String {
        var text = ".TH BATTEN 1 \"\" \"batten \(escape(version))\" \"User Commands\"\n"
        text += ".SH NAME\nbatten \\- a durable workflow engine that hosts native plugins\n"
        text += ".SH SYNOPSIS\n.B batten\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n"
        text += """
            .SH DESCRIPTION
            A workflow is a YAML or JSON file of stages that depend on one another. Batten checks it, plans it and runs it;
            each stage is carried out by an executor of a plugin. What was decided is on disk before it is shown, and a run
            that was killed goes on from where it stood.
            .SH OPTIONS

            """
        let global = [GlobalOptions.format([.text, .json, .yaml])] + GlobalOptions.all(formats: [])
        text += global.map(option).joined()
        text += ".SH COMMANDS\n"
        for command in commands { text += section(command) }
        text += ".SH EXIT STATUS\n"
        for code in ExitCode.allCases { text += ".TP\n.B \(code.rawValue)\n\(sentence(code.meaning))\n" }
        text += ".SH ENVIRONMENT\n"
        for key in SettingKey.all {
            guard let variable = key.variable else { continue }
            text += ".TP\n.B \(variable)\n\(sentence(key.help))\n"
        }
        text += ".TP\n.BI BATTEN_SECRET_ NAME\nThe value of the secret NAME.\n"
        text += ".SH FILES\n"
        text += ".TP\n.I $XDG_CONFIG_HOME/batten/config.yaml\nThe user's configuration.\n"
        text += ".TP\n.I batten.yaml\nThe project's configuration, in the current folder.\n"
        text += ".TP\n.I $XDG_STATE_HOME/batten\nThe store.\n"
        text += ".TP\n.I $XDG_DATA_HOME/batten/plugins\nThe user's plugins.\n"
        return text
    }

    private func section(_ command: CommandDescription) -> String {
        var text = ".SS \"\(escape(command.synopsis))\"\n\(sentence(command.summary))\n"
        for paragraph in command.details { text += ".PP\n\(escape(paragraph))\n" }
        for argument in command.arguments { text += ".TP\n.I \(escape(argument.name))\n\(sentence(argument.help))\n" }
        text += command.options.map(option).joined()
        for example in command.examples {
            text += ".PP\n.nf\n\\fB\(escape(example.line))\\fR\n.fi\n\(sentence(example.meaning))\n"
        }
        return text
    }

    private func option(_ option: OptionDescription) -> String {
        let value = option.value.map { " \\fI\(escape($0))\\fR" } ?? ""
        let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
        var help = option.help
        if case .choice(let names) = option.kind { help += ": " + names.joined(separator: ", ") }
        if let standard = option.standard { help += " (standard: \(standard))" }
        return ".TP\n\(short)\\fB\\-\\-\(escape(option.name))\\fR\(value)\n\(sentence(help))\n"
    }

    private func sentence(_ text: String) -> String {
        let text = escape(text)
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    /// Text that roff takes as it is: backslashes, dashes, and dots and quotes at the start of a line.
    private func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'" where result.isEmpty, "." where result.isEmpty: result += "\\&\(character)"
            case "\n": result += " "
            default: result.append(character)
            }
        }
        return result
    }
}
