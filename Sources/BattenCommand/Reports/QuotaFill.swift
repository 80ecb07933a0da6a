import BattenCore
import BattenStore

/// How full the quotas and budgets are now that stages of a run may wait for.
struct QuotaFill {
    private let quotas: [StoredQuota]
    private let book: QuotaBook

    /// Reads those that have names, and the budgets of a run.
    init(of run: String, _ context: CommandContext) throws(CommandFailure) {
        let files = ZoneFiles(environment: context.environment)
        let zones: @Sendable (String) -> TimeZoneRules? = { try? files.zone(named: $0) }
        if let reader = try context.openReader() {
            quotas = try orFailure { () throws(StoreError) in
                try reader.quotas(at: context.now, zones: zones) + reader.budgets(ofRun: run, at: context.now)
            }
        } else {
            quotas = []
        }
        book = QuotaBook(quotas.map(\.standing), at: context.now, zones: zones)
    }

    /// The quota that a wait is for: its reason begins with the quota's title.
    func quota(of detail: String) -> StoredQuota? {
        quotas.first { quota in
            let title = quota.rule.title
            return detail.hasPrefix(title) && detail.dropFirst(title.count).first == " "
        }
    }

    /// When time alone makes room for whoever waits for a quota.
    ///
    /// - Parameter until: the same as far as it was known when the wait began; limits and use may have changed since.
    func room(in quota: StoredQuota, until: Timestamp?) -> Timestamp? {
        if quota.standing.left > 0 { return until }
        guard let least = book.roomAppears(quota: quota.rule.key) else { return nil }
        return until.map { max($0, least) } ?? least
    }

    /// How full a quota is, for people.
    ///
    /// - Parameter until: when time alone makes room.
    static func text(_ quota: StoredQuota, until: Timestamp?, now: Timestamp) -> String {
        let rule = quota.rule
        var text = "now: \(rule.text(quota.standing.used)) of \(rule.text(rule.limit)) \(rule.window.words)"
        if quota.standing.reserved > 0 { text += ", \(rule.text(quota.standing.reserved)) reserved" }
        if quota.standing.overrun > 0 { text += ", overrun by \(rule.text(quota.standing.overrun))" }
        if let until, until > now { text += "; time alone makes room by \(until.rfc3339(fractionDigits: 0))" }
        return text
    }
}
