import BattenCore

/// Tells a run as plain lines, one for each thing that happens: for files, pipes and CI.
struct LineLog: RunDisplay {
    private let profile: TextProfile
    private let write: @Sendable (String) -> Void
    private var picture: RunPicture
    /// What stands before the names of the stages: the stages that led to a child.
    private var prefix = ""
    /// Those of the children, by run id.
    private var children: [String: LineLog] = [:]

    init(workflow: String, profile: TextProfile, write: @escaping @Sendable (String) -> Void) {
        self.profile = profile
        self.write = write
        picture = RunPicture(workflow: workflow)
    }

    var refresh: Duration? { nil }

    mutating func show(_ events: [FollowEvent], now: Timestamp) {
        let text = text(events, now: now)
        if !text.isEmpty { write(text) }
    }

    private mutating func text(_ events: [FollowEvent], now: Timestamp) -> String {
        var text = ""
        for event in events {
            switch event {
            case .committed(let records, let run, let stages):
                let at = records.last?.at ?? now
                // What ended the run stands before its end, what it began with behind its start.
                let ends = run?.status.isTerminal ?? false
                if let run, !ends { text += runLine(run, at) }
                text += rowLines(stages, at, now: now)
                if let run, ends { text += runLine(run, at) }
            case .log(let log): text += line(log.at, name(log.stage, log.item), "| \(TextFit.clean(log.text))")
            case .progress(let stage, nil, let fraction, let note):
                text += progressLine(stage, fraction, note, now)
            case .child(let run, let inner):
                text += childText(run, inner, now: now)
                continue
            case .takenUp(let picture):
                text += takenUp(picture, now: now)
                continue
            case .progress, .stream, .usage, .resized: break
            }
            let before = decidedItems(event)
            picture.apply(event)
            text += itemProgress(event, before, now)
        }
        return text
    }

    mutating func finish(now: Timestamp) {}

    /// That a run goes on which others have brought this far, or what it still waits for.
    private mutating func takenUp(_ picture: RunPicture, now: Timestamp) -> String {
        var text = ""
        if let run = picture.run {
            let name = "run \(run.id) of \(TextFit.clean(run.workflow))"
            switch run.status {
            // A pause ends with being taken up; what follows tells how the run goes on.
            case .paused: break
            case .pending where run.waiting != nil, .waiting:
                let why = TextFit.clean(run.waiting?.detail ?? "")
                text = line(now, nil, run.status == .pending ? "\(name) \(why)" : "\(name) waiting: \(why)")
            case .pending, .running: text = line(now, nil, "\(name) goes on")
            case .completed, .failed, .cancelled, .timedOut: break
            }
        }
        for stage in picture.stages where [.waiting, .retrying].contains(stage.row.status) {
            text += stageLine(stage.row, now, now: now)
        }
        self.picture = picture
        // The names of those who start others stand before the names of these.
        let children = picture.children.values.sorted {
            ($0.run?.acceptedAt ?? now, $0.id) < ($1.run?.acceptedAt ?? now, $1.id)
        }
        for child in children { text += childText(child.id, .takenUp(child), now: now) }
        return text
    }

    /// What happens in a child: its stages under the name of the stage that started it.
    private mutating func childText(_ run: String, _ event: FollowEvent, now: Timestamp) -> String {
        var child = children[run] ?? LineLog(workflow: "", profile: profile, write: write)
        if child.prefix.isEmpty {
            var prefix = "\(run)/"
            if let parent = event.row?.parent {
                prefix =
                    (children[parent.run]?.prefix ?? "") + parent.stage + (parent.item.map { "[\($0)]" } ?? "") + "/"
            }
            child.prefix = prefix
        }
        let text = child.text([event], now: now)
        let isOver = child.picture.run?.status.isTerminal ?? false
        children[run] = isOver ? nil : child
        return text
    }

    private func runLine(_ run: RunRow, _ at: Timestamp) -> String {
        let isSame = run.status == picture.run?.status
        guard !isSame || (run.status == .pending && run.waiting?.detail != picture.run?.waiting?.detail) else {
            return ""
        }
        let name = TextFit.clean(run.workflow)
        switch run.status {
        case .pending:
            let why = run.waiting.map { " \(TextFit.clean($0.detail))" } ?? " of \(name) accepted"
            return line(at, nil, "run \(run.id)\(why)")
        case .running where picture.run?.startedAt != nil: return line(at, nil, "run \(run.id) goes on")
        case .running: return line(at, nil, "run \(run.id) of \(name) started")
        case .paused, .waiting:
            let why = run.waiting.map { ": \(TextFit.clean($0.detail))" } ?? ""
            return line(at, nil, "run \(run.id) \(StatusText.word(run.status))\(why)")
        case .completed, .failed, .cancelled, .timedOut:
            let length = run.startedAt.map { " after \(TimeText.elapsed((run.endedAt ?? at) - $0))" } ?? ""
            let why = run.error.map { ": \(TextFit.clean($0.message))" } ?? ""
            return line(at, nil, "run \(run.id) \(StatusText.word(run.status))\(length)\(why)")
        }
    }

    /// What ended a stage's items stands before its own end, what they do otherwise behind the stages.
    private func rowLines(_ rows: [StageRow], _ at: Timestamp, now: Timestamp) -> String {
        let items = Dictionary(grouping: rows.lazy.filter { $0.item != nil }, by: \.id)
        var isTold: Set<String> = []
        var text = ""
        for stage in rows where stage.item == nil {
            if stage.status.isTerminal, isTold.insert(stage.id).inserted {
                for item in items[stage.id] ?? [] { text += itemLine(item, at, now: now) }
            }
            text += stageLine(stage, at, now: now)
        }
        for item in rows where item.item != nil && !isTold.contains(item.id) { text += itemLine(item, at, now: now) }
        return text
    }

    private func stageLine(_ row: StageRow, _ at: Timestamp, now: Timestamp) -> String {
        let before = picture.stage(row.id)?.row
        guard row.status != before?.status || row.attempts != before?.attempts else { return "" }
        let word = StatusText.word(row.status)
        switch row.status {
        case .pending: return before == nil || before?.status == .pending ? "" : line(at, row.id, "taken back")
        // The child tells that itself.
        case .running where before?.waiting?.on == ChildWait.on && row.attempts == before?.attempts: return ""
        case .waiting where row.waiting?.on == ChildWait.on: return ""
        case .running: return line(at, row.id, row.attempts > 1 ? "started (attempt \(row.attempts))" : "started")
        case .waiting, .retrying:
            let detail = row.waitText.map { ": \(TextFit.clean($0))" } ?? ""
            let until = row.waiting?.until.map { " (\(TimeText.relative($0, now: now)))" } ?? ""
            return line(at, row.id, "\(word)\(detail)\(until)")
        case .skipped, .cancelled:
            return line(at, row.id, word + (row.reason.map { ": \(TextFit.clean($0))" } ?? ""))
        case .completed where row.keptFrom != nil:
            return line(at, row.id, "kept from run \(row.keptFrom ?? "")")
        case .completed, .failed, .timedOut:
            let length = row.startedAt.map { " after \(TimeText.elapsed((row.endedAt ?? at) - $0))" } ?? ""
            let why = row.error.map { ": \(TextFit.clean($0.message))" } ?? ""
            let source = row.cachedFrom.map { ", cached from run \($0)" } ?? ""
            return line(at, row.id, "\(word)\(length)\(source)\(why)")
        }
    }

    private func name(_ stage: String, _ item: Int?) -> String { item.map { "\(stage)[\($0)]" } ?? stage }

    /// Of single items only what deserves a line is told: that they fail, are tried again, or ask somebody.
    private func itemLine(_ row: StageRow, _ at: Timestamp, now: Timestamp) -> String {
        switch row.status {
        case .failed, .timedOut:
            let why = row.error.map { ": \(TextFit.clean($0.message))" } ?? ""
            return line(at, name(row.id, row.item), "\(StatusText.word(row.status))\(why)")
        case .waiting where row.waiting?.on == "gate", .retrying:
            let detail = row.waitText.map { ": \(TextFit.clean($0))" } ?? ""
            return line(at, name(row.id, row.item), "\(StatusText.word(row.status))\(detail)")
        case .pending, .running, .waiting, .completed, .cancelled, .skipped: return ""
        }
    }

    /// How many items have ended of the stages whose items an event is about.
    private func decidedItems(_ event: FollowEvent) -> [String: Int] {
        guard case .committed(_, _, let rows) = event else { return [:] }
        var decided: [String: Int] = [:]
        for row in rows where row.item != nil && decided[row.id] == nil {
            decided[row.id] = picture.stage(row.id)?.items?.decided ?? -1
        }
        return decided
    }

    /// How far the items of a stage are, told at the beginning and at every tenth.
    private func itemProgress(_ event: FollowEvent, _ before: [String: Int], _ now: Timestamp) -> String {
        guard !before.isEmpty, case .committed(let records, _, _) = event else { return "" }
        var text = ""
        for (stage, decided) in before.sorted(by: { $0.key < $1.key }) {
            // How a stage ended says it all.
            guard let seen = picture.stage(stage), !seen.row.status.isTerminal, let items = seen.items, items.total > 0
            else { continue }
            guard decided < 0 || decided * 10 / items.total != items.decided * 10 / items.total else { continue }
            text += line(records.last?.at ?? now, stage, items.text)
        }
        return text
    }

    /// Progress is told at every tenth, and when the note changes.
    private func progressLine(_ stage: String, _ fraction: Double?, _ note: String, _ at: Timestamp) -> String {
        guard let before = picture.stage(stage) else { return "" }
        let tenth = fraction.flatMap { $0.isFinite ? Int(min(max($0, 0), 1) * 10) : nil }
        let tenthBefore = before.fraction.map { Int($0 * 10) }
        guard tenth != tenthBefore || note != before.note else { return "" }
        let parts = [tenth.map { "\($0 * 10)%" } ?? "", TextFit.clean(note)]
        return line(at, stage, parts.joined(" "))
    }

    private func line(_ at: Timestamp, _ stage: String?, _ text: String) -> String {
        let name = stage.map { profile.paint(TextFit.clean(prefix + $0), .bold) + " " } ?? ""
        return "\(profile.paint(TimeText.clock(at), .dim)) \(name)\(text)\n"
    }
}
