import BattenCore

/// A rule of the header that did not hold.
struct BrokenRule: Sendable, Hashable {
    let rule: PluginRule
    /// What was seen.
    let what: String

    /// What was seen, and the rule by name and sentence.
    var text: String { "\(what) (rule \(rule.rawValue): \(rule.sentence))" }

    /// What is the same in repetitions: all but the numbers.
    var shape: String { rule.rawValue + String(what.filter { !$0.isNumber }) }

    /// The rule as data.
    var json: JSONValue { .object(["rule": .string(rule.rawValue), "message": .string(what)]) }
}

extension CallEnd {
    /// Whether the world outside may have changed, as the plugin says.
    private var effect: Effect {
        switch self {
        case .outcome(let outcome): return outcome.effect
        case .image(let image):
            switch image.effect {
            case 1: return .none
            case 2: return .made
            default: return .unknown
            }
        }
    }

    /// The end of a call in which rules were broken.
    func judged(_ type: String, _ broken: [BrokenRule]) -> CallEnd {
        guard let first = broken.first else { return self }
        let more = broken.count > 1 ? ", and \(broken.count - 1) more" : ""
        var outcome = HostOutcome.bug(type, code: "rule", first.text + more, effect: effect)
        outcome.details = .object(["rules": .array(broken.map(\.json))])
        return .outcome(outcome)
    }
}
