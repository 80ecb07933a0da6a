import BattenCore
import BattenSpec
import BattenSystem

/// Where a session shows what came of its lines: for people, or one record a line for programs.
///
/// Values go to standard output, all else to standard error; as data everything goes to standard output.
struct ReplOutput {
    let console: Console
    /// Whether programs read it.
    let isData: Bool
    /// Lines after which a value is cut; nil shows all.
    var lineLimit: Int?

    /// The same output where nothing is shown.
    var silent: ReplOutput {
        ReplOutput(
            console: Console(output: .plain(), errors: .plain(), sink: { _, _ in .written }), isData: false,
            lineLimit: nil)
    }

    /// The value of an expression.
    func value(_ value: JSONValue, _ line: LineSource) {
        if isData { return record(line, "value", ["value": value, "type": .string(value.typeName)]) }
        let shown = ValueText(profile: console.output, lineLimit: lineLimit).lines(value)
        for text in shown.lines { console.line(text) }
        if shown.isCut { console.note("… cut after \(lineLimit ?? 0) lines; :all EXPRESSION shows everything") }
        console.flush()
    }

    /// How a line's run ended, or that it goes on.
    func stage(_ entry: SessionEntry, _ line: LineSource) {
        if isData { return record(line, "stage", Self.members(entry)) }
        let profile = console.errors
        let name = profile.paint(TextFit.clean(entry.name), .bold)
        let length = entry.elapsed.map { " in \(TimeText.elapsed($0))" } ?? ""
        let run = entry.run.isEmpty ? "" : " (run \(entry.run))"
        switch entry.state {
        case .running: console.alert("\(profile.paint("▶", .cyan)) \(name) runs in the background\(run)")
        case .completed:
            console.note("\(profile.paint("✓", .green)) \(name) completed\(length)\(run)")
            if let value = entry.value {
                console.note(profile.paint("  " + ValueText.brief(value, columns: profile.width - 2), .dim))
            }
        case .ended(let status, let error):
            let sign = profile.paint(StatusText.sign(status), StatusText.tone(status))
            let place = line.path == Self.terminal || status == .skipped ? "" : "\(line.path):\(line.firstLine): "
            var text = "\(place)\(sign) \(name) \(StatusText.word(status))\(length)\(run)"
            if let error {
                let code = error.code.isEmpty ? error.outcomeClass.rawValue : error.code
                text += ": \(TextFit.clean(error.message)) [\(TextFit.clean(code))]"
            }
            console.alert(text)
            if status != .cancelled, status != .skipped {
                console.note(
                    "  \(profile.paint(":logs \(entry.name)", .cyan)) shows what it wrote, "
                        + "\(profile.paint(":retry \(entry.name)", .cyan)) tries it again")
            }
        }
    }

    /// A stage's result as data.
    static func members(_ entry: SessionEntry) -> JSONObject {
        var status = "running"
        var error: JSONValue = .null
        switch entry.state {
        case .running: break
        case .completed: status = "completed"
        case .ended(let ended, let why):
            status = ended.rawValue
            error = why?.json ?? .null
        }
        return [
            "name": .string(entry.name), "uses": .string(entry.definition.uses),
            "run": entry.run.isEmpty ? .null : .string(entry.run), "stage": .string(entry.id),
            "status": .string(status),
            "duration_ms": entry.elapsed.map { .int($0.saturatedNanoseconds / 1_000_000) } ?? .null,
            "outputs": entry.outputs ?? .null, "error": error,
        ]
    }

    /// Why a line was not carried out.
    func fault(_ fault: LineFault, _ line: LineSource) {
        if isData {
            let first = fault.diagnostics.first { $0.severity == .error } ?? fault.diagnostics.first
            return record(
                line, "error",
                [
                    "error": [
                        "code": "invalid_line", "message": .string(first?.message ?? ""),
                        "help": .string(first?.help ?? ""),
                    ], "diagnostics": .array(fault.diagnostics.map(\.json)),
                ])
        }
        warnings(fault.diagnostics, fault.source)
    }

    /// Problems, drawn with their places.
    func warnings(_ diagnostics: [Diagnostic], _ source: SourceText) {
        guard !diagnostics.isEmpty, !isData else { return }
        console.flush()
        console.rawErrors(
            DiagnosticRenderer(width: console.errors.width, color: console.errors.hasColor)
                .render(diagnostics, source: source))
    }

    /// Why a line was not carried out, where no place of it is at fault.
    func failure(_ failure: CommandFailure, _ line: LineSource) {
        if isData { return record(line, "error", failure.json.objectValue ?? [:]) }
        var told = failure
        if line.path != Self.terminal { told.message = "\(line.path):\(line.firstLine): \(failure.message)" }
        console.report(told, .text)
    }

    /// What a command has to say.
    func text(_ lines: [String], _ line: LineSource) {
        if isData {
            return record(line, "text", ["text": .string(lines.joined(separator: "\n"))])
        }
        for text in lines { console.line(text) }
        console.flush()
    }

    /// What a command gives, for people as lines and for programs as data.
    func data(_ data: JSONValue, _ lines: [String], _ line: LineSource) {
        if isData { return record(line, "data", ["data": data]) }
        text(lines, line)
    }

    /// One record of the data form.
    func record(_ line: LineSource, _ kind: String, _ members: JSONObject) {
        var object: JSONObject = ["line": .int(Int64(line.firstLine)), "kind": .string(kind)]
        for (key, value) in members { object[key] = value }
        console.line(JSONWriter.string(.object(object)))
        console.flush()
    }

    /// Name of lines that a person types.
    static let terminal = "line"
}
