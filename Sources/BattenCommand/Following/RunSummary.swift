import BattenCore

/// The last words about a run: how it ended, what went wrong, and the command to go on with.
struct RunSummary {
    let picture: RunPicture
    let report: RunReport
    let profile: TextProfile

    /// Lines for standard error.
    func lines() -> [String] {
        var lines = [headline()]
        for stage in picture.stages where isFailure(stage.row) { lines += failure(stage) }
        if let error = report.run.error, !picture.stages.contains(where: { isFailure($0.row) }) {
            lines.append("  \(profile.paint("error:", .bold, .red)) \(TextFit.clean(error.message))")
        }
        lines += goOn()
        return lines
    }

    private func headline() -> String {
        let run = report.run
        let length = run.startedAt.flatMap { start in run.endedAt.map { " in \(TimeText.elapsed($0 - start))" } } ?? ""
        let used = UsageText.parts(report.usage).map { ", " + $0 }.joined()
        let failed = run.failedStages > 0 && run.status == .completed ? ", \(run.failedStages) failed and let go" : ""
        let sign = profile.paint(StatusText.sign(run.status), StatusText.tone(run.status))
        let name = profile.paint(TextFit.clean(run.workflow), .bold)
        return "\(sign) \(name) \(StatusText.word(run.status))\(length)\(used)\(failed) (run \(run.id))"
    }

    private func isFailure(_ row: StageRow) -> Bool { row.status == .failed || row.status == .timedOut }

    private func failure(_ stage: RunPicture.Stage) -> [String] {
        let row = stage.row
        let attempts = row.attempts > 1 ? " after \(row.attempts) attempts" : ""
        var lines = [
            "  \(profile.paint("✗", .red)) stage '\(TextFit.clean(row.id))' \(StatusText.word(row.status))\(attempts)"
        ]
        if let error = row.error {
            let code = error.code.isEmpty ? error.outcomeClass.rawValue : error.code
            lines[0] += ": \(TextFit.clean(error.message)) [\(TextFit.clean(code))]"
        }
        for line in stage.tail {
            lines.append("    \(profile.paint("|", .dim)) \(item(line))\(TextFit.clean(line.text))")
        }
        return lines
    }

    private func item(_ line: LogLine) -> String { line.item.map { "[\($0)] " } ?? "" }

    private func goOn() -> [String] {
        let run = report.run
        switch run.status {
        case .completed: return []
        case .failed, .timedOut, .cancelled:
            let wasUndone = picture.stages.contains { UndoneStage.stage(ofUndo: $0.row.id) != nil }
            let again = hint(
                "batten retry \(run.id)",
                "tries what did not complete \(wasUndone ? "or was undone " : "")again, and keeps the rest")
            guard let stage = picture.stages.first(where: { isFailure($0.row) }) else {
                return hint("batten events \(run.id)", "shows what happened") + again
            }
            if let child = stage.row.childRun(of: run.id), report.children[child] != nil {
                return hint("batten status \(child)", "shows where the child run failed") + again
            }
            return hint("batten logs \(run.id) \(stage.row.id)", "shows its whole log") + again
        case .paused, .waiting, .pending, .running:
            return hint("batten why \(run.id)", "tells what it waits for")
                + hint("batten resume \(run.id)", run.isLeftToPeople ? "goes on with it after that" : "goes on with it")
        }
    }

    private func hint(_ command: String, _ meaning: String) -> [String] {
        ["  \(profile.paint(command, .cyan))  \(meaning)"]
    }
}
