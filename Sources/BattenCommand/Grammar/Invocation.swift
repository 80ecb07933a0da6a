import BattenCore

/// A command line that was understood: which command, and what it was given.
struct Invocation: Sendable {
    /// The command; nil for `batten` alone, `--help` and `--version`.
    var command: CommandDescription?
    /// Option values in the order given, by long name; a flag has one empty value.
    var options: [String: [String]] = [:]
    /// Positional arguments, by name.
    var arguments: [String: [String]] = [:]

    /// Whether an option was given.
    func has(_ option: String) -> Bool { options[option] != nil }

    /// The last value of an option.
    func value(_ option: String) -> String? { options[option]?.last }

    /// All values of an option, in the order given.
    func values(_ option: String) -> [String] { options[option] ?? [] }

    /// The one value of an argument.
    func argument(_ name: String) -> String? { arguments[name]?.first }

    /// All values of an argument.
    func all(_ name: String) -> [String] { arguments[name] ?? [] }

    /// How results are to be written.
    var format: OutputFormat {
        value("format").flatMap(OutputFormat.init(rawValue:)) ?? command?.formats.first ?? .text
    }

    /// An integer option; its range was checked while parsing.
    func integer(_ option: String) -> Int? { value(option).flatMap { Int($0) } }

    /// A duration option; its text was checked while parsing.
    func duration(_ option: String) -> Duration? {
        guard let text = value(option) else { return nil }
        return try? DurationText.parse(text)
    }

    /// An instant option: RFC 3339, or a duration before now.
    func instant(_ option: String, now: Timestamp) -> Timestamp? {
        guard let text = value(option) else { return nil }
        if let instant = Timestamp(rfc3339: text) { return instant }
        guard let duration = try? DurationText.parse(text) else { return nil }
        return now - duration
    }
}
