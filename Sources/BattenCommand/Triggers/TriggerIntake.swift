import BattenCore
import BattenStore
import BattenSystem

/// Takes in what somebody tells under a name: on the disk before it is acknowledged.
struct TriggerIntake {
    /// Bytes of data that an event may carry.
    static let limit = 1 << 20

    let store: SQLiteStore

    /// Writes an event down for each trigger that waits for its name.
    ///
    /// - Parameter key: a second event with the same key starts nothing.
    /// - Returns: the triggers, and for each whether the event was new to it.
    func accept(_ name: String, data: JSONValue, key: String) throws(CommandFailure) -> JSONValue {
        guard !key.isEmpty, key.utf8.count <= 512 else {
            throw .usage("bad_key", "a key has 1 to 512 bytes", help: "use a shorter one, for example a hash")
        }
        let triggers = try orFailure { () throws(StoreError) in try store.triggers(ofEvent: name) }
        guard !triggers.isEmpty else { throw try unknown(name) }
        let now = Timestamp(nanoseconds: WallClock.now())
        let events = triggers.map { trigger in
            TriggerEvent(trigger: trigger, key: key, data: ["key": .string(key), "data": data], at: now)
        }
        let areNew = try orFailure { () throws(StoreError) in try store.queue(events) }
        return .object([
            "event": .string(name), "key": .string(key),
            "accepted": .array(
                zip(triggers, areNew).map { trigger, isNew in
                    .object([
                        "trigger": .string(trigger.name), "workflow": .string(trigger.workflow), "new": .bool(isNew),
                    ])
                }),
        ])
    }

    private func unknown(_ name: String) throws(CommandFailure) -> CommandFailure {
        let all = try orFailure { () throws(StoreError) in try store.triggers() }
        let names = all.compactMap { trigger -> String? in
            if case .event(let event) = trigger.rule.source { event } else { nil }
        }
        let near = DidYouMean.help(for: name, in: names)
        return .notFound(
            "no_such_event", "no kept workflow waits for the event '\(TextFit.clean(name))'",
            help: near.isEmpty
                ? "write  on: {event: \(TextFit.clean(name))}  in a workflow and keep it with batten add" : near)
    }
}
