import BattenCore

/// What a workflow takes from the host: variables named by `from_host`, and secrets.
enum HostEnvironment {
    /// Prefix of the variables that hold secrets.
    static let secretPrefix = "BATTEN_SECRET_"

    /// Values of the host variables that a workflow names, read now.
    ///
    /// - Throws: `missing_variable` when one is not set and has no default.
    static func read(
        for definition: WorkflowDefinition, from environment: [String: String]
    ) throws(CommandFailure) -> JSONObject {
        var values = JSONObject()
        var missing: [String] = []
        for entry in entries(of: definition) {
            guard case .fromHost(let name, let standard) = entry.source else { continue }
            if let value = environment[name] {
                values[name] = .string(value)
            } else if standard == nil, !missing.contains(name) {
                missing.append(name)
            }
        }
        guard missing.isEmpty else {
            throw .usage(
                "missing_variable",
                "workflow '\(definition.name)' reads host variables that are not set: \(missing.joined(separator: ", "))",
                help: "set them, or give them a default: {from_host: \(missing[0]), default: …}")
        }
        return values
    }

    /// Refuses a workflow whose secrets are not there.
    static func requireSecrets(of definition: WorkflowDefinition, in vault: SecretVault) throws(CommandFailure) {
        var missing: [String] = []
        for name in secrets(of: definition) {
            switch vault.trouble(name) {
            case nil: continue
            case .missing: missing.append(name)
            case .keyUnusable(let failure): throw failure
            case .keyMissing(let id):
                throw .usage(
                    "secret_unreadable", "the secret \(name) was sealed under the key \(id), which is not here",
                    help: "put its key file back, set \(SecretKeyRing.variable), or: batten secret set \(name)")
            case .damaged:
                throw .usage(
                    "secret_unreadable", "the stored secret \(name) is damaged",
                    help: "set it again: batten secret set \(name)")
            }
        }
        guard !missing.isEmpty else { return }
        throw .usage(
            "missing_secret",
            "workflow '\(definition.name)' needs \(missing.count == 1 ? "the secret" : "the secrets") "
                + missing.joined(separator: ", "),
            help: missing.map { "batten secret set \($0)" }.joined(separator: "; ")
                + ", or \(secretPrefix)\(missing[0]) in the environment")
    }

    /// Secrets of a workflow and of its children, each once.
    static func secrets(of definition: WorkflowDefinition) -> [String] {
        var names = definition.secrets
        for child in definition.allStages.flatMap(\.children) {
            for name in secrets(of: child) where !names.contains(name) { names.append(name) }
        }
        return names
    }

    private static func entries(of definition: WorkflowDefinition) -> [EnvironmentEntry] {
        var entries = definition.env + definition.defaults.env
        for stage in definition.allStages {
            entries += stage.env + (stage.fallback?.env ?? []) + (stage.compensate?.env ?? [])
            for child in stage.children { entries += self.entries(of: child) }
        }
        return entries
    }
}
