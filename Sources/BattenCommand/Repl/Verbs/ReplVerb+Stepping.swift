import BattenCore
import BattenEngine
import BattenSpec

/// Commands that carry out a workflow stage by stage.
extension ReplVerb {
    static let stepping: [ReplVerb] = [
        ReplVerb(
            "load", "FILE [KEY=VALUE …]", "load a workflow to carry it out stage by stage",
            details:
                "Its stages become names of the session as they are carried out; :step does one, :continue all up to "
                + "a :break, and lines can read what they gave.",
            argument: .file,
            body: { repl, rest, line in try repl.load(rest, line) }),
        ReplVerb(
            "step", "", "carry out the next stage of the loaded workflow",
            body: { repl, _, line in
                guard let stage = try repl.requireLoaded().next else {
                    repl.output.text(["all stages are done"], line)
                    return .done
                }
                return try repl.step(stage, line)
            }),
        ReplVerb(
            "continue", "", "carry out the stages that are left, up to a breakpoint or a failure",
            body: { repl, _, line in try repl.goOn(line) }),
        ReplVerb(
            "break", "[STAGE [if EXPRESSION]]", "stop before a stage, or list where to stop; again: stop no more",
            argument: .name,
            body: { repl, rest, line in try repl.setBreak(rest, line) }),
        ReplVerb(
            "mock", "NAME JSON", "take these outputs instead of carrying something out",
            details:
                "A stage of the loaded workflow is not carried out but has these outputs; any other name stands for them.",
            argument: .name,
            body: { repl, rest, line in try repl.mock(rest, line) }),
    ]
}

extension Repl {
    fileprivate func requireLoaded() throws(CommandFailure) -> LoadedWorkflow {
        guard let loaded = session.loaded else {
            throw .usage("nothing_loaded", "no workflow is loaded", help: "load one with :load FILE")
        }
        return loaded
    }

    fileprivate func load(_ rest: String, _ line: LineSource) throws -> Outcome {
        let words = words(rest)
        guard let path = words.first else {
            throw CommandFailure.usage(
                "file_needed", ":load takes the name of a file", help: "for example :load build.yaml")
        }
        let source = try WorkflowSource.find(path, in: context)
        let definition = source.definition
        let unseen = definition.hooks.map(\.event).filter { !LoadedWorkflow.steppedHooks.contains($0) }
        if !unseen.isEmpty {
            output.console.note(
                "\(unseen.joined(separator: ", ")) will not come: here a stage that fails waits to be tried again")
        }
        let plan = try source.plan(in: context)
        let values = try ParameterReader(definitions: definition.parameters, workflow: definition.name).read(
            file: [:], options: words.dropFirst().filter { $0 != "-p" })
        let last = definition.finally + LoadedWorkflow.hooks("on_success", of: definition)
        let first = LoadedWorkflow.hooks("on_start", of: definition)
        for name in (first + definition.stages + last).map(\.id) where session.parameter(name) != nil {
            throw CommandFailure.usage(
                "name_taken", "'\(name)' is a parameter of this session, and a stage of '\(path)'")
        }
        for parameter in definition.parameters {
            guard let value = values[parameter.name] else { continue }
            session.set(Session.Parameter(name: parameter.name, type: parameter.type, value: value))
        }
        let main = plan.levels.joined().map { plan.stages[$0].id }
        let order =
            first.map(\.id) + main.filter { id in definition.stages.contains { $0.id == id } } + last.map(\.id)
        session.loaded = LoadedWorkflow(definition, order: order)
        try remember(line)
        output.text(
            [
                "\(definition.name): \(order.count) \(order.count == 1 ? "stage" : "stages"); next is \(order.first ?? "nothing")"
            ],
            line)
        return .done
    }

    /// Carries out one stage of the loaded workflow.
    func step(_ stage: StageDefinition, _ line: LineSource) throws -> Outcome {
        var loaded = try requireLoaded()
        let usage = try usage(of: stage, loaded)
        if let mock = loaded.mocks[stage.id] {
            let place = try start(stage.mocked(mock), usage, line)
            return try finishStep(stage.id, place, line)
        }
        // A condition that needs no run of its own to be seen as false.
        let missing = stage.dependsOn.filter { id in
            session.current[id].map { session.entries[$0].outputs == nil } ?? true
        }
        if !missing.isEmpty, !Self.startsWithoutSuccess(stage) {
            loaded.done.insert(stage.id)
            session.loaded = loaded
            output.text(["○ \(stage.id) skipped: \(missing.joined(separator: ", ")) did not complete"], line)
            return .done
        }
        return try finishStep(stage.id, try start(stage, usage, line), line)
    }

    private static func startsWithoutSuccess(_ stage: StageDefinition) -> Bool {
        guard let condition = stage.condition, let expression = try? Expression.parse(condition: condition) else {
            return false
        }
        return expression.usesStatusFunction
    }

    private func finishStep(_ id: String, _ place: Int, _ line: LineSource) throws -> Outcome {
        let outcome = try finish(place, line)
        // What becomes of a hook changes nothing.
        if session.loaded?.isHook(id) == true {
            session.loaded?.done.insert(id)
            return .done
        }
        if case .ended(.failed, _) = session.entries[place].state { return outcome }
        if case .ended(.timedOut, _) = session.entries[place].state { return outcome }
        if case .ended(.cancelled, _) = session.entries[place].state { return outcome }
        session.loaded?.done.insert(id)
        return outcome
    }

    /// What a stage of the loaded workflow reads of what was carried out.
    private func usage(of stage: StageDefinition, _ loaded: LoadedWorkflow) throws(CommandFailure) -> LineUsage {
        var usage = LineUsage()
        for parameter in loaded.definition.parameters { usage.add(parameter: parameter.name) }
        let json = WorkflowWriter.json(WorkflowDefinition(name: "one", stages: [stage]))
        var ids = stage.dependsOn
        if let template = try? TemplateValue.compile(json) {
            ids += template.references.compactMap(\.stageID)
        }
        if let condition = stage.condition, let expression = try? Expression.parse(condition: condition) {
            ids += expression.references.compactMap(\.stageID)
        }
        for id in ids where id != stage.id {
            if let place = session.current[id] { usage.add(entry: place) }
        }
        return usage
    }

    /// Starts the run of a loaded stage.
    private func start(_ stage: StageDefinition, _ usage: LineUsage, _ line: LineSource) throws -> Int {
        var definition = session.loaded?.definition ?? WorkflowDefinition(name: session.name)
        let made = try LineWorkflow.make(stage, usage, head: &definition, line: line, session: session, in: context)
        let run = try engine.submit(made.submission)
        return session.add(
            SessionEntry(
                name: stage.id, id: stage.id, line: line, definition: stage, member: nil, usage: usage, origin: .file,
                run: run, state: .running))
    }

    fileprivate func goOn(_ line: LineSource) throws -> Outcome {
        var isFirst = true
        while let stage = try requireLoaded().next {
            if !isFirst, let stop = session.loaded?.breakpoints[stage.id], try isDue(stop, line) {
                output.text(["stopped before \(stage.id)"], line)
                return .done
            }
            isFirst = false
            let outcome = try step(stage, line)
            guard outcome == .done else { return outcome }
        }
        output.text(["all stages are done"], line)
        return .done
    }

    private func isDue(_ stop: LoadedWorkflow.Breakpoint, _ line: LineSource) throws -> Bool {
        guard let condition = stop.condition else { return true }
        let source = LineSource(path: line.path, firstLine: line.firstLine, bytes: Array(condition.utf8))
        let value = try evaluate(0..<source.bytes.count, source, source.bytes)
        guard let isTrue = value.boolValue else {
            throw CommandFailure.usage(
                "bad_condition", "the condition '\(condition)' gives \(value.typeName), not true or false")
        }
        return isTrue
    }

    fileprivate func setBreak(_ rest: String, _ line: LineSource) throws -> Outcome {
        var loaded = try requireLoaded()
        let words = rest.split(separator: " ", maxSplits: 2).map(String.init)
        if let id = words.first {
            guard loaded.order.contains(id) else {
                throw CommandFailure.notFound(
                    "no_such_stage", "'\(loaded.definition.name)' has no stage '\(id)'",
                    help: DidYouMean.help(for: id, in: loaded.order))
            }
            if words.count == 1, loaded.breakpoints.removeValue(forKey: id) != nil {
                session.loaded = loaded
                output.text(["\(id): stops no more"], line)
                return .done
            }
            guard words.count == 1 || (words.count == 3 && words[1] == "if") else {
                throw CommandFailure.usage(
                    "bad_condition", "a condition is written behind 'if'", help: ":break \(id) if x > 1")
            }
            loaded.breakpoints[id] = LoadedWorkflow.Breakpoint(condition: words.count == 3 ? words[2] : nil)
            session.loaded = loaded
        }
        let lines = loaded.order.compactMap { id in
            loaded.breakpoints[id].map { "stops before \(id)" + ($0.condition.map { " if \($0)" } ?? "") }
        }
        output.text(lines.isEmpty ? ["no breakpoints"] : lines, line)
        return .done
    }

    fileprivate func mock(_ rest: String, _ line: LineSource) throws -> Outcome {
        let words = rest.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2, let outputs = (try? JSONReader.parse(words[1]))?.objectValue else {
            throw CommandFailure.usage(
                "bad_mock", ":mock takes a name and a JSON object", help: "for example :mock page {\"status\": 200}")
        }
        let id = words[0]
        if var loaded = session.loaded, loaded.stage(id) != nil {
            loaded.mocks[id] = outputs
            session.loaded = loaded
            output.text(["\(id) will have these outputs"], line)
            return .done
        }
        guard id.utf8.first?.beginsName == true, id.utf8.allSatisfy(\.continuesName), session.parameter(id) == nil,
            ExpressionNamespace(rawValue: id) == nil
        else { throw CommandFailure.usage("bad_name", "'\(id)' cannot be a name here", help: "take another name") }
        // A line whose executor is not called: it is carried out as the same values written out.
        let text = "\(id) = set" + outputs.map { " \($0.key)=\(JSONWriter.string($0.value))" }.joined()
        return attempt(LineSource(path: line.path, firstLine: line.firstLine, bytes: Array(text.utf8)))
    }
}
