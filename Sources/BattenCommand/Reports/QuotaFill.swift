import BattenCore
import BattenStore

/// How full the quotas and budgets are now that stages of a run may wait for.
struct QuotaFill {
    private let quotas: [StoredQuota]

    /// Reads those that have names, and the budgets of a run.
    init(of run: String, _ context: CommandContext) throws(CommandFailure) {
        guard let reader = try context.openReader() else {
            quotas = []
            return
        }
        let files = ZoneFiles(environment: context.environment)
        quotas = try orFailure { () throws(StoreError) in
            try reader.quotas(at: context.now, zones: { try? files.zone(named: $0) })
                + reader.budgets(ofRun: run, at: context.now)
        }
    }

    /// The quota that a wait is for: its reason begins with the quota's title.
    func quota(of detail: String) -> StoredQuota? {
        quotas.first { quota in
            let title = quota.rule.title
            return detail.hasPrefix(title) && detail.dropFirst(title.count).first == " "
        }
    }

    /// How full a quota is, for people.
    ///
    /// - Parameter until: when time alone makes room, as far as it was known when the wait began.
    static func text(_ quota: StoredQuota, until: Timestamp?, now: Timestamp) -> String {
        let rule = quota.rule
        var text = "now: \(rule.text(quota.standing.used)) of \(rule.text(rule.limit)) \(rule.window.words)"
        if quota.standing.reserved > 0 { text += ", \(rule.text(quota.standing.reserved)) reserved" }
        if quota.standing.overrun > 0 { text += ", overrun by \(rule.text(quota.standing.overrun))" }
        if let until, until > now { text += "; time alone makes room by \(until.rfc3339(fractionDigits: 0))" }
        return text
    }
}
