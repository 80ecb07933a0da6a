import BattenCore

/// Who started a run, and what executors are told about it.
enum RunOrigin {
    /// What starts a run when a person at this machine does.
    static let local: Set<String> = ["cli", "detached", "exec", "repl"]

    /// What an executor's instance is opened with: `ffi` calls listed functions only unless the local user started the run.
    static func configuration(plugin: String, trigger: String) -> JSONValue {
        guard plugin == "ffi", !local.contains(trigger) else { return .object([:]) }
        return ["listed_only": true]
    }
}
