import BattenCore

/// Which settings a running engine takes over when configuration is read again.
struct Reloading: Sendable {
    /// Settings that hold from the next call, sweep or stop on; the others belong to what the engine was made of.
    static let live = [
        "grace", "limits.groups", "log.lag", "prices", "retention.days", "retention.runs_per_workflow",
    ]

    /// The settings as they were read last.
    private(set) var settings: Settings
    /// What holds now, by name.
    private var inForce: [String: JSONValue] = [:]

    init(_ resolved: ResolvedSettings) {
        settings = resolved.settings
        for value in resolved.values { inForce[value.name] = value.value }
    }

    /// Takes over what was read again.
    ///
    /// - Returns: names of the settings that have changed: those that hold from now on, and those that need a restart.
    mutating func take(_ fresh: ResolvedSettings) -> (applied: [String], later: [String]) {
        settings = fresh.settings
        var found: [String: JSONValue] = [:]
        for value in fresh.values { found[value.name] = value.value }
        var (applied, later): ([String], [String]) = ([], [])
        for name in Set(found.keys).union(inForce.keys).sorted() where found[name] != inForce[name] {
            if Self.live.contains(where: { name == $0 || name.hasPrefix($0 + ".") }) {
                applied.append(name)
                inForce[name] = found[name]
            } else {
                later.append(name)
            }
        }
        return (applied, later)
    }
}
