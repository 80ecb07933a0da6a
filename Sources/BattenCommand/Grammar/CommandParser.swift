import BattenCore

/// Reads a command line against the command table.
struct CommandParser: Sendable {
    /// The commands that exist.
    let commands: [CommandDescription]

    /// Understands the words after the program's name.
    ///
    /// `--help` and `--version` are understood before anything is complained about that they would explain.
    func parse(_ words: [String]) throws(CommandFailure) -> Invocation {
        var invocation = Invocation()
        var rest = words[...]
        try readLeadingOptions(&rest, into: &invocation)
        guard let first = rest.first else { return invocation }
        let command = try findCommand(&rest, first: first, helpAsked: words.contains("--help") || words.contains("-h"))
        invocation.command = command
        guard let command else {
            invocation.options["help"] = [""]
            invocation.arguments["COMMAND"] = [first]
            return invocation
        }
        if let format = invocation.value("format") { try checkFormat(format, of: command) }
        let positional = try readOptions(&rest, of: command, into: &invocation)
        if invocation.has("help") { return invocation }
        try bind(positional, to: command, into: &invocation)
        return invocation
    }

    /// What data format a command line asks for, read without understanding the rest: errors are written in it.
    static func requestedFormat(in words: [String]) -> OutputFormat {
        var format = OutputFormat.text
        var words = words.prefix { $0 != "--" }
        while let word = words.popFirst() {
            if word == "--format", let value = words.first {
                format = OutputFormat(rawValue: value) ?? format
            } else if word.hasPrefix("--format=") {
                format = OutputFormat(rawValue: String(word.dropFirst(9))) ?? format
            }
        }
        return format
    }

    // MARK: The command's words

    /// Finds the command and takes its words; nil when help for a family was asked (`batten plugin --help`).
    private func findCommand(
        _ rest: inout ArraySlice<String>, first: String, helpAsked: Bool
    ) throws(CommandFailure) -> CommandDescription? {
        if let command = commands.first(where: { $0.path == [first] }) {
            rest.removeFirst()
            return command
        }
        let family = commands.filter { $0.path.first == first && $0.path.count > 1 }
        guard !family.isEmpty else {
            if let later = LaterCommand.failure(first) { throw later }
            let names = Set(commands.compactMap(\.path.first)).sorted()
            throw .usage(
                "unknown_command", "there is no command '\(first)'",
                help: Self.join(DidYouMean.help(for: first, in: names, prefix: "batten "), "`batten help` lists them"))
        }
        rest.removeFirst()
        let verbs = family.map { $0.path[1] }
        guard let second = rest.first, !second.hasPrefix("-") else {
            if helpAsked { return nil }
            throw .usage(
                "missing_command", "'batten \(first)' needs one of: \(verbs.joined(separator: ", "))",
                help: "`batten help \(first)` tells what each does")
        }
        guard let command = family.first(where: { $0.path[1] == second }) else {
            if let later = LaterCommand.failure("\(first) \(second)") { throw later }
            throw .usage(
                "unknown_command", "there is no command '\(first) \(second)'",
                help: Self.join(
                    DidYouMean.help(for: second, in: verbs, prefix: "batten \(first) "),
                    "it has: \(verbs.joined(separator: ", "))"))
        }
        rest.removeFirst()
        return command
    }

    // MARK: Options

    private func readLeadingOptions(
        _ rest: inout ArraySlice<String>, into invocation: inout Invocation
    ) throws(CommandFailure) {
        while let word = rest.first, word.hasPrefix("-"), word != "-", word != "--" {
            rest.removeFirst()
            try readOption(word, &rest, known: GlobalOptions.leading, command: nil, into: &invocation)
        }
    }

    private func readOptions(
        _ rest: inout ArraySlice<String>, of command: CommandDescription, into invocation: inout Invocation
    ) throws(CommandFailure) -> [String] {
        let known = command.allOptions
        var positional: [String] = []
        while let word = rest.popFirst() {
            if word == "--" {
                positional.append(contentsOf: rest)
                return positional
            }
            if word.hasPrefix("-"), word != "-" {
                try readOption(word, &rest, known: known, command: command, into: &invocation)
            } else {
                positional.append(word)
            }
        }
        return positional
    }

    private func readOption(
        _ word: String, _ rest: inout ArraySlice<String>, known: [OptionDescription], command: CommandDescription?,
        into invocation: inout Invocation
    ) throws(CommandFailure) {
        guard word.hasPrefix("--") else {
            return try readShort(word, &rest, known: known, command: command, into: &invocation)
        }
        let body = word.dropFirst(2)
        let name = String(body.prefix { $0 != "=" })
        let attached = body.count > name.count ? String(body.dropFirst(name.count + 1)) : nil
        guard let option = known.first(where: { $0.name == name }) else {
            throw unknown("--\(name)", name: name, known: known, command: command)
        }
        if option.value == nil {
            guard attached == nil else {
                throw .usage(
                    "unexpected_value", "option '--\(name)' takes no value", help: "write '--\(name)' alone")
            }
            invocation.options[name] = [""]
            return
        }
        guard let attached else {
            return try store(
                try takeValue(of: option, written: "--\(name)", from: &rest), for: option, into: &invocation)
        }
        try store(attached, for: option, into: &invocation)
    }

    private func readShort(
        _ word: String, _ rest: inout ArraySlice<String>, known: [OptionDescription], command: CommandDescription?,
        into invocation: inout Invocation
    ) throws(CommandFailure) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = known.first(where: { $0.short == letter }) else {
                throw unknown("-\(letter)", name: String(letter), known: known, command: command)
            }
            if option.value == nil {
                invocation.options[option.name] = [""]
                continue
            }
            var value = String(letters)
            if value.hasPrefix("=") { value.removeFirst() }
            if letters.isEmpty { value = try takeValue(of: option, written: "-\(letter)", from: &rest) }
            return try store(value, for: option, into: &invocation)
        }
    }

    private func takeValue(
        of option: OptionDescription, written: String, from rest: inout ArraySlice<String>
    ) throws(CommandFailure) -> String {
        guard let value = rest.popFirst(), value == "-" || !value.hasPrefix("--") else {
            throw .usage(
                "missing_value", "option '\(written)' needs a value",
                help: "write '\(written) \(option.value ?? "VALUE")'; a value that begins with dashes goes after '='")
        }
        return value
    }

    private func store(
        _ value: String, for option: OptionDescription, into invocation: inout Invocation
    ) throws(CommandFailure) {
        try Self.check(value, kind: option.kind, of: "--\(option.name)")
        if option.isRepeated {
            invocation.options[option.name, default: []].append(value)
        } else if let before = invocation.value(option.name), before != value {
            throw .usage(
                "repeated_option", "option '--\(option.name)' was given twice: '\(before)' and '\(value)'",
                help: "give it once")
        } else {
            invocation.options[option.name] = [value]
        }
    }

    private func unknown(
        _ written: String, name: String, known: [OptionDescription], command: CommandDescription?
    ) -> CommandFailure {
        let place = command.map { " of 'batten \($0.name)'" } ?? ""
        let page = command.map { "`batten \($0.name) --help` lists the options" } ?? "`batten help` lists the commands"
        let near = name.count > 1 ? DidYouMean.help(for: name, in: known.map(\.name), prefix: "--") : ""
        return .usage("unknown_option", "there is no option '\(written)'\(place)", help: Self.join(near, page))
    }

    private func checkFormat(_ format: String, of command: CommandDescription) throws(CommandFailure) {
        let names = command.formats.map(\.rawValue)
        guard command.formats.count > 1 else {
            throw .usage(
                "unknown_option", "'batten \(command.name)' writes one format only", help: "leave out '--format'")
        }
        try Self.check(format, kind: .choice(names), of: "--format")
    }

    // MARK: Values

    /// Checks a value by its kind.
    static func check(_ value: String, kind: ValueKind, of name: String) throws(CommandFailure) {
        switch kind {
        case .text, .json: return
        case .choice(let names):
            guard !names.contains(value) else { return }
            throw .usage(
                "bad_value", "\(name) does not take '\(value)'",
                help: join(DidYouMean.help(for: value, in: names), "it takes: \(names.joined(separator: ", "))"))
        case .integer(let range):
            guard let number = Int(value), range.contains(number) else {
                throw .usage(
                    "bad_value",
                    "\(name) needs a whole number from \(range.lowerBound) to \(range.upperBound), "
                        + "not '\(value)'")
            }
        case .duration:
            guard (try? DurationText.parse(value)) != nil else {
                throw .usage(
                    "bad_value", "\(name) needs a duration, not '\(value)'", help: "for example 30s, 10m or 1h30m")
            }
        case .instant:
            guard Timestamp(rfc3339: value) != nil || (try? DurationText.parse(value)) != nil else {
                throw .usage(
                    "bad_value", "\(name) needs a time, not '\(value)'",
                    help: "for example 2h (two hours ago) or 2026-01-31T08:00:00Z")
            }
        case .file, .folder:
            guard !value.isEmpty else { throw .usage("bad_value", "\(name) needs a path, not an empty text") }
        case .keyValue:
            guard let equals = value.firstIndex(of: "="), equals != value.startIndex else {
                throw .usage("bad_value", "\(name) needs KEY=VALUE, not '\(value)'", help: "for example city=Oslo")
            }
        }
    }

    private func bind(
        _ positional: [String], to command: CommandDescription, into invocation: inout Invocation
    ) throws(CommandFailure) {
        var rest = positional[...]
        for (place, argument) in command.arguments.enumerated() {
            let later = command.arguments[(place + 1)...].count { $0.arity == .required || $0.arity == .oneOrMore }
            let most: Int =
                switch argument.arity {
                case .required, .optional: 1
                case .oneOrMore, .any: Int.max
                }
            let taken = Array(rest.prefix(min(most, max(0, rest.count - later))))
            let needed = argument.arity == .required || argument.arity == .oneOrMore
            if taken.isEmpty, needed {
                throw .usage(
                    "missing_argument", "'batten \(command.name)' needs \(argument.name): \(argument.help)",
                    help: "usage: \(command.synopsis)")
            }
            for value in taken { try Self.check(value, kind: argument.kind, of: argument.name) }
            rest = rest.dropFirst(taken.count)
            if !taken.isEmpty { invocation.arguments[argument.name] = taken }
        }
        guard let extra = rest.first else { return }
        throw .usage(
            "unexpected_argument", "'batten \(command.name)' does not take a further argument '\(extra)'",
            help: "usage: \(command.synopsis)")
    }

    private static func join(_ parts: String...) -> String {
        parts.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
