import BattenCore

/// All stages of a workflow by place: the main ones, then those of `finally`, then those of hooks.
struct StageIndex {
    let stages: [DecodedStage]
    /// Where the stages of `finally` begin.
    let finallyStart: Int
    /// Where the stages of hooks begin.
    let hooksStart: Int
    /// The stages of each hook.
    let hooks: [Range<Int>]
    /// Places by identifier; of equal identifiers the first.
    let places: [String: Int]
    /// Places each stage waits for.
    private(set) var dependencies: [[Int]]
    /// Places so that every stage comes behind those it waits for; stages of a cycle are not in it.
    private(set) var order: [Int] = []

    /// Builds the index and tells doubled identifiers, unknown dependencies and cycles.
    init(_ workflow: DecodedWorkflow, _ problems: inout DiagnosticList) {
        stages = workflow.stages + workflow.finally + workflow.hooks.flatMap(\.stages)
        finallyStart = workflow.stages.count
        hooksStart = finallyStart + workflow.finally.count
        var hooks: [Range<Int>] = []
        for hook in workflow.hooks {
            let first = hooks.last?.upperBound ?? hooksStart
            hooks.append(first..<first + hook.stages.count)
        }
        self.hooks = hooks
        var places: [String: Int] = [:]
        places.reserveCapacity(stages.count)
        for (place, stage) in stages.enumerated() where !stage.definition.id.isEmpty {
            guard let first = places[stage.definition.id] else {
                places[stage.definition.id] = place
                continue
            }
            let line = problems.source.position(at: stages[first].idRange.lowerBound).line
            problems.add(
                .duplicateName, "two stages have the id '\(shortened(stage.definition.id))'", at: stage.idRange,
                label: "first used in line \(line)", help: "give one of them another id")
        }
        self.places = places
        dependencies = []
        dependencies = stages.indices.map { resolve($0, &problems) }
        sort(&problems)
    }

    /// Whether a stage belongs to the main ones.
    func isMain(_ place: Int) -> Bool { place < finallyStart }

    /// Whether a stage belongs to a hook.
    func isHook(_ place: Int) -> Bool { place >= hooksStart }

    /// The part a stage belongs to; dependencies stay within it.
    func part(of place: Int) -> Range<Int> {
        if place < finallyStart { return 0..<finallyStart }
        if place < hooksStart { return finallyStart..<hooksStart }
        return hooks.first { $0.contains(place) } ?? hooksStart..<stages.count
    }

    private func resolve(_ place: Int, _ problems: inout DiagnosticList) -> [Int] {
        let stage = stages[place]
        guard !stage.definition.dependsOn.isEmpty else { return [] }
        let part = part(of: place)
        return stage.definition.dependsOn.compactMap { id in
            if let other = places[id], part.contains(other) { return other }
            let range = Self.range(ofDependency: id, in: stage)
            if let other = places[id] {
                problems.add(
                    .unknownDependency,
                    "'\(stage.definition.id)' cannot wait for '\(id)', which is not in the same part of the workflow",
                    at: range,
                    help: isMain(other) && !isMain(place)
                        ? "leave it out: 'finally' and hooks start when the main stages they follow are decided"
                        : isHook(other) && isHook(place)
                            ? "each event has hooks of its own: put both under the same one"
                            : "main stages run before 'finally' and beside hooks")
                return nil
            }
            problems.add(
                .unknownDependency, "'\(stage.definition.id)' depends on '\(shortened(id))', which does not exist",
                at: range, label: "no stage has this id",
                help: problems.suggestion(for: id, among: part.lazy.map { stages[$0].definition.id }))
            return nil
        }
    }

    static func range(ofDependency id: String, in stage: DecodedStage) -> Range<Int> {
        guard let node = stage.node["depends_on"] else { return stage.idRange }
        return node.elements?.first { $0.string == id }?.range ?? node.range
    }

    // MARK: Order

    private mutating func sort(_ problems: inout DiagnosticList) {
        var left = dependencies.map(\.count)
        var dependents = [[Int]](repeating: [], count: stages.count)
        for (place, list) in dependencies.enumerated() {
            for other in list { dependents[other].append(place) }
        }
        var order: [Int] = []
        order.reserveCapacity(stages.count)
        order.append(contentsOf: left.indices.lazy.filter { left[$0] == 0 })
        var next = 0
        while next < order.count {
            for dependent in dependents[order[next]] {
                left[dependent] -= 1
                if left[dependent] == 0 { order.append(dependent) }
            }
            next += 1
        }
        self.order = order
        if order.count < stages.count { tellCycles(left, &problems) }
    }

    /// Circles told of one file; mending one often mends others.
    private static let cyclesTold = 20

    /// Walks up from every stage that is never ready; each circle found on the way is told once.
    private func tellCycles(_ left: [Int], _ problems: inout DiagnosticList) {
        // 0 not seen, 1 on the current way, 2 done.
        var state = [UInt8](repeating: 0, count: stages.count)
        var told = 0
        for start in left.indices where left[start] > 0 && state[start] == 0 {
            var way = [start]
            var position = [0]
            state[start] = 1
            while let place = way.last {
                let step = position[way.count - 1]
                guard step < dependencies[place].count else {
                    state[place] = 2
                    way.removeLast()
                    position.removeLast()
                    continue
                }
                position[way.count - 1] += 1
                let up = dependencies[place][step]
                guard left[up] > 0 else { continue }
                if state[up] == 0 {
                    state[up] = 1
                    way.append(up)
                    position.append(0)
                } else if state[up] == 1, told < Self.cyclesTold, let from = way.firstIndex(of: up) {
                    told += 1
                    tell(Array(way[from...]), &problems)
                }
            }
        }
    }

    /// - Parameter circle: places, each waiting for the next, the last for the first.
    private func tell(_ circle: [Int], _ problems: inout DiagnosticList) {
        guard let last = circle.last else { return }
        let ids = circle.map { stages[$0].definition.id }
        let path = (ids + [ids[0]]).joined(separator: " → ")
        problems.add(
            .cycle, "stages wait for one another in a circle: \(path)",
            at: Self.range(ofDependency: ids[0], in: stages[last]),
            label: circle.count == 1
                ? "a stage cannot wait for itself" : "'\(ids[ids.count - 1])' waits for '\(ids[0])'",
            help: "remove one of these dependencies")
    }
}

/// Answers 'is this stage upstream of that one?' for many pairs in one go.
///
/// Sixty-four targets share a pass over the stages, so that neither time nor memory grows with the square of their
/// number unless every stage asks for far ones.
enum Reachability {
    /// - Parameters:
    ///   - pairs: from a stage to one that is looked for above it.
    ///   - order: places, each behind those it depends on.
    ///   - edges: the places directly above each.
    ///   - counts: whether a place counts as found; the way goes on through it in both cases.
    /// - Returns: for each pair whether the target was found.
    static func answer(
        _ pairs: [(from: Int, to: Int)], order: [Int], edges: [[Int]], counts: [Bool]
    ) -> [Bool] {
        var answers = [Bool](repeating: false, count: pairs.count)
        let targets = Set(pairs.map(\.to)).sorted()
        guard !targets.isEmpty else { return answers }
        var number: [Int: Int] = [:]
        for (place, target) in targets.enumerated() { number[target] = place }
        var byBlock: [[Int]] = Array(repeating: [], count: (targets.count + 63) / 64)
        for (index, pair) in pairs.enumerated() {
            if let number = number[pair.to] { byBlock[number / 64].append(index) }
        }
        var own = [UInt64](repeating: 0, count: edges.count)
        var masks = [UInt64](repeating: 0, count: edges.count)
        for block in byBlock.indices {
            let members = targets[block * 64..<Swift.min(targets.count, block * 64 + 64)]
            for (bit, target) in members.enumerated() { own[target] = 1 << UInt64(bit) }
            for place in order {
                var mask: UInt64 = 0
                for other in edges[place] { mask |= masks[other] | (counts[other] ? own[other] : 0) }
                masks[place] = mask
            }
            for index in byBlock[block] { answers[index] = masks[pairs[index].from] & own[pairs[index].to] != 0 }
            for target in members { own[target] = 0 }
        }
        return answers
    }
}
