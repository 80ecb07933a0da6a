import BattenCore
import BattenSystem

/// Gives an expression that is shown, and not run, the values of the session.
struct SessionScope: ExpressionScope {
    let session: Session
    /// What is read of it.
    let usage: LineUsage
    /// Stage ids and the entries they stand for.
    private let places: [String: Int]

    init(_ session: Session, _ usage: LineUsage) {
        self.session = session
        self.usage = usage
        var places: [String: Int] = [:]
        for place in usage.entries { places[session.entries[place].id] = place }
        self.places = places
    }

    var now: Timestamp? { Timestamp(nanoseconds: WallClock.now()) }

    /// It is shown masked; nothing is computed from it.
    func sealed(_ value: JSONValue, isWhole: Bool) -> ScopeLookup {
        isWhole ? .value(SealedText.shown(value)) : .unavailable
    }

    func lookup(_ namespace: ExpressionNamespace) -> ScopeLookup {
        switch namespace {
        case .parameters:
            return .value(.object(JSONObject(session.parameters.map { ($0.name, $0.value) })))
        case .stages:
            return .value(.object(JSONObject(places.sorted { $0.key < $1.key }.map { ($0.key, stage($0.value)) })))
        case .workflow: return .value(["name": .string(session.name), "version": "1.0.0"])
        case .inputs, .env, .secrets, .run, .context, .item, .index, .matrix, .result: return .unavailable
        }
    }

    func lookup(_ namespace: ExpressionNamespace, member key: String) -> ScopeLookup {
        if namespace == .stages { return places[key].map { .value(stage($0)) } ?? .missing }
        guard case .value(let whole) = lookup(namespace) else { return .unavailable }
        return whole[key].map { .value($0) } ?? .missing
    }

    private func stage(_ place: Int) -> JSONValue {
        let entry = session.entries[place]
        var object: JSONObject = ["outputs": entry.outputs ?? .object([:])]
        switch entry.state {
        case .running: object["status"] = "running"
        case .completed: object["status"] = "completed"
        case .ended(let status, let error):
            object["status"] = .string(status.rawValue)
            object["error"] = error?.json
        }
        return .object(object)
    }
}
