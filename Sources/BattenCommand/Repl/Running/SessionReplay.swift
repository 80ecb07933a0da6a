import BattenCore
import BattenSpec
import BattenStore

/// Takes a session up from the store: its runs hold its lines, and their rows what they gave.
struct SessionReplay {
    let repl: Repl

    /// The name of the session that was used last; nil when there was none.
    static func last(in context: CommandContext) throws(CommandFailure) -> String? {
        guard let reader = try context.openReader() else { return nil }
        let page = try orFailure { () throws(StoreError) in
            try reader.runs(RunFilter(trigger: "repl"), limit: 1)
        }
        return page.items.first?.workflow
    }

    /// Reads all lines back, and takes up what was still running.
    ///
    /// - Returns: how many lines there were.
    func run() throws(CommandFailure) -> Int {
        guard let reader = try repl.context.openReader() else { return 0 }
        var runs: [BattenStore.RunSummary] = []
        var cursor: String?
        repeat {
            let page = try orFailure { () throws(StoreError) in
                try reader.runs(
                    RunFilter(workflow: repl.session.name, trigger: "repl"), after: cursor, limit: 1_000)
            }
            runs += page.items
            cursor = page.nextCursor
        } while cursor != nil
        repl.isReplaying = true
        defer { repl.isReplaying = false }
        var count = 0
        for run in runs.reversed() {
            let bytes = try orFailure { () throws(StoreError) in try reader.definition(run: run.id) }
            guard let bytes, let stages = (try? JSONReader.parse(bytes))?["stages"]?.arrayValue,
                let stage = stages.last, let note = stage["ui"]?[LineWorkflow.note]?.objectValue
            else { continue }
            count += 1
            do {
                try take(run, stage, note, reader)
            } catch let fault as LineFault {
                tell(run, fault.diagnostics.first?.message ?? "")
            } catch let failure as CommandFailure {
                tell(run, failure.message)
            } catch {
                tell(run, "\(error)")
            }
        }
        return count
    }

    private func tell(_ run: BattenStore.RunSummary, _ why: String) {
        repl.output.console.alert("warning: the line of run \(run.id) is left out: \(TextFit.clean(why))")
    }

    private func take(_ run: BattenStore.RunSummary, _ stage: JSONValue, _ note: JSONObject, _ reader: StoreReader)
        throws
    {
        if let command = note["command"]?.stringValue {
            let line = LineSource(path: ReplOutput.terminal, firstLine: 1, bytes: Array(command.utf8))
            var output = repl.output
            swap(&output, &repl.output)
            defer { swap(&output, &repl.output) }
            repl.output = repl.output.silent
            _ = repl.attempt(line)
            return
        }
        guard let name = note["name"]?.stringValue, let id = stage["id"]?.stringValue,
            let uses = stage["uses"]?.stringValue
        else { return }
        let rows = try orFailure { () throws(StoreError) in try reader.stages(run: run.id) }
        var entry = SessionEntry(
            name: name, id: id, line: LineSource(path: ReplOutput.terminal, firstLine: 1, bytes: []),
            definition: StageDefinition(id: id, uses: uses), member: nil, usage: LineUsage(), origin: .file,
            run: run.id, state: .running)
        if note["loaded"] != nil {
            guard let loaded = repl.session.loaded?.stage(id) else {
                throw CommandFailure.notFound("not_loaded", "stage '\(id)' is not in the workflow that was loaded")
            }
            entry.definition = loaded
        } else if let text = note["line"]?.stringValue {
            try read(text, note, &entry)
        }
        let place = repl.session.add(entry)
        guard run.status.isTerminal else {
            if let refusal = try repl.engine.resume(run.id) {
                tell(run, refusal.words)
                repl.session.settle(place, .ended(.cancelled, nil), elapsed: nil)
            }
            return
        }
        let row = rows.first { $0.id == id && $0.item == nil }
        let elapsed = run.startedAt.flatMap { start in run.endedAt.map { $0 - start } }
        if let row, row.status == .completed, run.status == .completed {
            repl.session.settle(place, .completed(row.outputs ?? .object([:])), elapsed: elapsed)
        } else {
            repl.session.settle(place, .ended(row?.status ?? .cancelled, row?.error ?? run.error), elapsed: elapsed)
        }
        if case .file = entry.origin, repl.session.entries[place].outputs != nil || row?.status == .skipped {
            repl.session.loaded?.done.insert(id)
        }
    }

    /// Reads a line again, with the names that it was read with.
    private func read(_ text: String, _ note: JSONObject, _ entry: inout SessionEntry) throws {
        let line = LineSource(path: ReplOutput.terminal, firstLine: 1, bytes: Array(text.utf8))
        let shape = LineShape(line.bytes)
        var table = repl.session.table
        for (place, name) in note["calls"]?.objectValue ?? [:] {
            guard let place = Int(place), let name = name.stringValue, let target = table.targets[name] else {
                continue
            }
            table.hoisted[place] = target
        }
        entry.line = line
        if let call = note["call"]?.objectValue {
            guard let start = call["name"]?.intValue, let from = call["from"]?.intValue, let to = call["to"]?.intValue,
                start >= 0, from > start, to > from, to <= Int64(line.bytes.count)
            else { return }
            let written = line.bytes.text(Int(start)..<Int(from)).split(separator: " ").first.map(String.init) ?? ""
            guard let function = table.functions[written] else { return }
            let foreign = ForeignCall(
                function: function, name: Int(start)..<Int(start) + written.utf8.count, arguments: Int(from)..<Int(to))
            var reader = LineValueReader(line, shape.cleaned, table)
            entry.member = try foreign.stage(&reader).member
            entry.usage = reader.usage
            entry.origin = .call(foreign, table)
            return
        }
        let statement = try LineParser.parse(line, shape, try repl.knowledge())
        guard
            let stage = try StageText.read(
                statement, line, shape.cleaned, names: table, catalog: try repl.context.catalog())
        else { return }
        entry.member = stage.member
        entry.usage = stage.usage
        table.targets = table.targets.filter { stage.usage.entries.contains($0.value.entry) }
        entry.origin = .line(statement, table)
    }
}

extension ResumeRefusal {
    /// Why a run is not taken up, for people.
    fileprivate var words: String {
        switch self {
        case .unknown: "it is not in the store any more"
        case .ended(let status): "it has ended (\(StatusText.word(status)))"
        case .driven(let engine): "the living engine \(engine) drives it"
        case .takenByAnother: "another process has just taken it up"
        }
    }
}
