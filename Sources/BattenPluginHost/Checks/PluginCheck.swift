/// One check that `plugin check` carries out.
public struct PluginCheck: Sendable, Hashable {
    /// What checks are about.
    public enum Group: String, Sendable, Hashable, CaseIterable {
        /// The file, of which nothing runs.
        case `static`
        /// Loading it and asking it what it is.
        case probe
        /// What it promises over its life.
        case contract
        /// What it does with odd inputs.
        case fault
    }

    /// Name, unique among all.
    public let name: String
    /// The group.
    public let group: Group
    /// What is looked at, in a few words.
    public let title: String
    /// Whether its calls are made anew in a worker.
    var comparesModes: Bool { name == "modes" }
    /// How long it may take.
    let patience: Duration

    /// Every check, in order.
    public static let all: [PluginCheck] = {
        let table: [(name: String, group: Group, title: String)] = [
            ("file", .static, "the file is a shared object for this machine"),
            ("exports", .static, "only the entry function is exported"),
            ("nodelete", .static, "it stays loaded"),
            ("runpath", .static, "libraries are looked for in fixed folders"),
            ("stack", .static, "no executable stack"),
            ("textrel", .static, "no relocations in the code"),
            ("glibc", .static, "this machine's C library is new enough"),
            ("libraries", .static, "every library it needs is the system's"),
            ("sidecar", .static, "the description beside it is about this file"),
            ("load", .probe, "it loads, changes nothing in its process, and describes itself"),
            ("entry", .probe, "the entry function is pure and takes newer hosts"),
            ("life", .contract, "start, calls, stop: the process is as before"),
            ("lives", .contract, "a hundred lives leave nothing behind"),
            ("naked", .contract, "a host without any service"),
            ("future", .contract, "a host with longer structs and a higher minor version"),
            ("calls", .contract, "calls with inputs that fit the schema"),
            ("deadline", .contract, "calls whose time is over"),
            ("cancel", .contract, "calls that are cancelled at once, twice and late"),
            ("in-flight", .contract, "ten thousand calls at once (32 of blocking executors)"),
            ("checkpoint", .contract, "calls with state of an earlier attempt, sensible or not"),
            ("quota", .contract, "every hold is refused"),
            ("stream", .contract, "a reader of the stream that is behind"),
            ("secrets", .contract, "secrets that are denied, empty, long and odd"),
            ("blobs", .contract, "calls whose input is a blob"),
            ("shutdown", .contract, "the host shuts down with calls in flight"),
            ("modes", .contract, "the same outcomes in process and in a worker"),
            ("inputs", .fault, "inputs as odd as the schema allows, from a seed"),
            ("config", .fault, "configurations as odd as the schemas allow, from a seed"),
        ]
        return table.map { PluginCheck(name: $0.name, group: $0.group, title: $0.title, patience: .seconds(60)) }
    }()
}

/// What a check found out.
public struct PluginCheckResult: Sendable, Hashable {
    /// How it came out.
    public enum Verdict: String, Sendable, Hashable {
        case passed, failed, skipped
    }

    /// A rule that does not hold.
    public struct Broken: Sendable, Hashable {
        /// The rule.
        public let rule: PluginRule
        /// What was seen.
        public let message: String
    }

    /// The check.
    public let check: PluginCheck
    /// The rules that do not hold.
    public let broken: [Broken]
    /// What is worth knowing and breaks no rule.
    public let notes: [String]
    /// Why it does not apply.
    public let skipped: String?
    /// How long it took, milliseconds.
    public let milliseconds: Int

    /// How it came out.
    public var verdict: Verdict { broken.isEmpty ? (skipped == nil ? .passed : .skipped) : .failed }
}
