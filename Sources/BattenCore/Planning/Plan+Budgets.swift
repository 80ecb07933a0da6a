extension Plan {
    /// The rules that hold the budgets of a run.
    ///
    /// - Parameter given: the bound by whoever starts it, besides the workflow's own.
    public func budgets(given: BudgetDefinition?) -> [QuotaRule] {
        var rules = given?.rules(name: "bound given to this run", stage: nil) ?? []
        rules += definition.budget?.rules(name: "budget of workflow '\(definition.name)'", stage: nil) ?? []
        for stage in stages {
            guard let budget = stage.definition.budget else { continue }
            rules += budget.rules(name: "budget of stage '\(stage.id)'", stage: stage.id)
        }
        return rules
    }
}
