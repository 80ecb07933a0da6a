internal import BattenPlugin

/// What the schemas of both executors have in common.
enum ShellSchema {
    static let options: [Schema.Property] = [
        .optional("stdin", .string("What the process reads; without it, its stdin is empty.")),
        .optional(
            "cwd",
            .string("Folder it starts in, relative to the run's working folder.", examples: ["build", "/srv/site"])),
        .optional(
            "parse",
            .choice(
                "With `json`, stdout must be JSON and becomes the output `json`.", of: ["text", "json"], default: "text"
            )),
        .optional(
            "limits",
            .object(
                [
                    .optional(
                        "max_output_bytes",
                        .integer(
                            "How much it may write to stdout and stderr together; more ends it.", minimum: 0,
                            default: .integer(Int64(Command.defaultOutputBytes)))),
                    .optional("cpu_seconds", .integer("Processor time of each of its processes.", minimum: 1)),
                    .optional("memory_bytes", .integer("Address space of each of its processes.", minimum: 1)),
                    .optional("open_files", .integer("Open files of each of its processes.", minimum: 4)),
                ], "Bounds; what is left out is not bounded.")),
        .optional(
            "success_codes",
            .list(
                of: .integer(minimum: 0, maximum: 255), "Exit codes that mean success.", minItems: 1,
                examples: [[0, 1]], default: [0])),
        .optional(
            "retry_codes",
            .list(
                of: .integer(minimum: 0, maximum: 255), "Exit codes that mean: it may work another time.",
                examples: [[75, 100]], default: [.integer(Int64(Command.temporaryFailure))])),
    ]

    static let output = Schema.object(
        [
            .required("exit_code", .integer("The exit code.", minimum: 0, maximum: 255)),
            .required("stdout", .string("What it wrote to stdout, without the newlines at the end.")),
            .required("stderr", .string("What it wrote to stderr, without the newlines at the end.")),
            .optional("json", .anything("The value on stdout, with `parse: json`.")),
        ],
        "Also each value that it wrote to the file $BATTEN_OUTPUT, under its name, as a string.", open: true)

    static let capabilities = Capabilities(
        readPaths: ["/"], writePaths: ["/"], startsProcesses: true, network: .any)
}

/// `shell.run`: a program with its arguments, or a script of a few lines.
final class RunExecutor: LoopExecutor {
    struct Input: Decodable {
        var argv: [String]?
        var script: String?
        var interpreter: String?
        let options: Command.Options

        enum CodingKeys: String, CodingKey {
            case argv, script, interpreter
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            argv = try members.decodeIfPresent([String].self, forKey: .argv)
            script = try members.decodeIfPresent(String.self, forKey: .script)
            interpreter = try members.decodeIfPresent(String.self, forKey: .interpreter)
            options = try Command.Options(from: decoder)
        }
    }

    static let type = "shell.run"
    static let title = "Run a program or a script"
    static let summary = """
        Runs a program with its arguments (argv, no shell at all) or a script (sh unless interpreter says otherwise). \
        Its output goes into the run's log line by line. Values of expressions reach a script through env.
        """
    static let inputSchema = Schema.object(
        [
            .optional(
                "argv",
                .list(
                    of: .string(), "Program and arguments; no shell sees them.", minItems: 1,
                    examples: [["git", "clone", "--depth", "1", "https://example.org/site.git"]])),
            .optional(
                "script",
                .string("Script, instead of argv.", minLength: 1, examples: ["make -j4 && make test"]).code("shell")),
            .optional(
                "interpreter",
                .string("What runs the script: a name or a path.", minLength: 1, examples: ["bash"], default: "sh")),
        ] + ShellSchema.options)
    static let outputSchema = ShellSchema.output
    static let traits: ExecutorTraits = [.cancellable]
    static let capabilities = ShellSchema.capabilities

    private let processes: Processes

    init(config: JSON, plugin: Shell) {
        processes = Processes(shell: plugin)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        let program: Command.Program
        switch (input.argv, input.script) {
        case (let arguments?, nil):
            guard input.interpreter == nil else {
                throw Failure.badInput(field: "interpreter", "goes with script, not with argv")
            }
            program = .arguments(arguments)
        case (nil, let script?):
            program = .script(script, interpreter: input.interpreter ?? "sh")
        case (nil, nil):
            throw Failure.badInput(field: "argv", "is missing: give argv (a program and its arguments) or script")
        case (.some, .some):
            throw Failure.badInput(field: "script", "excludes argv: give one of them")
        }
        try processes.begin(Command(program: program, options: input.options), call: call)
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        processes.cancel(call.token, reason)
    }

    func close() {
        processes.close()
    }
}

/// `shell.script`: a script of a named interpreter.
final class ScriptExecutor: LoopExecutor {
    struct Input: Decodable {
        let interpreter: String
        let script: String
        let options: Command.Options

        enum CodingKeys: String, CodingKey {
            case interpreter, script
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            interpreter = try members.decode(String.self, forKey: .interpreter)
            script = try members.decode(String.self, forKey: .script)
            options = try Command.Options(from: decoder)
        }
    }

    static let type = "shell.script"
    static let title = "Run a script of a named interpreter"
    static let summary = """
        Runs a script with sh, bash, python3 or any other interpreter. Its output goes into the run's log line by line. \
        Values of expressions reach it through env.
        """
    static let inputSchema = Schema.object(
        [
            .required(
                "interpreter",
                .string("What runs the script: a name or a path.", minLength: 1, examples: ["bash", "python3"])),
            .required(
                "script",
                .string("The script.", minLength: 1, examples: ["import sys; print(sys.version)"]).code("shell")),
        ] + ShellSchema.options)
    static let outputSchema = ShellSchema.output
    static let traits: ExecutorTraits = [.cancellable]
    static let capabilities = ShellSchema.capabilities

    private let processes: Processes

    init(config: JSON, plugin: Shell) {
        processes = Processes(shell: plugin)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        let program = Command.Program.script(input.script, interpreter: input.interpreter)
        try processes.begin(Command(program: program, options: input.options), call: call)
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        processes.cancel(call.token, reason)
    }

    func close() {
        processes.close()
    }
}
