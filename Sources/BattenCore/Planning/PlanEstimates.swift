/// The most that one attempt of a stage uses, as far as that is known before a run.
public struct StageEstimate: Sendable, Hashable {
    /// Stage id.
    public var stage: String
    /// What is used, such as `openai/gpt-4o-mini`; empty when that is not known.
    public var subject: String
    /// Tokens that go in at most; nil when they are not known.
    public var inputTokens: Int64?
    /// Tokens that come out at most; nil when they are not known.
    public var outputTokens: Int64?
    /// What they cost at most, in US dollars; nil when that is not known.
    public var cost: Double?
    /// Attempts' worth of items, 1 for a stage without; nil when their number is not known.
    public var items: Int?
    /// What is not known and why, in words; nil when everything is.
    public var unknown: String?

    /// Tokens of both kinds at most; nil when one of them is not known.
    public var tokens: Int64? {
        guard let inputTokens, let outputTokens else { return nil }
        return inputTokens.addingSaturated(outputTokens)
    }

    /// The estimate as data.
    public var json: JSONValue {
        func number(_ value: Int64?) -> JSONValue { value.map { .int($0) } ?? .null }
        return .object([
            "stage": .string(stage), "subject": subject.isEmpty ? .null : .string(subject),
            "items": number(items.map { Int64($0) }), "input_tokens": number(inputTokens),
            "output_tokens": number(outputTokens), "tokens": number(tokens),
            "cost_usd": cost.map { .double($0) } ?? .null, "unknown": unknown.map { .string($0) } ?? .null,
        ])
    }
}

extension Plan {
    /// What the stages use at most that declare it, each by one attempt of one item.
    ///
    /// - Parameters:
    ///   - parameters: the run's parameters, as far as they are known.
    ///   - prices: what models cost.
    ///   - configuration: a plugin's configuration, by its id.
    public func estimates(
        parameters: JSONObject, prices: any PriceList, configuration: (String) -> JSONValue
    ) -> [StageEstimate] {
        let scope = ExpressionBindings([
            .parameters: .object(parameters),
            .workflow: ["name": .string(definition.name), "version": .string(definition.version)],
        ])
        return (stages + hookStages).compactMap { stage in
            guard case .executor(let info) = stage.kind, let bound = info.usageBound else { return nil }
            let (known, open) = stage.with.renderKnown(in: scope)
            let plugin = String(info.type.prefix { $0 != "." })
            var amounts = bound.amounts(input: known, config: configuration(plugin), prices: prices)
            if bound.inputMembers.contains(where: { open.contains($0) }) { amounts.inputTokens = nil }
            // What only begins to be known is not used: a later choice may come before it.
            let isModelOpen = bound.subject.prefix { Self.isMissing($0, known) }.contains { Self.isOpen($0, open) }
            if isModelOpen { amounts.subject = "" }
            if isModelOpen { amounts.price = nil }
            let isOutputOpen = bound.outputMembers.prefix { Self.isMissing($0, known) }.contains {
                Self.isOpen($0, open)
            }
            if isOutputOpen || isModelOpen && amounts.isOutputOpen { amounts.outputTokens = nil }
            return estimate(stage, amounts)
        }
    }

    private func estimate(_ stage: PlannedStage, _ amounts: QuotaAmounts) -> StageEstimate {
        var estimate = StageEstimate(stage: name(of: stage.index), subject: amounts.subject)
        estimate.items = stage.fanOut.map { $0.knownCount } ?? 1
        estimate.inputTokens = amounts.inputTokens
        estimate.outputTokens = amounts.outputTokens
        var missing: [String] = []
        if amounts.subject.isEmpty { missing.append("what is asked") }
        if amounts.inputTokens == nil { missing.append("the input") }
        if amounts.outputTokens == nil { missing.append("the most that comes out") }
        if missing.isEmpty {
            estimate.cost = amounts.amount(of: QuotaMetric.cost).map { Double($0) / 1e9 }
            if estimate.cost == nil { estimate.unknown = "no price is known for \(amounts.subject)" }
        } else {
            estimate.unknown = "only a run knows " + missing.joined(separator: " and ")
        }
        return estimate
    }

    private static func isMissing(_ path: [String], _ input: JSONValue) -> Bool {
        var value = input
        for name in path {
            guard let next = value[name], !next.isNull else { return true }
            value = next
        }
        return false
    }

    private static func isOpen(_ path: [String], _ open: Set<String>) -> Bool {
        path.first.map { open.contains($0) } ?? false
    }
}

extension TemplateValue {
    /// As much of an object as has a value in a scope.
    ///
    /// - Returns: the members that have one, those of members too, and the names of the outer ones that lack something.
    func renderKnown(in scope: some ExpressionScope) -> (value: JSONValue, open: Set<String>) {
        guard case .object(let members) = root else {
            return ((try? render(in: scope)) ?? .object([:]), [])
        }
        var known = JSONObject()
        var open: Set<String> = []
        for member in members {
            let inner = TemplateValue(root: member.node)
            if let value = try? inner.render(in: scope) {
                known[member.key] = value
            } else {
                open.insert(member.key)
                if case .object = member.node { known[member.key] = inner.renderKnown(in: scope).value }
            }
        }
        return (.object(known), open)
    }
}
