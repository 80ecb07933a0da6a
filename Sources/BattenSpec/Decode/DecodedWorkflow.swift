import BattenCore

/// A stage with the node it was read from.
struct DecodedStage {
    var definition: StageDefinition
    let node: SourceNode
    /// The executor's input; differs from the field `with` when `agent` and `prompt` stand on the stage itself.
    let with: SourceNode
    /// Whether the input can be held against a schema; false where what was read of it is told to be at fault.
    let isInputKnown: Bool
    /// Where `uses`, or what stands for it, is written.
    let usesRange: Range<Int>
    /// Where the identifier is written.
    let idRange: Range<Int>
}

/// A workflow with the nodes it was read from.
struct DecodedWorkflow {
    var definition: WorkflowDefinition
    let root: SourceNode
    var stages: [DecodedStage] = []
    var finally: [DecodedStage] = []
    var hooks: [(event: String, stages: [DecodedStage])] = []
}
