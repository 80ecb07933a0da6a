/// The order of stages: who waits for whom, by place.
struct StageGraph: Sendable {
    /// Places each stage waits for, in the order written, each once.
    let dependencies: [[Int]]
    /// Places that wait for each stage, in source order.
    let dependents: [[Int]]
    /// Longest way from a stage without dependencies.
    let levels: [Int]

    /// Builds the graph in time linear in stages and dependencies.
    ///
    /// - Throws: `PlanError` for an id that occurs twice, a dependency that does not exist, or a cycle.
    init(_ stages: [StageDefinition], isFinally: Bool, mainIDs: Set<String> = []) throws(PlanError) {
        var places: [String: Int] = [:]
        places.reserveCapacity(stages.count)
        for place in stages.indices {
            let id = stages[place].id
            guard places.updateValue(place, forKey: id) == nil, !mainIDs.contains(id) else {
                throw PlanError(
                    .duplicateStage, stage: id, "two stages have the id '\(id)'",
                    help: "give one of them another id")
            }
        }
        var dependencies = [[Int]](repeating: [], count: stages.count)
        var dependents = [[Int]](repeating: [], count: stages.count)
        for place in stages.indices {
            let wanted = stages[place].dependsOn
            // A set is worth making only for many.
            var seen: Set<Int> = []
            for id in wanted {
                guard let other = places[id] else {
                    throw Self.unknown(id, of: stages[place].id, isFinally, mainIDs)
                }
                let isNew =
                    wanted.count > 8 ? seen.insert(other).inserted : !dependencies[place].contains(other)
                guard isNew else { continue }
                dependencies[place].append(other)
                dependents[other].append(place)
            }
        }
        self.dependencies = dependencies
        self.dependents = dependents
        levels = try Self.levels(stages, dependencies, dependents)
    }

    private static func levels(
        _ stages: [StageDefinition], _ dependencies: [[Int]], _ dependents: [[Int]]
    ) throws(PlanError) -> [Int] {
        var left = dependencies.map(\.count)
        var levels = [Int](repeating: 0, count: stages.count)
        var ready = left.indices.filter { left[$0] == 0 }
        var next = 0
        while next < ready.count {
            let place = ready[next]
            next += 1
            for dependent in dependents[place] {
                levels[dependent] = max(levels[dependent], levels[place] + 1)
                left[dependent] -= 1
                if left[dependent] == 0 { ready.append(dependent) }
            }
        }
        if let start = left.indices.first(where: { left[$0] > 0 }) {
            throw cycle(from: start, left, dependencies, stages)
        }
        return levels
    }

    /// Walks up from a stage that is never ready until a stage comes twice: that part of the way is the cycle.
    private static func cycle(
        from start: Int, _ left: [Int], _ dependencies: [[Int]], _ stages: [StageDefinition]
    ) -> PlanError {
        var order: [Int: Int] = [:]
        var way: [Int] = []
        var place = start
        while order[place] == nil {
            order[place] = way.count
            way.append(place)
            guard let up = dependencies[place].first(where: { left[$0] > 0 }) else { break }
            place = up
        }
        var circle = Array(way[(order[place] ?? 0)...].reversed())
        if let least = circle.min(), let turn = circle.firstIndex(of: least) {
            circle = Array(circle[turn...] + circle[..<turn]) + [least]
        }
        let path = circle.map { stages[$0].id }
        let id = stages[circle.first ?? start].id
        return PlanError(
            .cycle, stage: id, "stages wait for one another in a circle: \(path.joined(separator: " → "))",
            help: "remove one of these dependencies", path: path)
    }

    private static func unknown(
        _ id: String, of stage: String, _ isFinally: Bool, _ mainIDs: Set<String>
    ) -> PlanError {
        if isFinally, mainIDs.contains(id) {
            return PlanError(
                .unknownDependency, stage: stage,
                "stage '\(stage)' of finally depends on '\(id)', which is not a stage of finally",
                help: "leave the dependency out: finally starts when all main stages are decided")
        }
        return PlanError(
            .unknownDependency, stage: stage, "stage '\(stage)' depends on '\(id)', which does not exist",
            help: "name one of the workflow's stages")
    }
}
