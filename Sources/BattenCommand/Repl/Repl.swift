import BattenCore
import BattenEngine
import BattenSpec
import BattenStore
import BattenSystem

/// How the keys of the line editor work.
enum EditMode: String, Sendable, Hashable {
    case emacs, vi
}

/// A session: takes lines, carries them out on the live engine, and shows what came of them.
final class Repl {
    /// What shows reports of running stages.
    let news: ReplNews
    /// What became of a line.
    enum Outcome: Sendable, Hashable {
        case done
        /// It was not understood, or what it asked for failed.
        case failed(ExitCode)
        /// The session is to end.
        case quit
    }

    private(set) var context: CommandContext
    private(set) var engine: SessionEngine
    /// Engines of before a plugin was loaded anew, with the runs that go on in them.
    private var retired: [(engine: SessionEngine, runs: Set<String>)] = []
    /// A run of another process that is watched.
    var attached: String?
    let interrupts: SessionInterrupts
    var output: ReplOutput
    var session: Session
    /// Whether the time of each line is shown.
    var showsTime = false
    /// How the line editor's keys work.
    var editMode = EditMode.emacs
    /// Files that this session has written.
    var saved: Set<String> = []
    /// Whether lines are read back from the store, and nothing is to be written.
    var isReplaying = false
    /// Whether plugins were looked at anew, and what is known of them is old.
    var hasReloaded = false
    /// How the first line ended that did not end well in the background.
    private var failedInBackground = ExitCode.done

    init(
        context: CommandContext, session: Session, engine: SessionEngine, interrupts: SessionInterrupts,
        output: ReplOutput, news: ReplNews
    ) {
        self.news = news
        self.context = context
        self.session = session
        self.engine = engine
        self.interrupts = interrupts
        self.output = output
    }

    /// The engine that drives a run.
    func engine(of run: String) -> SessionEngine {
        retired.first { $0.runs.contains(run) }?.engine ?? engine
    }

    /// Goes on with another host and engine; what runs ends in the old ones.
    func replaceEngine(_ context: CommandContext, _ engine: SessionEngine) {
        let running = Set(session.entries.filter(\.isRunning).map(\.run))
        retired.append((self.engine, running))
        self.context = context
        self.engine = engine
        closeRetired()
    }

    /// Closes engines of before in which nothing runs any more.
    private func closeRetired() {
        let running = Set(session.entries.filter(\.isRunning).map(\.run))
        for place in retired.indices.reversed() where retired[place].runs.isDisjoint(with: running) {
            retired.remove(at: place).engine.close()
        }
    }

    /// Stops all engines.
    func close() {
        for old in retired { old.engine.close() }
        retired = []
        engine.close()
    }

    // MARK: Lines

    /// Carries out a statement and shows what came of it.
    func perform(_ line: LineSource) -> Outcome {
        let start = MonotonicClock.now()
        absorb()
        let outcome = attempt(line)
        if showsTime, !output.isData {
            let taken = Duration.nanoseconds(MonotonicClock.now() - start)
            output.console.note("  took \(TimeText.elapsed(taken))")
        }
        return outcome
    }

    /// Carries out a statement; what goes wrong is shown.
    func attempt(_ line: LineSource) -> Outcome {
        do {
            let shape = LineShape(line.bytes)
            let statement = try LineParser.parse(line, shape, try knowledge())
            switch statement {
            case .nothing: return .done
            case .command(let name, let rest): return try command(name, rest, line)
            case .expression(let range):
                output.value(try evaluate(range, line, shape.cleaned), line)
                return .done
            case .stage(_, let inBackground), .value(_, _, let inBackground):
                return try run(statement, line, shape, inBackground: inBackground)
            }
        } catch let fault as LineFault {
            output.fault(fault, line)
            return .failed(.invalid)
        } catch let failure as CommandFailure {
            output.failure(failure, line)
            return .failed(failure.exit)
        } catch {
            output.failure(CommandFailure("failed", "\(error)", exit: .runFailed), line)
            return .failed(.runFailed)
        }
    }

    /// What the grammar has to know.
    func knowledge() throws(CommandFailure) -> LineParser.Knowledge {
        let catalog = try context.catalog()
        let session = session
        return LineParser.Knowledge(
            isName: {
                session.current[$0] != nil || session.parameter($0) != nil || ExpressionNamespace(rawValue: $0) != nil
            },
            isExecutor: { type in
                if ["gate", "sleep", "signal"].contains(type) { return true }
                guard type.contains(".") else { return false }
                if case .unknownPlugin = catalog.executor(type) { return false }
                return true
            })
    }

    /// The value of an expression over the session's values.
    func evaluate(_ range: Range<Int>, _ line: LineSource, _ bytes: [UInt8]) throws -> JSONValue {
        var table = session.table
        var reader = LineValueReader(line, bytes, table)
        var resolved = try reader.expression(range)
        if !reader.calls.isEmpty {
            try make(reader.calls, line, bytes, &table)
            reader = LineValueReader(line, bytes, table)
            resolved = try reader.expression(range)
        }
        try waitFor(reader.usage)
        do throws(ExpressionError) {
            return try Expression.parse(resolved.text).evaluate(in: SessionScope(session, reader.usage))
        } catch {
            throw line.fault(
                DiagnosticCode(of: error), error.message, at: resolved.origin(of: error.range), help: error.help)
        }
    }

    // MARK: Runs

    /// Starts the run of a line, and waits for it unless it goes to the background.
    private func run(
        _ statement: LineStatement, _ line: LineSource, _ shape: LineShape, inBackground: Bool
    ) throws -> Outcome {
        let place = try start(statement, line, shape)
        if inBackground {
            output.stage(session.entries[place], line)
            return .done
        }
        return try finish(place, line)
    }

    /// Starts the run of a line; it is on disk when this returns.
    ///
    /// - Returns: the place of the line's entry.
    func start(_ statement: LineStatement, _ line: LineSource, _ shape: LineShape) throws -> Int {
        var table = session.table
        let catalog = try context.catalog()
        guard var text = try StageText.read(statement, line, shape.cleaned, names: table, catalog: catalog) else {
            throw CommandFailure.usage("no_stage", "the line runs nothing")
        }
        if !text.calls.isEmpty {
            try make(text.calls, line, shape.cleaned, &table)
            text = try StageText.read(statement, line, shape.cleaned, names: table, catalog: catalog) ?? text
        }
        try waitFor(text.usage)
        let name = try name(of: statement, line)
        var note: JSONObject = ["name": .string(name), "line": .string(line.text)]
        note["calls"] = self.note(of: table)
        return try start(text, named: name, note: note, origin: { .line(statement, $0) }, table, line)
    }

    /// What the calls inside a line stand for, for whoever reads the line back.
    private func note(of table: NameTable) -> JSONValue {
        .object(JSONObject(table.hoisted.map { ("\($0.key)", .string(session.entries[$0.value.entry].name)) }))
    }

    /// Starts the run of a stage that was read.
    private func start(
        _ text: StageText, named name: String, note: JSONObject, origin: (NameTable) -> SessionEntry.Origin,
        _ names: NameTable, _ line: LineSource
    ) throws -> Int {
        let id = session.stageID(for: name, reading: text.usage)
        let made = try LineWorkflow.make(
            text, id: id, line: line, note: note, session: session, in: context)
        output.warnings(made.warnings, line.source)
        let run = try engine.submit(made.submission)
        var table = names
        table.targets = table.targets.filter { text.usage.entries.contains($0.value.entry) }
        return session.add(
            SessionEntry(
                name: name, id: id, line: line, definition: made.definition, member: text.member, usage: text.usage,
                origin: origin(table), run: run, state: .running))
    }

    /// Makes calls of declared functions that stand inside a line, and notes what they stand for.
    private func make(
        _ calls: [ForeignCall], _ line: LineSource, _ bytes: [UInt8], _ table: inout NameTable
    ) throws {
        for call in calls where table.hoisted[call.name.lowerBound] == nil {
            var reader = LineValueReader(line, bytes, table)
            var text = try call.stage(&reader)
            if !reader.calls.isEmpty {
                try make(reader.calls, line, bytes, &table)
                reader = LineValueReader(line, bytes, table)
                text = try call.stage(&reader)
            }
            text.usage = reader.usage
            try waitFor(text.usage)
            var number = 1
            while session.current["\(call.function.name)_\(number)"] != nil { number += 1 }
            let name = "\(call.function.name)_\(number)"
            let place = try start(
                text, named: name,
                note: [
                    "name": .string(name), "line": .string(line.text), "calls": note(of: table),
                    "call": [
                        "name": .int(Int64(call.name.lowerBound)), "from": .int(Int64(call.arguments.lowerBound)),
                        "to": .int(Int64(call.arguments.upperBound)),
                    ],
                ], origin: { .call(call, $0) }, table, line)
            guard try finish(place, line, isQuiet: true) == .done else {
                throw CommandFailure(
                    "call_failed", "'\(call.function.name)' gave no value", help: ":logs \(name) shows what it wrote",
                    exit: .runFailed)
            }
            let entry = session.entries[place]
            table.hoisted[call.name.lowerBound] = NameTable.Target(entry: place, id: entry.id, member: entry.member)
        }
    }

    private func name(of statement: LineStatement, _ line: LineSource) throws(LineFault) -> String {
        let word: LineWord
        switch statement {
        case .stage(let stage, _):
            guard let name = stage.name else {
                let words = stage.uses.text.split(separator: ".").map { String($0).replacing("-", with: "_") }
                let base = words.last { ExpressionNamespace(rawValue: $0) == nil } ?? ""
                return session.freeName(base)
            }
            word = name
        case .value(let name, _, _): word = name
        case .nothing, .command, .expression: return session.freeName("")
        }
        guard session.parameter(word.text) == nil else {
            throw line.fault(
                .duplicateName, "'\(word.text)' is a parameter of this session", at: word.range,
                help: "take another name, or change the parameter with :param \(word.text)=value")
        }
        return word.text
    }

    /// Waits for an entry's run and shows how it ended.
    ///
    /// - Parameter isQuiet: whether one that completes needs no words.
    func finish(_ place: Int, _ line: LineSource, isQuiet: Bool = false) throws -> Outcome {
        let run = session.entries[place].run
        let engine = engine(of: run)
        news.wait(for: run)
        let ending = try interrupts.during(engine.canceller(of: run, output.console)) {
            () throws(CommandFailure) -> RunEnding in try engine.wait(run)
        }
        news.wait(for: nil)
        switch ending {
        case .ended:
            let code = try settle(place)
            if !isQuiet || code != .done { output.stage(session.entries[place], line) }
            return code == .done ? .done : .failed(code)
        case .awaiting(let awaited):
            let stages = awaited.filter { $0.stage != nil }
            for entry in stages.isEmpty ? awaited : stages {
                output.console.alert("\(session.entries[place].name) waits: \(TextFit.clean(entry.reason.detail))")
            }
            output.stage(session.entries[place], line)
            return .failed(.waiting)
        case .takenOver:
            throw CommandFailure(
                "taken_over", "run \(run) was taken over by another process",
                help: "follow it with: batten status \(run) --watch", exit: .store)
        }
    }

    /// Takes in how an entry's run has ended.
    ///
    /// - Returns: the exit code that `batten run` would have given.
    @discardableResult
    func settle(_ place: Int) throws(CommandFailure) -> ExitCode {
        let entry = session.entries[place]
        let engine = engine(of: entry.run)
        guard let rows = try engine.rows(of: entry.run, stage: entry.id) else {
            throw CommandFailure("no_such_run", "run \(entry.run) is not in the store any more", exit: .notFound)
        }
        let elapsed = rows.run.startedAt.flatMap { start in rows.run.endedAt.map { $0 - start } }
        if rows.run.status == .completed, rows.stage.status == .completed {
            session.settle(place, .completed(rows.stage.outputs ?? .object([:])), elapsed: elapsed)
        } else {
            let status: StageStatus = rows.stage.status.isTerminal ? rows.stage.status : .cancelled
            session.settle(place, .ended(status, rows.stage.error ?? rows.run.error), elapsed: elapsed)
        }
        engine.forget(entry.run)
        let code = RunReport(run: rows.run, rows: [], usage: []).exitCode
        // A stage that its condition skipped has no value, which is no failure.
        return code
    }

    /// Takes in what has ended in the background.
    func absorb() {
        defer { if !retired.isEmpty { closeRetired() } }
        for place in session.entries.indices where session.entries[place].isRunning {
            guard engine(of: session.entries[place].run).hasEnded(session.entries[place].run) else { continue }
            do {
                let code = try settle(place)
                if failedInBackground == .done { failedInBackground = code }
                output.stage(session.entries[place], session.entries[place].line)
            } catch {
                output.failure(error, session.entries[place].line)
            }
        }
    }

    /// Waits for everything that runs in the background.
    ///
    /// - Returns: the code of the first that did not end well.
    func finishAll() -> ExitCode {
        absorb()
        var first = failedInBackground
        for place in session.entries.indices where session.entries[place].isRunning {
            do {
                guard case .failed(let code) = try finish(place, session.entries[place].line) else { continue }
                if first == .done { first = code }
            } catch let failure as CommandFailure {
                output.failure(failure, session.entries[place].line)
                if first == .done { first = failure.exit }
            } catch {
                if first == .done { first = .runFailed }
            }
        }
        return first
    }

    /// Waits for what a line reads that still runs in the background; refuses what has no value.
    private func waitFor(_ usage: LineUsage) throws {
        for place in usage.entries where session.entries[place].isRunning {
            _ = try finish(place, session.entries[place].line)
        }
        for place in usage.entries where session.entries[place].outputs == nil {
            let entry = session.entries[place]
            throw CommandFailure(
                "no_value", "'\(entry.name)' has no value: it \(entry.isRunning ? "still waits" : "did not complete")",
                help: entry.isRunning ? ":why \(entry.name) tells for what" : ":retry \(entry.name) tries it again",
                exit: .runFailed)
        }
    }
}
