import BattenCore

/// Where an expression stands, which decides what it can name.
struct ExpressionSite {
    /// Fields that hold expressions.
    enum Field {
        case workflowEnvironment, workflowOutputs, group, context, agents
        case condition, with, environment, inputs, outputs, forEach, matrix, cache, handoff, workingDirectory
        case fallback, compensate
    }

    let field: Field
    /// Place of the stage; nil for the workflow's own fields.
    let place: Int?
    /// Environment variables that are known here.
    var environment: [String] = []

    /// Whether secrets can be read here.
    var allowsSecrets: Bool {
        switch field {
        case .with, .environment, .workflowEnvironment, .fallback, .compensate: true
        default: false
        }
    }

    /// Whether the value goes to an executor.
    var isInput: Bool { field == .with || field == .fallback || field == .compensate }

    /// Whether the executor's result can be read here.
    var allowsResult: Bool { field == .outputs || field == .handoff }

    /// Whether stages can be read here.
    var allowsStages: Bool { place != nil || field == .workflowOutputs }

    /// Whether the stage's typed inputs can be read here.
    var allowsInputs: Bool {
        guard place != nil else { return false }
        switch field {
        case .condition, .inputs, .environment, .forEach, .matrix: return false
        default: return true
        }
    }

    /// Whether the environment can be read here.
    var allowsEnvironment: Bool { field != .group }

    /// Whether the current item of a fan-out can be read here.
    var allowsItem: Bool {
        switch field {
        case .condition, .forEach, .matrix: false
        default: place != nil
        }
    }

    /// Whether `success()` and `failure()` mean something here.
    var allowsStatus: Bool { place != nil }

    /// The field in words.
    var words: String {
        switch field {
        case .workflowEnvironment: "the workflow's 'env'"
        case .workflowOutputs: "the workflow's 'outputs'"
        case .group: "'concurrency'"
        case .context: "'context'"
        case .agents: "'agents'"
        case .condition: "'if'"
        case .with: "'with'"
        case .environment: "'env'"
        case .inputs: "'inputs'"
        case .outputs: "'outputs'"
        case .forEach: "'for_each'"
        case .matrix: "'matrix'"
        case .cache: "'cache'"
        case .handoff: "'handoff'"
        case .workingDirectory: "'working_directory'"
        case .fallback: "'fallback'"
        case .compensate: "'compensate'"
        }
    }
}

extension StageDefinition {
    /// What the input in a field is for; nil for a field that holds none.
    func uses(in field: ExpressionSite.Field) -> String? {
        switch field {
        case .with: uses
        case .fallback: fallback?.uses
        case .compensate: compensate?.uses
        default: nil
        }
    }
}

/// Questions about the graph that are answered together.
struct GraphQuestions {
    /// A reference to a stage, and where it is written.
    struct Question {
        let from: Int
        let to: Int
        let range: Range<Int>
    }

    /// References whose stage must be upstream.
    var upstream: [Question] = []
    /// References to an output that must be there; `from` is negative for the workflow's own fields.
    var completed: [Question] = []
    /// Pairs of stages of which the first reads how the second ended.
    var statusReads: Set<[Int]> = []
}

/// What is known of a stage's outputs.
struct OutputShape {
    /// Names with their types, nil where a type is not declared.
    var types: [String: ValueType?] = [:]
    /// Names in the order declared.
    var names: [String] = []
    /// Whether there can be other names.
    var isOpen = false
}
