import BattenCore

/// The graph of a workflow in a form that other programs draw, or as indented text.
struct GraphReport {
    let plan: Plan

    /// Graphviz.
    func dot() -> String {
        var text = "digraph \(quoted(plan.definition.name)) {\n    rankdir=LR;\n    node [shape=box];\n"
        for stage in stages {
            let name = plan.name(of: stage.index)
            let style = isHook(stage) ? ", style=dotted" : stage.isFinally ? ", style=dashed" : ""
            text += "    \(quoted(name)) [label=\(quoted("\(name)\n\(Self.uses(stage))"))\(style)];\n"
        }
        for stage in stages {
            for place in stage.dependencies {
                let label = stage.definition.condition.map { " [label=\(quoted("if \($0)"))]" } ?? ""
                text += "    \(quoted(plan.name(of: place))) -> \(quoted(plan.name(of: stage.index)))\(label);\n"
            }
        }
        return text + "}\n"
    }

    /// Mermaid.
    func mermaid() -> String {
        var text = "flowchart LR\n"
        for stage in stages {
            let label = "\"\(escaped("\(plan.name(of: stage.index))<br/>\(Self.uses(stage))"))\""
            let shape = isHook(stage) ? "{{\(label)}}" : stage.isFinally ? "([\(label)])" : "[\(label)]"
            text += "    s\(stage.index)\(shape)\n"
        }
        for stage in stages {
            for place in stage.dependencies { text += "    s\(place) --> s\(stage.index)\n" }
        }
        return text
    }

    /// Stages below those they wait for; a stage that was drawn before is only named.
    func text(_ profile: TextProfile) -> String {
        var text = profile.paint(plan.definition.name, .bold) + "\n"
        var drawn: Set<Int> = []
        let roots = plan.stages.filter { $0.dependencies.isEmpty && !$0.isFinally }.map(\.index)
        let finals = plan.stages.filter { $0.dependencies.isEmpty && $0.isFinally }.map(\.index)
        // An explicit stack: a chain of 50,000 stages must not exhaust the thread's.
        var stack: [(place: Int, prefix: String, isLast: Bool)] = []
        let hooks = plan.hookStages.filter(\.dependencies.isEmpty).map(\.index)
        let all = roots + finals + hooks
        for (number, root) in all.enumerated().reversed() { stack.append((root, "", number == all.count - 1)) }
        while let (place, prefix, isLast) = stack.popLast() {
            let stage = plan.planned(place)
            let again = drawn.contains(place) && !stage.dependents.isEmpty
            let mark = again ? " (above)" : isHook(stage) ? " (hook)" : stage.isFinally ? " (finally)" : ""
            let room = max(4, profile.width - TextFit.width(prefix) - 3)
            text +=
                prefix + (isLast ? "└─ " : "├─ ")
                + TextFit.cut("\(plan.name(of: place))  \(Self.uses(stage))\(mark)", to: room) + "\n"
            guard drawn.insert(place).inserted else { continue }
            // Beyond this depth a tree says nothing to people any more, and its lines would grow without bound.
            guard prefix.count < 600 else {
                text += prefix + "   └─ …\n"
                continue
            }
            let children = stage.dependents
            for (number, child) in children.enumerated().reversed() {
                stack.append((child, prefix + (isLast ? "   " : "│  "), number == children.count - 1))
            }
        }
        return text
    }

    private var stages: [PlannedStage] { plan.stages + plan.hookStages }

    private func isHook(_ stage: PlannedStage) -> Bool { stage.index >= plan.stages.count }

    /// What a stage uses, which workflow it runs, and over how many items.
    static func uses(_ stage: PlannedStage) -> String {
        let uses = stage.definition.uses + (stage.child.map { " \($0.definition.name)" } ?? "")
        guard let fanOut = stage.fanOut else { return uses }
        return uses + " × " + (fanOut.knownCount.map { "\($0)" } ?? "n")
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result + "\""
    }

    private func escaped(_ text: String) -> String {
        text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "#quot;")
    }
}
