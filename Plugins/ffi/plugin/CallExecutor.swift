internal import BattenPlugin
internal import BattenSignature
internal import CForeign

/// `ffi.call`: one function of a C library, or several in order.
struct CallExecutor: BlockingExecutor {
    static let type = "ffi.call"
    static let title = "Call a C function"
    static let summary = """
        Calls a function of a shared library by its signature, or several functions in order, whose values later ones \
        can use. A signature that does not fit the function can crash the process that makes the call.
        """
    static let inputSchema = CallSchemas.input
    static let outputSchema = CallSchemas.output
    static let capabilities = Capabilities(
        readPaths: ["/"], writePaths: ["/"], startsProcesses: true, network: .any)

    static let configSchema: Schema? = .object([
        .optional(
            "listed_only",
            .boolean("Whether only listed functions may be called: nobody at this machine started the run."))
    ])

    private let policy: CallPolicy

    init(config: JSON, plugin: FFIPlugin) {
        policy = plugin.policy.applied(toForeignRuns: config["listed_only"]?.bool ?? false)
    }

    func run(_ input: JSON, context: Context) throws -> JSON {
        let request = try Request(input)
        for step in request.steps {
            try policy.check(
                library: step.library, function: step.function, signature: step.signature,
                field: "\(step.prefix)function")
        }
        var libraries = Libraries(folder: context.workingDirectory)
        let arena = Arena()
        var invocations: [Invocation] = []
        for step in request.steps {
            invocations.append(try Invocation(step, libraries: &libraries, arena: arena))
        }
        // What functions print with stdio is theirs to show, and the process may end without its usual clean-up.
        defer { cforeign_flush() }
        var answers = CallAnswers(isList: request.isList)
        for invocation in invocations {
            try context.checkStop(effect: answers.isEmpty ? .none : .unknown)
            do throws(Failure) {
                let answer = try invocation.call { value, field throws(Failure) in try answers.resolve(value, field) }
                answers.add(answer, of: invocation.step)
                try answers.check(answer, of: invocation.step)
            } catch {
                throw answers.failure(error)
            }
        }
        return answers.json
    }
}
