internal import BattenPlugin
internal import CShell
internal import Glibc

/// How a process ended.
enum Ending {
    case exited(Int32)
    case signalled(Int32)
    case notStarted(step: UInt32, error: Int32)
}

/// Judges how a process ended, in the words of a call's outcome.
enum Verdict {
    /// What went wrong; nil if the process succeeded.
    ///
    /// - Parameters:
    ///   - hint: the last line of the process's stderr.
    static func failure(of ending: Ending, command: Command, folder: String, path: String, hint: String) -> Failure? {
        switch ending {
        case .exited(let code): exited(code, command, hint)
        case .signalled(let signal): signalled(signal, command, hint)
        case .notStarted(let step, let error): notStarted(step, error, command, folder: folder, path: path)
        }
    }

    private static func exited(_ code: Int32, _ command: Command, _ hint: String) -> Failure? {
        if command.successCodes.contains(code) { return nil }
        let details: JSONObject = ["exit_code": .integer(Int64(code))]
        let said = hint.isEmpty ? "" : ": \(hint)"
        if command.retryCodes.contains(code) {
            return Failure(
                .retry, code: "shell.exit.\(code)",
                "\(command.name) ended with exit code \(code), which says that it may work another time\(said)",
                details: details)
        }
        let meaning =
            switch code {
            case 126: " (a command was found and could not be executed: is it executable?)"
            case 127: " (a command was not found: is it installed, and does PATH lead to it?)"
            case 129...159: " (a command was ended by \(name(of: code - 128)))"
            default: ""
            }
        return Failure(
            .failed, code: "shell.exit.\(code)", "\(command.name) ended with exit code \(code)\(meaning)\(said)",
            details: details)
    }

    private static func signalled(_ signal: Int32, _ command: Command, _ hint: String) -> Failure {
        let name = name(of: signal)
        let details: JSONObject = ["signal": .string(name)]
        let said = hint.isEmpty ? "" : ": \(hint)"
        if signal == SIGXCPU {
            let seconds = command.options.limits?.cpuSeconds.map { " of \($0) s" } ?? ""
            return Failure(
                .failed, code: "shell.limit.cpu", "\(command.name) used up its limit\(seconds) of processor time",
                details: details)
        }
        switch signal {
        case SIGKILL, SIGTERM, SIGHUP, SIGINT, SIGQUIT:
            let cause = signal == SIGKILL ? " (by somebody, or by the kernel for want of memory)" : " (by somebody)"
            return Failure(
                .retry, code: "shell.signal", "\(command.name) was ended from outside by \(name)\(cause)\(said)",
                details: details)
        default:
            return Failure(
                .failed, code: "shell.signal", "\(command.name) was ended by \(name)\(said)", details: details)
        }
    }

    private static func notStarted(
        _ step: UInt32, _ error: Int32, _ command: Command, folder: String, path: String
    ) -> Failure {
        let text = SystemText.of(error)
        func failure(_ class: Failure.Class, _ code: String, _ message: String) -> Failure {
            Failure(`class`, code: code, message, effect: .none, details: ["errno": .integer(Int64(error))])
        }
        let program =
            switch command.program {
            case .arguments(let arguments): arguments.first ?? ""
            case .script(_, let interpreter): interpreter
            }
        switch Int(step) {
        case SHELL_STEP_EXEC where error == ENOENT && !program.contains("/"):
            return failure(
                .failed, "shell.not_found",
                "the program \(program) was not found along PATH (\(path)): install it, or name its path")
        case SHELL_STEP_EXEC where error == ENOENT:
            return failure(
                .failed, "shell.not_found",
                "the program \(program) was not found, or the interpreter that its first line names is missing")
        case SHELL_STEP_EXEC where error == EACCES:
            return failure(
                .failed, "shell.not_executable",
                "the program \(program) may not be executed: check its permissions (chmod +x)")
        case SHELL_STEP_EXEC where error == ENOEXEC:
            return failure(
                .failed, "shell.not_executable",
                "\(program) is no program: a script needs a first line such as #!/bin/sh")
        case SHELL_STEP_EXEC where error == E2BIG:
            return failure(
                .badInput, "shell.too_long",
                "the arguments and the environment are too long for the system (128 KiB each, 2 MiB together): pass large values through stdin"
            )
        case SHELL_STEP_FOLDER:
            return failure(.failed, "shell.folder", "the working folder \(folder) cannot be entered: \(text)")
        case SHELL_STEP_LIMIT:
            return failure(.failed, "shell.limit", "the limits cannot be set: \(text)")
        default:
            return failure(.retry, "shell.not_started", "\(command.name) could not be started: \(text)")
        }
    }

    private static func name(of signal: Int32) -> String {
        let known: [Int32: String] = [
            SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
            SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
            SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
            SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
        ]
        return known[signal] ?? "signal \(signal)"
    }
}
