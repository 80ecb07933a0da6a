import BattenCore

/// Draws a run as lines of text: pure, so that what is drawn can be checked.
struct TreeFrame {
    let profile: TextProfile
    let width: Int
    let now: Timestamp
    /// Lines there is room for; what is decided is summed up first, and nil draws everything.
    let room: Int?

    /// The lines for a run, each at most ``width`` columns.
    func lines(_ picture: RunPicture) -> [String] {
        var lines = [header(picture)]
        if let run = picture.run, run.status == .pending, let waiting = run.waiting {
            lines.append(profile.paint(TextFit.cut("  " + TextFit.clean(waiting.detail), to: width), .dim))
        }
        let (shown, hidden) = choose(picture)
        let column = min(shown.map { TextFit.width($0.row.id) }.max() ?? 0, max(6, width / 2 - 8))
        var spare = room.map { max(0, $0 - 2 * shown.count - 2) } ?? .max
        for (place, stage) in shown.enumerated() {
            let isLast = place == shown.count - 1 && hidden == nil
            lines.append(line(stage, of: picture.id, column: column, isLast: isLast))
            let child = childLines(picture.child(of: stage), isLast: isLast)
            // What a child waits for stands below it.
            if let below = detail(stage), child.isEmpty || stage.row.waiting?.on != ChildWait.on {
                let bar = width < 40 ? "  " : isLast ? "     " : "│    "
                let text = TextFit.cut(below, to: max(4, width - TextFit.width(bar)))
                lines.append(profile.paint(bar, .dim) + profile.paint(text, .dim))
            }
            let below = child.prefix(spare)
            spare -= below.count
            lines += below
        }
        if let hidden { lines.append(profile.paint(TextFit.cut((width < 40 ? "" : "└─ ") + hidden, to: width), .dim)) }
        return lines
    }

    /// The stages of the run that a stage has started, below it; without what stands above them.
    private func childLines(_ child: RunPicture?, isLast: Bool) -> [String] {
        guard let child, !child.stages.isEmpty, width >= 40 else { return [] }
        let bar = profile.paint(isLast ? "   " : "│  ", .dim)
        let frame = TreeFrame(profile: profile, width: width - 3, now: now, room: nil)
        return frame.lines(child).dropFirst().map { bar + $0 }
    }

    private func header(_ picture: RunPicture) -> String {
        let status = picture.run?.status ?? .pending
        var parts = [TextFit.clean(picture.workflow), StatusText.word(status)]
        if let start = picture.run?.startedAt { parts.append(TimeText.elapsed((picture.run?.endedAt ?? now) - start)) }
        parts.append("\(picture.decided)/\(picture.stages.count)")
        parts += UsageText.parts(picture.usage)
        if !picture.id.isEmpty { parts.append("run \(picture.id)") }
        let text = fit(parts, width: width - 2)
        return profile.paint(StatusText.sign(status), StatusText.tone(status)) + " " + profile.paint(text, .bold)
    }

    private func line(_ stage: RunPicture.Stage, of run: String, column: Int, isLast: Bool) -> String {
        let row = stage.row
        let connector = width < 40 ? "" : isLast ? "└─ " : "├─ "
        let id = TextFit.pad(TextFit.cut(TextFit.clean(row.id), to: column), to: column)
        var parts = [StatusText.word(row.status)]
        if let origin = row.keptFrom {
            parts.append("kept from run \(origin)")
        } else if let start = row.startedAt {
            parts.append(TimeText.elapsed((row.endedAt ?? now) - start))
        }
        if let items = stage.items { parts.append(items.text) }
        if row.cachedFrom != nil { parts.append("cached") }
        if row.status != .completed, let child = row.childRun(of: run) { parts.append("run \(child)") }
        if row.attempts > 1 { parts.append("attempt \(row.attempts)") }
        if row.status == .running, let fraction = stage.fraction { parts.append(bar(fraction)) }
        parts += UsageText.parts(stage.usage)
        let left = width - TextFit.width(connector) - column - 3
        let text = fit(parts, width: max(4, left))
        let tone = StatusText.tone(row.status)
        return profile.paint(connector, .dim) + profile.paint(StatusText.sign(row.status), tone) + " " + id + " "
            + profile.paint(text, tone)
    }

    /// What a stage is doing, below it: its error, what it waits for, streamed text or the last log line.
    private func detail(_ stage: RunPicture.Stage) -> String? {
        switch stage.row.status {
        case .failed, .timedOut: return stage.row.error.map { TextFit.clean($0.message) }
        case .waiting, .retrying:
            guard let waiting = stage.row.waiting else { return nil }
            let until = waiting.until.map { " (\(TimeText.relative($0, now: now)))" } ?? ""
            return TextFit.clean(stage.row.waitText ?? "") + until
        case .running:
            if !stage.streamed.isEmpty {
                let columns = max(4, width - 6)
                var tail = stage.streamed
                while TextFit.width(tail) > columns { tail.removeFirst() }
                return tail
            }
            if !stage.note.isEmpty { return TextFit.clean(stage.note) }
            return stage.tail.last.map { line in
                (line.item.map { "[\($0)] " } ?? "") + TextFit.clean(line.text)
            }
        case .pending, .completed, .skipped, .cancelled: return nil
        }
    }

    /// The stages there is room for, in file order, and words for the rest.
    private func choose(_ picture: RunPicture) -> (shown: [RunPicture.Stage], hidden: String?) {
        let stages = picture.stages
        let needed = stages.count + stages.count { detail($0) != nil }
        guard let room, needed + 1 > room else { return (stages, nil) }
        var left = max(1, room - 2)
        var chosen: Set<Int> = []
        let order: [[StageStatus]] = [
            [.failed, .timedOut], [.running], [.retrying, .waiting], [.completed, .cancelled], [.pending], [.skipped],
        ]
        for group in order {
            // Of what is decided the latest is shown, of the rest the first.
            var members = stages.indices.filter { group.contains(stages[$0].row.status) }
            if group.contains(.completed) { members.reverse() }
            for place in members {
                let lines = detail(stages[place]) == nil ? 1 : 2
                guard left >= lines else { continue }
                left -= lines
                chosen.insert(place)
            }
        }
        let rest = stages.indices.filter { !chosen.contains($0) }
        let counts = StageStatus.allCases.compactMap { status -> String? in
            let count = rest.count { stages[$0].row.status == status }
            return count > 0 ? "\(count) \(StatusText.word(status))" : nil
        }
        return (chosen.sorted().map { stages[$0] }, "… and \(counts.joined(separator: ", "))")
    }

    private func bar(_ fraction: Double) -> String {
        let cells = width < 60 ? 8 : 16
        let full = Int((fraction * Double(cells)).rounded(.down))
        let percent = Int((fraction * 100).rounded(.down))
        return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: cells - full) + "] \(percent)%"
    }

    /// As many parts as fit, the first always, cut when it must be.
    private func fit(_ parts: [String], width: Int) -> String {
        var text = TextFit.cut(parts.first ?? "", to: width)
        for part in parts.dropFirst() {
            guard TextFit.width(text) + 2 + TextFit.width(part) <= width else { break }
            text += "  " + part
        }
        return text
    }
}
