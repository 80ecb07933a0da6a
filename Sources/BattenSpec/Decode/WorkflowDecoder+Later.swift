import BattenCore

/// Fan-out, schedules, context and handoff: kept as written once their shape is checked.
extension WorkflowDecoder {
    mutating func fanOut(_ node: SourceNode, _ owner: String, _ stage: inout StageDefinition) {
        let forEach = node.member("for_each")
        let matrix = node.member("matrix")
        if let forEach, let matrix {
            let later = forEach.keyRange.lowerBound > matrix.keyRange.lowerBound ? forEach : matrix
            nodes.problems.add(
                .conflictingFields, "\(owner) has both 'for_each' and 'matrix'", at: later.keyRange,
                help: "keep one of them")
        }
        if let forEach {
            if forEach.value.elements == nil, forEach.value.string?.contains("${{") != true {
                nodes.wrongType(
                    forEach.value, "'for_each' of \(owner)", wanted: "a list or an expression that gives one",
                    help: forEach.value.string.map { "write \"${{ \(shortened($0)) }}\"" })
            } else {
                stage.forEach = forEach.value.value
            }
        }
        if let matrix { stage.matrix = self.matrix(matrix, of: owner) }
        stage.maxParallel = nodes.integer(node.member("max_parallel"), of: owner, in: 1...1_000_000).map(Int.init)
        stage.failFast = nodes.bool(node.member("fail_fast"), of: owner)
        guard forEach == nil, matrix == nil else { return }
        for field in ["max_parallel", "fail_fast"] {
            guard let member = node.member(field) else { continue }
            nodes.problems.add(
                .missingPartner, "'\(field)' of \(owner) needs 'for_each' or 'matrix'", at: member.keyRange,
                help: field == "max_parallel" ? "on the workflow itself 'max_parallel' bounds all stages" : nil)
        }
    }

    private mutating func matrix(_ member: SourceNode.Member, of owner: String) -> JSONObject? {
        let owner = "'matrix' of \(owner)"
        guard let members = member.value.members else {
            nodes.wrongType(member.value, owner, wanted: "a mapping of lists")
            return nil
        }
        var axes = 0
        for axis in members {
            if axis.key == "include" || axis.key == "exclude" {
                for cell in nodes.list(axis, of: owner) where cell.members == nil {
                    nodes.wrongType(cell, "an entry of '\(axis.key)' of \(owner)", wanted: "a mapping")
                }
                if axis.key == "include", axis.value.elements?.isEmpty == false { axes += 1 }
                continue
            }
            axes += 1
            checkName(axis, kind: "matrix key")
            if axis.value.elements == nil, axis.value.string?.contains("${{") != true {
                nodes.wrongType(
                    axis.value, "'\(axis.key)' of \(owner)", wanted: "a list or an expression that gives one")
            }
        }
        if axes == 0 {
            nodes.problems.add(.outOfRange, "\(owner) has no list to run over", at: member.keyRange)
        }
        return member.value.value.objectValue
    }

    mutating func schedules(_ member: SourceNode.Member?) -> [JSONObject] {
        nodes.list(member, of: "a workflow").compactMap { entry in
            let owner = "a schedule"
            guard nodes.fields(entry, of: owner, known: LanguageFields.schedule) else { return nil }
            let kinds = ["cron", "every", "at"].compactMap { entry.member($0) }
            if kinds.count > 1 {
                nodes.problems.add(
                    .conflictingFields, "a schedule has both '\(kinds[0].key)' and '\(kinds[1].key)'",
                    at: kinds[1].keyRange,
                    help: "write one schedule for each")
            } else if kinds.isEmpty {
                nodes.missing("cron', 'every' or 'at", of: owner, at: entry.members?.first?.keyRange ?? entry.range)
            }
            cron(entry.member("cron"))
            _ = nodes.duration(entry.member("every"), of: owner)
            for field in ["at", "start", "end"] { instant(entry.member(field), of: owner) }
            _ = nodes.text(entry.member("timezone"), of: owner, allowsEmpty: false)
            _ = nodes.word(entry.member("overlap"), of: owner, among: LanguageFields.overlap)
            _ = nodes.word(entry.member("catch_up"), of: owner, among: LanguageFields.catchUp)
            _ = nodes.duration(entry.member("window"), of: owner)
            _ = nodes.duration(entry.member("jitter"), of: owner)
            _ = nodes.integer(entry.member("pause_after"), of: owner, in: 1...1_000_000)
            for field in ["name", "description"] { _ = nodes.text(entry.member(field), of: owner) }
            startParameters(entry, of: owner)
            return entry.value.objectValue
        }
    }

    /// What starts runs besides the clock: one mapping, or a list of them.
    mutating func triggers(_ member: SourceNode.Member?, of workflow: String) -> [JSONObject] {
        guard let member else { return [] }
        let entries = member.value.members != nil ? [member.value] : nodes.list(member, of: "a workflow")
        return entries.compactMap { entry in
            let owner = "a trigger"
            guard nodes.fields(entry, of: owner, known: LanguageFields.trigger) else { return nil }
            let written = ["file", "workflow", "event"].compactMap { entry.member($0) }
            guard let source = written.first else {
                nodes.missing(
                    "file', 'workflow' or 'event", of: owner, at: entry.members?.first?.keyRange ?? entry.range)
                return nil
            }
            if written.count > 1 {
                nodes.problems.add(
                    .conflictingFields, "a trigger has both '\(written[0].key)' and '\(written[1].key)'",
                    at: written[1].keyRange, help: "write one trigger for each")
            }
            for field in ["file", "workflow", "event", "name"] {
                _ = nodes.text(entry.member(field), of: owner, allowsEmpty: false)
            }
            _ = nodes.text(entry.member("description"), of: owner)
            _ = nodes.duration(entry.member("settle"), of: owner, allowsZero: true)
            _ = nodes.bool(entry.member("existing"), of: owner)
            for (field, partner) in [("status", "workflow"), ("settle", "file"), ("existing", "file")] {
                guard let member = entry.member(field), entry.member(partner) == nil else { continue }
                nodes.problems.add(
                    .missingPartner, "'\(field)' of \(owner) needs '\(partner)'", at: member.keyRange)
            }
            for (word, range) in nodes.texts(entry.member("status"), of: owner, acceptsOne: true) {
                _ = nodes.word(
                    word, at: range, what: "'status' of \(owner)", among: TriggerRule.statuses.map(\.rawValue))
            }
            if source.key == "workflow", source.value.string == workflow, !workflow.isEmpty {
                nodes.problems.add(
                    .badSchedule, "a trigger waits for the end of its own workflow", at: source.value.range,
                    help: "use 'schedule' to run it again and again")
            }
            startParameters(entry, of: owner)
            guard let object = entry.value.objectValue else { return nil }
            do throws(ScheduleError) {
                _ = try TriggerRule(object)
            } catch {
                // What the fields' own checks have not said.
                if entry.member("file") != nil {
                    nodes.problems.add(.badSchedule, error.message, at: source.value.range, help: error.help)
                }
            }
            return object
        }
    }

    /// Parameters that may read what has started the run.
    private mutating func startParameters(_ entry: SourceNode, of owner: String) {
        guard let member = entry.member("parameters") else { return }
        _ = nodes.named(member, of: owner)
        guard let parameters = member.value.value.objectValue, let problem = StartParameters.problem(parameters) else {
            return
        }
        nodes.problems.add(.badSchedule, problem.message, at: member.keyRange, help: problem.help)
    }

    private mutating func cron(_ member: SourceNode.Member?) {
        guard let member, let text = nodes.text(member, of: "a schedule") else { return }
        do throws(CronError) {
            _ = try CronExpression(text)
        } catch {
            nodes.problems.add(.badSchedule, error.message, at: member.value.range, help: error.help)
        }
    }

    private mutating func instant(_ member: SourceNode.Member?, of owner: String) {
        guard let member, let text = nodes.text(member, of: owner) else { return }
        if Timestamp(rfc3339: text) == nil {
            nodes.problems.add(
                .badSchedule, "'\(member.key)' of \(owner) is not a time", at: member.value.range,
                help: "write it as 2026-03-01T06:00:00Z")
        }
    }

    mutating func context(_ member: SourceNode.Member?, of owner: String) -> JSONValue? {
        guard let member else { return nil }
        for entry in nodes.named(member, of: owner) {
            checkName(entry, kind: "text")
            guard entry.value.members != nil else {
                _ = nodes.text(entry, of: "'context' of \(owner)")
                continue
            }
            let owner = "the context '\(entry.key)'"
            _ = nodes.fields(entry.value, of: owner, known: LanguageFields.contextEntry)
            let text = entry.value.member("text")
            let file = entry.value.member("file")
            if let text, file != nil {
                nodes.problems.add(
                    .conflictingFields, "\(owner) has both 'text' and 'file'", at: text.keyRange,
                    help: "keep one of them")
            } else if text == nil, file == nil {
                nodes.missing("text' or 'file", of: owner, at: entry.keyRange)
            }
            contextText(text, of: owner)
            _ = nodes.text(file, of: owner, allowsEmpty: false)
            _ = nodes.integer(entry.value.member("max_tokens"), of: owner, in: 1...Int64.max)
            _ = nodes.number(entry.value.member("min_confidence"), of: owner, atLeast: 0)
        }
        return member.value.members == nil ? nil : member.value.value
    }

    /// A text, or a list of pieces: texts, or a text with how sure its author is.
    private mutating func contextText(_ member: SourceNode.Member?, of owner: String) {
        guard let member, let pieces = member.value.elements else {
            _ = nodes.text(member, of: owner)
            return
        }
        for piece in pieces where piece.string == nil {
            let owner = "a piece of \(owner)"
            guard nodes.fields(piece, of: owner, known: LanguageFields.contextPiece) else { continue }
            if piece.member("text") == nil { nodes.missing("text", of: owner, at: piece.range) }
            _ = nodes.text(piece.member("text"), of: owner)
            _ = nodes.number(piece.member("confidence"), of: owner, atLeast: 0)
        }
    }

    mutating func handoff(_ member: SourceNode.Member?, of owner: String) -> JSONObject? {
        guard let member else { return nil }
        let owner = "'handoff' of \(owner)"
        guard nodes.fields(member.value, of: owner, known: LanguageFields.handoff) else { return nil }
        guard let summary = member.value.member("summary") else {
            nodes.missing("summary", of: owner, at: member.keyRange)
            return nil
        }
        let inner = "'summary' of \(owner)"
        guard nodes.fields(summary.value, of: inner, known: LanguageFields.summary) else { return nil }
        let agent = summary.value.member("agent")
        let model = summary.value.member("model")
        if let agent, model != nil {
            nodes.problems.add(
                .conflictingFields, "\(inner) has both 'agent' and 'model'", at: agent.keyRange,
                help: "keep one of them")
        } else if agent == nil, model == nil {
            nodes.missing("agent' or 'model", of: inner, at: summary.keyRange)
        }
        for field in ["agent", "model", "prompt"] {
            _ = nodes.text(summary.value.member(field), of: inner, allowsEmpty: false)
        }
        _ = nodes.integer(summary.value.member("max_tokens"), of: inner, in: 1...Int64.max)
        return member.value.value.objectValue
    }
}
