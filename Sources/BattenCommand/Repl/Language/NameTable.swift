import BattenSpec

/// What the names of a line stand for.
struct NameTable: Sendable {
    /// What a name of the session stands for.
    struct Target: Sendable, Hashable {
        /// Place of the entry in the session.
        var entry: Int
        /// The stage's id in the text that is made.
        var id: String
        /// The output that the name stands for; nil for all outputs.
        var member: String?

        /// The name as an expression of the workflow language.
        var text: String { "stages.\(id).outputs" + (member.map { ".\($0)" } ?? "") }
    }

    /// Entries by name.
    var targets: [String: Target] = [:]
    /// Names of parameters.
    var parameters: Set<String> = []
    /// Functions of C libraries that were declared.
    var functions: [String: ForeignFunction] = [:]

    /// What calls of declared functions inside the line stand for, by the place of the function's name.
    var hoisted: [Int: Target] = [:]
    /// Names whose last line gave no value.
    var failed: Set<String> = []

    /// Gives stages other ids, by the entries behind them.
    mutating func rename(_ ids: [Int: String]) {
        for (name, target) in targets { targets[name]?.id = ids[target.entry] ?? target.id }
        for (place, target) in hoisted { hoisted[place]?.id = ids[target.entry] ?? target.id }
    }

    /// All names, for suggestions.
    var all: [String] { (Array(targets.keys) + Array(parameters)).sorted() }

    /// A problem in the words of the session: its names instead of what they stand for.
    func spoken(_ diagnostic: Diagnostic) -> Diagnostic {
        var result = diagnostic
        for (name, target) in targets {
            result.message.replace(target.text, with: name)
            result.label.replace(target.text, with: name)
            result.help?.replace(target.text, with: name)
        }
        return result
    }

    /// A name as an expression of the workflow language; nil for an unknown one.
    func text(of name: String) -> String? {
        targets[name]?.text ?? (parameters.contains(name) ? "parameters.\(name)" : nil)
    }
}

/// A function of a C library that was declared with `:ffi`.
struct ForeignFunction: Sendable, Hashable {
    /// Name in the session.
    var name: String
    /// Library as the dynamic linker finds it.
    var library: String
    /// Its signature.
    var signature: String
}

/// What a line reads of the session.
struct LineUsage: Sendable {
    /// Places of entries, each once, in the order they are read.
    private(set) var entries: [Int] = []
    /// Names of parameters, each once.
    private(set) var parameters: [String] = []
    /// Names of secrets, each once.
    private(set) var secrets: [String] = []

    mutating func add(entry: Int) { if !entries.contains(entry) { entries.append(entry) } }
    mutating func add(parameter: String) { if !parameters.contains(parameter) { parameters.append(parameter) } }
    mutating func add(secret: String) { if !secrets.contains(secret) { secrets.append(secret) } }
}
