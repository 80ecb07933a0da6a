/// What a value on the command line is: decides how it is checked, described and completed.
enum ValueKind: Sendable, Hashable {
    case text
    case choice([String])
    case integer(ClosedRange<Int>)
    case duration
    /// A time in RFC 3339, or a duration that means "so long ago".
    case instant
    case file
    case folder
    case keyValue
    case json
}

/// One option of a command.
struct OptionDescription: Sendable, Hashable {
    /// Long name without dashes.
    let name: String
    /// One-letter form.
    let short: Character?
    /// Name of the value in help; nil makes the option a flag.
    let value: String?
    /// What the value is.
    let kind: ValueKind
    /// Whether it may be given several times.
    let isRepeated: Bool
    /// What holds when it is not given, for help; nil when that needs no words.
    let standard: String?
    /// One sentence for help, without a full stop at the end.
    let help: String

    /// Describes an option that is on or off.
    static func flag(_ name: String, short: Character? = nil, _ help: String) -> OptionDescription {
        OptionDescription(
            name: name, short: short, value: nil, kind: .text, isRepeated: false, standard: nil, help: help)
    }

    /// Describes an option with a value.
    static func value(
        _ name: String, short: Character? = nil, _ value: String, _ kind: ValueKind = .text, repeated: Bool = false,
        standard: String? = nil, _ help: String
    ) -> OptionDescription {
        OptionDescription(
            name: name, short: short, value: value, kind: kind, isRepeated: repeated, standard: standard, help: help)
    }

    /// The option as help shows it: `-p, --param KEY=VALUE`.
    var label: String {
        let long = value.map { "--\(name) \($0)" } ?? "--\(name)"
        return short.map { "-\($0), \(long)" } ?? "    \(long)"
    }
}

/// One positional argument of a command.
struct ArgumentDescription: Sendable, Hashable {
    /// How many values it takes.
    enum Arity: Sendable, Hashable {
        case required, optional, oneOrMore, any
    }
    /// Name in help, upper case.
    let name: String
    /// How many values it takes.
    let arity: Arity
    /// What each value is.
    let kind: ValueKind
    /// One sentence for help.
    let help: String

    init(_ name: String, _ arity: Arity, _ help: String) {
        self.init(name, arity, .text, help)
    }

    init(_ name: String, _ arity: Arity, _ kind: ValueKind, _ help: String) {
        self.name = name
        self.arity = arity
        self.kind = kind
        self.help = help
    }

    /// The argument in a synopsis.
    var synopsis: String {
        switch arity {
        case .required: name
        case .optional: "[\(name)]"
        case .oneOrMore: "\(name)..."
        case .any: "[\(name)...]"
        }
    }
}

/// How results are written.
enum OutputFormat: String, Sendable, Hashable, CaseIterable {
    case text, json, yaml, ndjson, csv, dot, mermaid

    /// Whether programs read it: then errors are data too.
    var isData: Bool { self == .json || self == .yaml || self == .ndjson }
}

/// The groups of the command list, in the order of the help page.
enum CommandGroup: String, Sendable, Hashable, CaseIterable {
    case running = "Run workflows"
    case authoring = "Write workflows"
    case library = "Keep workflows"
    case inspecting = "Look at runs"
    case plugins = "Plugins"
    case operating = "Operate"
}

/// One line to try, with what it does.
struct CommandExample: Sendable, Hashable {
    let line: String
    let meaning: String

    init(_ line: String, _ meaning: String) {
        self.line = line
        self.meaning = meaning
    }
}

/// One command: all that parsing, help, completion, the manual and execution need to know of it.
struct CommandDescription: Sendable {
    typealias Body = @Sendable (CommandContext, Invocation) throws(CommandFailure) -> ExitCode

    /// Words after `batten`: one, or two for a command of a family (`plugin list`).
    let path: [String]
    /// Where it is listed.
    let group: CommandGroup
    /// One line without a full stop at the end.
    let summary: String
    /// Further paragraphs for its own help page.
    let details: [String]
    /// Positional arguments in order.
    let arguments: [ArgumentDescription]
    /// Options of its own; the global ones come on top.
    let options: [OptionDescription]
    /// Formats it can write, the standard one first; empty when it writes text only.
    let formats: [OutputFormat]
    /// At least one.
    let examples: [CommandExample]
    /// Codes it can end with besides 0 and 2.
    let exits: [ExitCode]
    /// What it does.
    let body: Body

    init(
        _ path: String, _ group: CommandGroup, _ summary: String, details: [String] = [],
        arguments: [ArgumentDescription] = [], options: [OptionDescription] = [],
        formats: [OutputFormat] = [.text, .json, .yaml], examples: [CommandExample], exits: [ExitCode] = [],
        body: @escaping Body
    ) {
        self.path = path.split(separator: " ").map(String.init)
        self.group = group
        self.summary = summary
        self.details = details
        self.arguments = arguments
        self.options = options
        self.formats = formats
        self.examples = examples
        self.exits = exits
        self.body = body
    }

    /// The words of the command: `plugin list`.
    var name: String { path.joined(separator: " ") }

    /// The command in one line: `batten logs [OPTIONS] RUN [STAGE]`.
    var synopsis: String {
        (["batten"] + path + ["[OPTIONS]"] + arguments.map(\.synopsis)).joined(separator: " ")
    }

    /// Its own options and the global ones that apply to it.
    var allOptions: [OptionDescription] { options + GlobalOptions.all(formats: formats) }
}
