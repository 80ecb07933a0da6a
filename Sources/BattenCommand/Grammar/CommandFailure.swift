import BattenCore

/// Why a command could not do what was asked: what happened, what to do next, and how the process ends.
struct CommandFailure: Error, Sendable, Hashable {
    /// Machine-readable code in snake case, for example `unknown_option`.
    var code: String
    /// What happened and where.
    var message: String
    /// What to do next; empty when there is nothing to say.
    var help: String
    /// How the process ends.
    var exit: ExitCode

    init(_ code: String, _ message: String, help: String = "", exit: ExitCode) {
        self.code = code
        self.message = message
        self.help = help
        self.exit = exit
    }

    /// A command line that cannot be understood.
    static func usage(_ code: String, _ message: String, help: String = "") -> CommandFailure {
        CommandFailure(code, message, help: help, exit: .usage)
    }

    /// Something that was named and does not exist.
    static func notFound(_ code: String, _ message: String, help: String = "") -> CommandFailure {
        CommandFailure(code, message, help: help, exit: .notFound)
    }

    /// The error as data: `{"error":{"code","message","help"}}`.
    var json: JSONValue {
        .object([
            "error": .object(["code": .string(code), "message": .string(message), "help": .string(help)])
        ])
    }
}

extension CommandFailure {
    /// An error of the store.
    init(_ error: StoreError) {
        let code: String =
            switch error.code {
            case .notFound: "not_found"
            case let code: "store_\(code.rawValue)"
            }
        self.init(code, error.message, help: error.help, exit: error.code == .notFound ? .notFound : .store)
    }
}
