import BattenCore

/// What a project's `batten.yaml` may say: the current folder is not trusted with the user's keys.
enum ProjectTrust {
    /// Refuses a key that would be sent to a host which the user's own configuration does not name.
    ///
    /// - Parameters:
    ///   - project: settings of the project's file.
    ///   - user: settings of the user's own file.
    static func check(_ path: String, project: [ConfigurationFile.Entry], user: [ConfigurationFile.Entry])
        throws(CommandFailure)
    {
        let known = Set(user.flatMap { hosts(in: $0.value) })
        for entry in project where entry.key.name == "plugins" {
            for (plugin, configuration) in entry.value.objectValue ?? [:] {
                for (field, value) in configuration.objectValue ?? [:] {
                    guard plugin == "llm", field == "providers" else {
                        throw .usage(
                            "untrusted_setting",
                            "\(path):\(entry.line): a project's file may not set 'plugins.\(plugin).\(field)'",
                            help:
                                "it may add defaults and plugins.llm.providers; set this in the user's configuration file"
                        )
                    }
                    try checkProviders(value, path: path, line: entry.line, known: known)
                }
            }
        }
    }

    private static func checkProviders(
        _ providers: JSONValue, path: String, line: Int, known: Set<String>
    ) throws(CommandFailure) {
        for (name, provider) in providers.objectValue ?? [:] {
            let named = hosts(in: provider)
            if !named.isEmpty, named.allSatisfy(known.contains) { continue }
            // A built-in provider has a key without naming one.
            let hasKey = carriesKey(provider) || ["openai", "anthropic"].contains(name)
            if !hasKey, !named.isEmpty, named.allSatisfy(isLoopback) { continue }
            let target = named.first { !known.contains($0) } ?? "its standard host"
            throw .usage(
                "untrusted_setting",
                "\(path):\(line): the provider '\(name)' would send \(hasKey ? "a key" : "prompts") to \(target), "
                    + "which the user's own configuration does not name",
                help: "a project may add providers on loopback that need no key; "
                    + "name this one in the user's configuration file, since this version cannot trust a folder")
        }
    }

    /// Whether an address, `scheme://host:port`, stays on this machine.
    static func isLoopback(_ address: String) -> Bool {
        guard let scheme = address.firstRange(of: "://") else { return false }
        let authority = address[scheme.upperBound...]
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.prefix { $0 != ":" }
        guard host != "localhost" else { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether a mapping holds a key to send, at any depth.
    private static func carriesKey(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object):
            object.contains { name, value in
                ["key", "api_key", "token", "headers", "authorization"].contains(name.lowercased())
                    || name.lowercased().hasSuffix("_key") || carriesKey(value)
            }
        case .array(let elements): elements.contains(where: carriesKey)
        default: false
        }
    }

    /// Schemes and hosts of all addresses in a value, with their ports, lower case: `https://api.example:8443`.
    static func hosts(in value: JSONValue) -> [String] {
        switch value {
        case .string(let text):
            guard let scheme = text.firstRange(of: "://") else { return [] }
            let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            let host = authority.split(separator: "@").last ?? ""
            return host.isEmpty ? [] : ["\(text[..<scheme.lowerBound])://\(host)".lowercased()]
        case .object(let object): return object.flatMap { hosts(in: $0.value) }
        case .array(let elements): return elements.flatMap(hosts)
        default: return []
        }
    }
}
