public import BattenCore

/// How a `workflow` stage names the workflow that it runs.
public enum ChildReference: Sendable, Hashable {
    /// A workflow that is kept in the store.
    case name(String)
    /// A file, relative to the folder of the file that names it.
    case path(String)

    /// What is written.
    public var text: String {
        switch self {
        case .name(let text), .path(let text): text
        }
    }
}

/// What is known of the workflow that a stage names.
public enum ChildLookup: Sendable {
    /// It was read and has no errors; its own children are in it.
    case found(WorkflowDefinition)
    /// It is not there, is wrong itself, or leads back to a workflow that it is a child of.
    case unusable(message: String, help: String?)
}

/// Finds the workflows that stages name.
public typealias ChildFinder = (ChildReference) -> ChildLookup

extension WorkflowDefinition {
    /// The same workflow without the children that are found by what their stages name.
    ///
    /// - Parameter namedOnly: whether those that are named by path stay.
    public func withoutFoundChildren(namedOnly: Bool = false) -> WorkflowDefinition {
        func left(_ child: WorkflowDefinition?, _ with: JSONObject) -> WorkflowDefinition? {
            let isFound = with["name"] != nil || (!namedOnly && with["path"] != nil)
            return isFound ? nil : child?.withoutFoundChildren(namedOnly: namedOnly)
        }
        return mapStages { stage in
            guard !stage.children.isEmpty else { return stage }
            var stage = stage
            stage.child = left(stage.child, stage.with)
            if let body = stage.fallback { stage.fallback?.child = left(body.child, body.with) }
            if let body = stage.compensate { stage.compensate?.child = left(body.child, body.with) }
            return stage
        }
    }
}
