import BattenCore

/// What depends on the whole graph.
extension StaticChecks {
    /// Fields that mean nothing in the part of the workflow that the stage is in.
    mutating func checkPart(_ place: Int) {
        guard !index.isMain(place) else { return }
        let stage = index.stages[place]
        let isHook = index.isHook(place)
        let part = isHook ? "a hook" : "'finally'"
        if let member = stage.node.member("compensate") {
            problems.add(
                .misplacedField, "a stage of \(part) has no 'compensate'", at: member.keyRange,
                help: isHook
                    ? "hooks never change the run: what a hook does is not undone"
                    : "'finally' runs after everything was undone, so that nothing would undo it; leave it out")
        }
        if isHook, stage.definition.parallel == false, let member = stage.node.member("parallel") {
            problems.add(
                .misplacedField, "a stage of a hook has no 'parallel: false'", at: member.keyRange,
                help: "hooks run beside the stages of the run and hold none of them up; leave it out")
        }
    }

    /// Tells stages that no run can start.
    mutating func checkReachability() {
        var unreachable = [Bool](repeating: false, count: index.stages.count)
        for place in index.order {
            let stage = index.stages[place]
            let condition = conditions[place]
            let needsSuccess = condition.map { !$0.usesStatusFunction || $0.impliesSuccess } ?? true
            if let condition, isNeverTrue(condition, place) {
                unreachable[place] = true
                problems.add(
                    .unreachableStage, "the stage '\(stage.definition.id)' can never run",
                    at: source.firstBytes(of: stage.node["if"]?.range ?? stage.idRange),
                    label: "this condition is never true", help: "mend the condition, or leave the stage out")
            } else if needsSuccess, let dead = index.dependencies[place].first(where: { unreachable[$0] }) {
                unreachable[place] = true
                problems.add(
                    .unreachableStage, "the stage '\(stage.definition.id)' can never run",
                    at: StageIndex.range(ofDependency: index.stages[dead].definition.id, in: stage),
                    label: "'\(index.stages[dead].definition.id)' never runs, so this is always skipped",
                    help: "write if: ${{ !failure() }} to go on without it")
            }
        }
    }

    /// Whether a condition is false whatever the run brings.
    private func isNeverTrue(_ condition: Expression, _ place: Int) -> Bool {
        guard condition.references.isEmpty, condition.problems.isEmpty,
            !condition.functions.contains(where: { $0.name == "now" })
        else { return false }
        let isRoot = index.dependencies[place].isEmpty && index.isMain(place)
        for asked in 0..<8 {
            let success = isRoot || asked & 1 == 1
            let failure = !isRoot && asked & 2 == 2
            let scope = ExpressionBindings(
                [:], statuses: [.success: success, .failure: failure, .cancelled: asked & 4 == 4, .always: true])
            guard let value = try? condition.evaluate(in: scope) else { return false }
            if value != .bool(false) { return false }
        }
        return true
    }

    /// Answers what expressions asked of the graph.
    mutating func answerQuestions() {
        let counts = [Bool](repeating: true, count: index.stages.count)
        let pairs = questions.upstream.map { (from: $0.from, to: $0.to) }
        let found = Reachability.answer(pairs, order: index.order, edges: index.dependencies, counts: counts)
        let ordered = Set(index.order)
        var refused: Set<[Int]> = []
        for (question, isUpstream) in zip(questions.upstream, found) where !isUpstream {
            refused.insert([question.from, question.to])
            // Stages of a circle have no order; the circle itself is told.
            guard ordered.contains(question.from), ordered.contains(question.to) else { continue }
            let reader = index.stages[question.from].definition.id
            let read = index.stages[question.to].definition.id
            let isSamePart = index.part(of: question.from).contains(question.to)
            problems.add(
                .notUpstream, "'\(reader)' reads '\(read)', which need not have run before it",
                at: question.range,
                label: "not upstream of '\(reader)'",
                help: isSamePart
                    ? "add '\(read)' to depends_on of '\(reader)'" : "read stages of the main part")
        }
        if !refused.isEmpty { questions.completed.removeAll { refused.contains([$0.from, $0.to]) } }
        warnOfMissingOutputs()
    }

    /// Warns of outputs that are `{}` in some runs, because their stage did not complete.
    private mutating func warnOfMissingOutputs() {
        let defaults = workflow.definition.defaults.onFailure
        let goesOn = index.stages.map { stage in
            // The lists of a stage with items are there also when it has failed.
            let hasLists = stage.definition.forEach != nil || stage.definition.matrix != nil
            return (stage.definition.onFailure ?? defaults) == .continue && !hasLists
        }
        let needsSuccess = index.stages.indices.map { place in
            guard index.stages[place].definition.condition != nil else { return true }
            return conditions[place].map { !$0.usesStatusFunction || $0.impliesSuccess } ?? false
        }
        let edges = index.stages.indices.map { needsSuccess[$0] ? index.dependencies[$0] : [] }
        let counts = goesOn.map { !$0 }
        let open = questions.completed.filter { question in
            guard question.from != question.to else { return false }
            if !questions.statusReads.isEmpty, questions.statusReads.contains([question.from, question.to]) {
                return false
            }
            guard question.from >= 0 else { return true }
            return !(edges[question.from].contains(question.to) && counts[question.to])
        }
        let inStages = open.filter { $0.from >= 0 }
        let sure = Reachability.answer(
            inStages.map { (from: $0.from, to: $0.to) }, order: index.order, edges: edges, counts: counts)
        for (question, isSure) in zip(inStages, sure) where !isSure { warn(question) }
        guard inStages.count < open.count else { return }
        let skippable = skippable(needsSuccess)
        for question in open where question.from < 0 && (skippable[question.to] || goesOn[question.to]) {
            warn(question)
        }
    }

    /// The stages that a run can complete without.
    private func skippable(_ needsSuccess: [Bool]) -> [Bool] {
        var skippable = [Bool](repeating: false, count: index.stages.count)
        for place in index.order {
            if let condition = conditions[place],
                !(condition.wholeCall == "always" || condition.literalValue == .bool(true))
            {
                skippable[place] = condition.wholeCall != "success"
            }
            if needsSuccess[place], index.dependencies[place].contains(where: { skippable[$0] }) {
                skippable[place] = true
            }
        }
        return skippable
    }

    private mutating func warn(_ question: GraphQuestions.Question) {
        let id = index.stages[question.to].definition.id
        problems.add(
            .outputMayBeMissing, "'\(id)' may not have completed when this is read", at: question.range,
            label: "its outputs are then empty, and this is an error",
            help: "write '?.' before the name for null, or '?? …' behind it for another value")
    }
}
