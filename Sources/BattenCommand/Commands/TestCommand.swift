import BattenCore
import BattenSpec
import BattenSystem

/// `batten test`.
enum TestCommand {
    static let description = CommandDescription(
        "test", .authoring, "try workflows with mocked executors, in virtual time",
        details: [
            "Cases stand beside a workflow: those of 'build.yaml' in 'build.test.yaml'. Either file may be named. No executor "
                + "is called, no store is touched and no time is waited for: what a stage answers, how long that takes, "
                + "what people say to gates and which signals come is in the case. A stage that is started and not mocked "
                + "fails its case.",
            "Exit code 0 says that all cases hold, 1 that some do not, 2 that a file of cases cannot be read, 3 that a "
                + "workflow is not valid.",
        ],
        arguments: [
            ArgumentDescription("FILE", .oneOrMore, .file, "files of cases, or workflows with such a file beside them")
        ],
        options: [
            .value("case", "NAME", .text, repeated: true, "only the cases of this name"),
            .value("junit", "FILE", .file, "write the results as JUnit XML too"),
        ],
        examples: [
            CommandExample("batten test build.yaml", "carries out the cases of build.test.yaml"),
            CommandExample("batten test *.test.yaml --junit results.xml", "writes the results for a CI server"),
        ],
        exits: [.runFailed, .invalid, .notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let only = Set(invocation.values("case"))
        var verdicts: [TestVerdict] = []
        for path in invocation.all("FILE") {
            let file = try read(path, context)
            let cases = only.isEmpty ? file.cases : file.cases.filter { only.contains($0.name) }
            guard !cases.isEmpty else { continue }
            let source = try workflow(of: file, context)
            for test in cases {
                let verdict = try carryOut(test, file, source, context)
                verdicts.append(verdict)
                if !invocation.format.isData { tell(verdict, context) }
            }
        }
        guard !verdicts.isEmpty else {
            throw .usage(
                "no_such_case", "no case has the name \(only.sorted().map { "'\($0)'" }.joined(separator: " or "))",
                help: "leave out --case to carry out all")
        }
        let failed = verdicts.count { !$0.passed }
        if let path = invocation.value("junit") { try write(verdicts, to: path, context) }
        if invocation.format.isData {
            context.console.data(
                .object([
                    "passed": .int(Int64(verdicts.count - failed)), "failed": .int(Int64(failed)),
                    "items": .array(verdicts.map(\.json)),
                ]), invocation.format)
        } else {
            context.console.note("\(verdicts.count - failed) of \(verdicts.count) cases hold")
        }
        return failed == 0 ? .done : .runFailed
    }

    // MARK: Files

    private static func read(_ path: String, _ context: CommandContext) throws(CommandFailure) -> TestFile {
        var name = path
        if !isTestFile(path) {
            let stem = PathText.withoutExtension(path)
            let candidates = ["yaml", "yml", "json"].map { "\(stem).test.\($0)" }
            guard let found = candidates.first(where: { FileSystem.exists(context.absolute($0)) }) else {
                throw .notFound(
                    "no_such_file", "'\(path)' has no cases beside it: there is no '\(candidates[0])'",
                    help: "write it: cases: [{name: …, mocks: {…}, expect: {status: completed}}]")
            }
            name = found
        }
        return try TestFile.read(name, try WorkflowText.read(name, in: context).bytes)
    }

    private static func isTestFile(_ path: String) -> Bool {
        [".test.yaml", ".test.yml", ".test.json"].contains { path.hasSuffix($0) }
    }

    private static func workflow(
        of file: TestFile, _ context: CommandContext
    ) throws(CommandFailure) -> WorkflowSource {
        if let name = file.workflow {
            let folder = PathText.folder(of: file.path)
            let path = name.hasPrefix("/") ? name : (folder.isEmpty ? "./" : folder) + name
            return try WorkflowSource.find(path, in: context)
        }
        guard isTestFile(file.path) else {
            throw .usage(
                "bad_test", "\(file.path) does not say which workflow its cases are for",
                help: "write 'workflow: FILE' in it, or call it NAME.test.yaml")
        }
        let stem = PathText.withoutExtension(PathText.withoutExtension(file.path))
        let candidates = ["yaml", "yml", "json"].map { "\(stem).\($0)" }
        guard let found = candidates.first(where: { FileSystem.exists(context.absolute($0)) }) else {
            throw .notFound(
                "no_such_file", "there is no workflow '\(candidates[0])' for \(file.path)",
                help: "write 'workflow: FILE' in it")
        }
        return try WorkflowSource.find(found.contains("/") ? found : "./" + found, in: context)
    }

    private static func write(
        _ verdicts: [TestVerdict], to path: String, _ context: CommandContext
    ) throws(CommandFailure) {
        do throws(SystemError) {
            try FileSystem.writeAtomically(
                Array(JUnitReport.text(verdicts).utf8), to: context.absolute(path), mode: 0o644)
        } catch {
            throw .usage("unwritable_file", error.description, help: "check the path given by --junit")
        }
    }

    // MARK: Cases

    private static func carryOut(
        _ test: TestCase, _ file: TestFile, _ source: WorkflowSource, _ context: CommandContext
    ) throws(CommandFailure) -> TestVerdict {
        let definition = source.definition
        let stages = definition.allStages
        let undos = stages.filter { $0.compensate != nil }.map { "\($0.id):undo" }
        let hooks = definition.hooks.flatMap { hook in hook.stages.map { "\(hook.event):\($0.id)" } }
        let names = Set((definition.stages + definition.finally).map(\.id) + undos + hooks)
        for id in test.mocks.keys.sorted() + test.gates.keys.sorted() where !names.contains(id) {
            let hook = hooks.first { $0.hasSuffix(":\(id)") }.map { "; the one of the hook is '\($0)'" } ?? ""
            return TestVerdict(test, file: file.path, problem: "the workflow has no stage '\(id)'\(hook)")
        }
        for id in test.mocks.keys.sorted() {
            guard let stage = stages.first(where: { $0.id == definition.stageID(named: id) }),
                !stage.uses.contains("."), stage.uses != "workflow"
            else { continue }
            return TestVerdict(
                test, file: file.path,
                problem: "stage '\(id)' is not mocked: '\(stage.uses)' is carried out as in any run"
                    + (stage.uses == "gate" ? "; answer it under 'gates'" : ""))
        }
        let parameters: JSONObject
        let host: JSONObject
        do throws(CommandFailure) {
            parameters = try ParameterReader(definitions: definition.parameters, workflow: definition.name).read(
                file: test.parameters, options: [])
            host = try HostEnvironment.read(for: definition, from: test.environment)
        } catch {
            return TestVerdict(test, file: file.path, problem: error.message)
        }
        let answering = definition.answering(Set(test.mocks.keys))
        let plan = try CheckedWorkflow.plan(
            answering, snapshot: WorkflowWriter.canonical(answering), parsed: source.parsed, in: context)
        try CheckedWorkflow.requireRunnable(plan)
        let request = RunRequest(
            run: "test", trigger: "test", parameters: .object(parameters), hostEnvironment: .object(host), seed: 1,
            workdir: "/work/test", directory: context.directory)
        let result = TestRun.carryOut(test, plan: plan, request: request, catalog: try context.catalog())
        return TestVerdict(test, file: file.path, result)
    }

    private static func tell(_ verdict: TestVerdict, _ context: CommandContext) {
        let profile = context.console.output
        let sign = verdict.passed ? profile.paint("✓", .green) : profile.paint("✗", .red)
        let time = verdict.duration >= .seconds(1) ? " (\(TimeText.elapsed(verdict.duration)) of virtual time)" : ""
        context.console.line("\(sign) \(TextFit.clean(verdict.name))\(time)")
        for failure in verdict.failures {
            for (place, line) in failure.lines.enumerated() {
                let head = place == 0 ? "\(verdict.file):\(failure.line): " : "  "
                context.console.line("    \(head)\(TextFit.clean(line))")
            }
        }
    }
}
