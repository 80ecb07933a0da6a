import BattenCore

/// A stage with the node it was read from; an object, because it is large and handed around often.
final class DecodedStage: Sendable {
    let definition: StageDefinition
    let node: SourceNode
    /// The executor's input; differs from the field `with` when `agent` and `prompt` stand on the stage itself.
    let with: SourceNode
    /// Whether the input can be held against a schema; false where what was read of it is told to be at fault.
    let isInputKnown: Bool
    /// Where `uses`, or what stands for it, is written.
    let usesRange: Range<Int>
    /// Where the identifier is written.
    let idRange: Range<Int>
    /// The workflow that is written inside the stage.
    let child: DecodedWorkflow?
    /// The workflows that are written inside its other bodies, by the field that holds the body.
    let bodyChildren: [String: DecodedWorkflow]

    init(
        definition: StageDefinition, node: SourceNode, with: SourceNode, isInputKnown: Bool, usesRange: Range<Int>,
        idRange: Range<Int>, child: DecodedWorkflow? = nil, bodyChildren: [String: DecodedWorkflow] = [:]
    ) {
        self.child = child
        self.bodyChildren = bodyChildren
        self.definition = definition
        self.node = node
        self.with = with
        self.isInputKnown = isInputKnown
        self.usesRange = usesRange
        self.idRange = idRange
    }
}

/// A workflow with the nodes it was read from.
struct DecodedWorkflow {
    var definition: WorkflowDefinition
    let root: SourceNode
    var stages: [DecodedStage] = []
    var finally: [DecodedStage] = []
    var hooks: [(event: String, stages: [DecodedStage])] = []
}
