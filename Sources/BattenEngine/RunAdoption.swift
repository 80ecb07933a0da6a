public import BattenCore

/// A run that an engine is to take up, after its claim succeeded.
public struct RunAdoption: Sendable {
    /// What the store knew of the run when it was claimed.
    public var recovered: RecoveredRun
    /// The plan of the definition that the run is locked to.
    public var plan: Plan
    /// The epoch that the claim gave.
    public var epoch: Int64

    /// Creates an adoption.
    public init(recovered: RecoveredRun, plan: Plan, epoch: Int64) {
        self.recovered = recovered
        self.plan = plan
        self.epoch = epoch
    }
}
