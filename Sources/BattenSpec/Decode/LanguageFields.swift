/// The field names of every mapping of the language: what decoder, suggestions and editor schema agree on.
enum LanguageFields {
    static let workflow = [
        "name", "version", "description", "tags", "parameters", "env", "secrets", "agents", "budget", "max_parallel",
        "timeout", "concurrency", "defaults", "outputs", "schedule", "on", "context", "stages", "finally", "hooks",
    ]
    static let stage = [
        "id", "name", "description", "uses", "with", "definition", "depends_on", "if", "env", "inputs", "outputs",
        "timeout", "deadline", "retry", "on_failure", "fallback", "compensate", "for_each", "matrix", "max_parallel",
        "fail_fast",
        "cache", "isolation", "priority", "budget", "context", "handoff", "on_lost", "working_directory", "parallel",
        "ui", "agent", "prompt",
    ]
    static let body = ["uses", "with", "definition", "env", "timeout", "retry", "agent", "prompt"]
    static let parameter = ["type", "default", "description"]
    static let parameterConstraints = [
        "title", "examples", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "minLength", "maxLength", "pattern", "format", "items", "prefixItems", "contains", "minItems",
        "maxItems", "uniqueItems", "properties", "required", "additionalProperties", "patternProperties",
        "propertyNames", "minProperties", "maxProperties", "anyOf", "oneOf", "allOf", "not",
    ]
    static let input = ["type", "required", "value"]
    static let output = ["type", "value", "description"]
    static let hostVariable = ["from_host", "default"]
    static let retry = ["max_attempts", "backoff", "initial", "factor", "max", "jitter", "on"]
    static let defaults = ["timeout", "retry", "on_failure", "env"]
    static let budget = ["tokens", "cost_usd"]
    static let concurrency = ["group", "on_conflict"]
    static let cache = ["key", "ttl"]
    static let handoff = ["summary"]
    static let summary = ["agent", "model", "prompt", "max_tokens"]
    static let schedule = [
        "cron", "every", "at", "timezone", "overlap", "catch_up", "window", "start", "end", "jitter", "parameters",
        "pause_after", "name", "description",
    ]
    static let trigger = [
        "file", "workflow", "event", "status", "settle", "existing", "parameters", "name", "description",
    ]
    static let contextEntry = ["text", "file", "max_tokens", "min_confidence"]
    static let contextPiece = ["text", "confidence"]
    static let hooks = ["on_start", "on_success", "on_failure", "on_waiting", "on_recovery"]
    static let step = ["key", "agent", "prompt", "dependencies", "parallel"]

    static let overlap = ["skip", "queue", "queue_one", "cancel_running", "allow"]
    static let catchUp = ["none", "last", "all"]

    /// Stage kinds that the engine carries out itself.
    static let engineKinds = ["gate", "sleep", "signal", "workflow", "set"]

    /// Outcome classes that a retry can name.
    static let retryable = ["failed", "transient", "rate_limited", "permanent", "timeout", "crashed", "quota"]
}

/// Checks of names.
enum LanguageName {
    /// `[A-Za-z_][A-Za-z0-9_-]*`.
    static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy {
            isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
    }

    /// `[A-Za-z_][A-Za-z0-9_]*`.
    static func isVariable(_ text: String) -> Bool {
        isIdentifier(text) && !text.utf8.contains(UInt8(ascii: "-"))
    }

    /// `[a-z0-9][a-z0-9_-]{0,63}`.
    static func isWorkflowName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isLower(first) || isDigit(first) else {
            return false
        }
        return text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    /// `<plugin>.<executor>`, each of letters, digits, `_` and `-`.
    static func isExecutor(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy {
                    isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                }
        }
    }

    /// A workflow name made from any text, nil when nothing of it can be used.
    static func workflowName(from text: String) -> String? {
        var out: [UInt8] = []
        for byte in text.lowercased().utf8 {
            if isLower(byte) || isDigit(byte) || byte == UInt8(ascii: "_") && !out.isEmpty {
                out.append(byte)
            } else if let last = out.last, last != UInt8(ascii: "-") {
                out.append(UInt8(ascii: "-"))
            }
        }
        out = Array(out.prefix(64))
        while out.last == UInt8(ascii: "-") { out.removeLast() }
        return out.isEmpty ? nil : String(decoding: out, as: UTF8.self)
    }

    /// An identifier made from any text.
    static func identifier(from text: String) -> String {
        if isIdentifier(text) { return text }
        var out = text.utf8.map { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") ? $0 : UInt8(ascii: "_") }
        if out.first.map({ !isLetter($0) && $0 != UInt8(ascii: "_") }) ?? true { out.insert(UInt8(ascii: "_"), at: 0) }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) && byte < 0x80 }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
