internal import BattenPlugin

/// What to run, as both executors describe it.
struct Command {
    /// How the arguments of the process are made.
    enum Program {
        /// As they are, without any shell.
        case arguments([String])
        /// A script for an interpreter.
        case script(String, interpreter: String)
    }

    struct Limits: Decodable {
        var cpuSeconds: UInt64?
        var memoryBytes: UInt64?
        var openFiles: UInt64?
        var outputBytes: Int?

        enum CodingKeys: String, CodingKey {
            case cpuSeconds = "cpu_seconds"
            case memoryBytes = "memory_bytes"
            case openFiles = "open_files"
            case outputBytes = "max_output_bytes"
        }
    }

    enum Parse: String, Decodable {
        case text
        case json
    }

    /// The fields that both executors have.
    struct Options: Decodable {
        var stdin: String?
        var cwd: String?
        var parse: Parse?
        var limits: Limits?
        var successCodes: [Int32]?
        var retryCodes: [Int32]?

        enum CodingKeys: String, CodingKey {
            case stdin, cwd, parse, limits
            case successCodes = "success_codes"
            case retryCodes = "retry_codes"
        }
    }

    /// The exit code by which a program says that its failure may pass (EX_TEMPFAIL).
    static let temporaryFailure: Int32 = 75
    /// How many bytes of output a command may write unless it says otherwise.
    static let defaultOutputBytes = 16 << 20
    /// The longest script that is passed as an argument; Linux takes 128 KiB.
    private static let longestArgument = 120_000

    let program: Program
    let options: Options

    var outputBytes: Int { max(0, options.limits?.outputBytes ?? Self.defaultOutputBytes) }
    var successCodes: [Int32] { options.successCodes ?? [0] }
    var retryCodes: [Int32] { options.retryCodes ?? [Self.temporaryFailure] }

    /// Checks what the schema cannot say.
    ///
    /// - Throws: ``Failure`` that names the field.
    func check() throws(Failure) {
        switch program {
        case .arguments(let arguments):
            guard let first = arguments.first, !first.isEmpty else {
                throw .badInput(field: "argv", "must begin with the name or path of a program")
            }
            for (index, argument) in arguments.enumerated() where argument.utf8.contains(0) {
                throw .badInput(field: "argv[\(index)]", "must not contain a NUL character")
            }
        case .script(let script, let interpreter):
            if script.utf8.contains(0) { throw .badInput(field: "script", "must not contain a NUL character") }
            if interpreter.isEmpty || interpreter.utf8.contains(0) {
                throw .badInput(field: "interpreter", "must be the name or path of a program, such as sh or python3")
            }
        }
        if let cwd = options.cwd, cwd.utf8.contains(0) {
            throw .badInput(field: "cwd", "must not contain a NUL character")
        }
    }

    /// The folder in which the process starts; empty is the engine's own.
    func folder(below workingDirectory: String) -> String {
        guard let cwd = options.cwd, !cwd.isEmpty else { return workingDirectory }
        return cwd.hasPrefix("/") || workingDirectory.isEmpty ? cwd : "\(workingDirectory)/\(cwd)"
    }

    /// The process's arguments.
    ///
    /// - Parameter file: writes a script to a file that is deleted with the call, and returns its path.
    func arguments(writing file: (String) throws(Failure) -> String) throws(Failure) -> [String] {
        switch program {
        case .arguments(let arguments):
            return arguments
        case .script(let script, let interpreter):
            if script.utf8.count <= Self.longestArgument, let option = Self.option(of: interpreter) {
                return [interpreter, option, script]
            }
            return [interpreter, try file(script)]
        }
    }

    /// How an interpreter takes a script as an argument; nil if it is not known to do so.
    private static func option(of interpreter: String) -> String? {
        let name = interpreter.split(separator: "/").last ?? ""
        switch name {
        case "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh": return "-c"
        case "perl", "ruby", "node": return "-e"
        default: return name.hasPrefix("python") ? "-c" : nil
        }
    }

    /// What people call it in a message.
    var name: String {
        switch program {
        case .arguments(let arguments): arguments.first ?? ""
        case .script(_, let interpreter): "the \(interpreter) script"
        }
    }
}
