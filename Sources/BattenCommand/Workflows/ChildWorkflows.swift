import BattenCore
import BattenSpec
import BattenStore

/// Finds the workflows that stages run as children, when the workflow that names them is read.
struct ChildWorkflows {
    let context: CommandContext
    /// Folder that paths are relative to, absolute.
    private let folder: String
    /// The workflows on the way here, outermost first.
    private let way: [Step]

    private struct Step {
        let reference: ChildReference
        let label: String
    }

    /// Begins at a text that a command line names.
    init(of text: WorkflowText, in context: CommandContext) {
        self.context = context
        folder = text.path.map { PathText.folder($0) } ?? context.directory
        way = text.reference.map { [Step(reference: $0, label: text.label)] } ?? []
    }

    private init(_ context: CommandContext, folder: String, way: [Step]) {
        self.context = context
        self.folder = folder
        self.way = way
    }

    /// What a reference leads to, read and checked.
    func find(_ reference: ChildReference) -> ChildLookup {
        do throws(CommandFailure) {
            return try read(reference)
        } catch {
            return .unusable(message: error.message, help: error.help.isEmpty ? nil : error.help)
        }
    }

    private func read(_ written: ChildReference) throws(CommandFailure) -> ChildLookup {
        let reference: ChildReference
        switch written {
        case .name: reference = written
        case .path(let path): reference = .path(PathText.absolute(path, in: folder))
        }
        let step = Step(reference: reference, label: written.text)
        if let start = way.firstIndex(where: { $0.reference == reference }) {
            let circle = (way[start...] + [step]).map(\.label).joined(separator: " → ")
            return .unusable(
                message: "workflows start one another in a circle: \(circle)",
                help: "let one of them do the work itself, or repeat it with 'for_each'")
        }
        guard way.count <= ChildPlanner.maximumDepth else {
            return .unusable(
                message: "children go more than \(ChildPlanner.maximumDepth) deep here",
                help: "put stages of the inner workflows into the outer ones")
        }
        let text: WorkflowText
        let below: ChildWorkflows
        switch reference {
        case .name(let name):
            let kept = try KeptWorkflow.require(name, in: context)
            guard kept.workflow.isEnabled else {
                return .unusable(
                    message: "workflow '\(name)' is disabled, so no run of it is started",
                    help: "`batten enable \(name)` lets it be started again")
            }
            text = WorkflowText(label: "\(name).json", bytes: kept.snapshot)
            below = ChildWorkflows(
                context, folder: kept.workflow.path.map { PathText.folder($0) } ?? context.directory,
                way: way + [step])
        case .path(let path):
            text = try WorkflowText.read(path, in: context)
            below = ChildWorkflows(context, folder: PathText.folder(path), way: way + [step])
        }
        let result = try CheckedWorkflow.read(text, children: below.find, in: context)
        guard let definition = result.definition else { return .unusable(Self.problems(of: result, written)) }
        return .found(definition)
    }

    private static func problems(of result: ReadResult, _ reference: ChildReference) -> (String, String) {
        let errors = result.diagnostics.filter { $0.severity == .error }
        let first = errors.first.map { "\($0.start.line):\($0.start.column): \($0.message)" } ?? ""
        let count = "\(errors.count) \(errors.count == 1 ? "error" : "errors")"
        return (
            "the child workflow '\(reference.text)' has \(count); the first, at \(first)",
            "`batten validate` draws them all"
        )
    }
}

extension ChildLookup {
    fileprivate static func unusable(_ told: (message: String, help: String)) -> ChildLookup {
        .unusable(message: told.message, help: told.help)
    }
}
