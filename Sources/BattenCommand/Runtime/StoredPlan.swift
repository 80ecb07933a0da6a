import BattenCore
import BattenSpec

/// Makes plans of the definitions that runs are locked to.
struct StoredPlan: Sendable {
    private let catalog: PatientCatalog

    /// Creates a planner.
    ///
    /// - Parameter catalog: the executors there are; a run that was accepted with others waits for them.
    init(_ catalog: any ExecutorCatalog) {
        self.catalog = PatientCatalog(catalog)
    }

    /// Reads what a run is locked to.
    func read(_ snapshot: [UInt8], of run: String) -> ReadResult {
        WorkflowReader.read(path: "run \(run).json", bytes: snapshot, catalog: catalog, settings: ReaderSettings())
    }

    /// Makes the plan of a run.
    ///
    /// - Throws: `invalid_workflow` when this version cannot read what the run is locked to.
    func plan(_ snapshot: [UInt8], of run: String) throws(CommandFailure) -> Plan {
        try plan(read(snapshot, of: run), snapshot)
    }

    /// Makes the plan of a definition that was read.
    ///
    /// - Throws: `invalid_workflow` when it has errors.
    func plan(_ result: ReadResult, _ snapshot: [UInt8]) throws(CommandFailure) -> Plan {
        guard let definition = result.definition else { throw CheckedWorkflow.invalid(result) }
        return try CheckedWorkflow.plan(definition, snapshot: snapshot, parsed: result.parsed, catalog: catalog)
    }
}
