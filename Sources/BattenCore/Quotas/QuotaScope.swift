/// Which uses a quota counts: all that fit every pattern it names.
public struct QuotaScope: Sendable, Hashable {
    /// What a pattern is held against.
    public enum Key: String, Sendable, Hashable, CaseIterable {
        /// Plugin id.
        case plugin
        /// Executor type, `<plugin>.<executor>`.
        case executor
        /// The part of what is used before the first slash, such as `openai`.
        case provider
        /// What is used as a whole, such as `openai/gpt-4o-mini`, or its part behind the first slash.
        case model
        /// Workflow name.
        case workflow
        /// One of the workflow's tags.
        case tag
    }

    /// A pattern of one key; `*` stands for any characters, `?` for one.
    public struct Pattern: Sendable, Hashable {
        /// What it is held against.
        public var key: Key
        /// The pattern.
        public var glob: String

        /// Creates a pattern.
        public init(_ key: Key, _ glob: String) {
            self.key = key
            self.glob = glob
        }
    }

    /// The patterns; of several with the same key one has to fit.
    public var patterns: [Pattern]

    /// Creates a scope; without patterns it takes in everything.
    public init(_ patterns: [Pattern] = []) { self.patterns = patterns }

    /// Whether a use is counted.
    ///
    /// - Parameter use: who uses what.
    public func takesIn(_ use: QuotaUse) -> Bool {
        for key in Key.allCases {
            let globs = patterns.filter { $0.key == key }
            if globs.isEmpty { continue }
            let names = use.names(of: key)
            guard globs.contains(where: { pattern in names.contains { Self.fits($0, pattern.glob) } }) else {
                return false
            }
        }
        return true
    }

    /// Whether a name fits a pattern.
    static func fits(_ name: String, _ glob: String) -> Bool {
        let name = Array(name.unicodeScalars)
        let glob = Array(glob.unicodeScalars)
        var (place, at) = (0, 0)
        // Where the last star stands, and how much of the name it has taken.
        var star: (glob: Int, name: Int)?
        while place < name.count {
            if at < glob.count, glob[at] == "*" {
                star = (at, place)
                at += 1
            } else if at < glob.count, glob[at] == "?" || glob[at] == name[place] {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.glob, last.name + 1)
                place = last.name + 1
                at = last.glob + 1
            } else {
                return false
            }
        }
        return glob[at...].allSatisfy { $0 == "*" }
    }

    /// The scope as data: patterns by key.
    public var json: JSONValue {
        var members = JSONObject()
        for key in Key.allCases {
            let globs = patterns.filter { $0.key == key }.map { JSONValue.string($0.glob) }
            if globs.count == 1 {
                members[key.rawValue] = globs[0]
            } else if !globs.isEmpty {
                members[key.rawValue] = .array(globs)
            }
        }
        return .object(members)
    }

    /// Reads a scope from data; nil when it is none.
    public init?(json: JSONValue) {
        guard case .object(let members) = json else { return nil }
        var patterns: [Pattern] = []
        for (name, value) in members {
            guard let key = Key(rawValue: name) else { return nil }
            for glob in value.arrayValue ?? [value] {
                guard let text = glob.stringValue else { return nil }
                patterns.append(Pattern(key, text))
            }
        }
        self.init(patterns)
    }
}

/// Who uses what.
public struct QuotaUse: Sendable, Hashable {
    /// Executor type, `<plugin>.<executor>`.
    public var executor: String
    /// What is used, such as `openai/gpt-4o-mini`; empty when that is not known or there is nothing to name.
    public var subject: String
    /// Workflow name.
    public var workflow: String
    /// The workflow's tags.
    public var tags: [String]

    /// Names a use.
    public init(executor: String, subject: String, workflow: String, tags: [String] = []) {
        self.executor = executor
        self.subject = subject
        self.workflow = workflow
        self.tags = tags
    }

    /// What patterns of a key are held against.
    func names(of key: QuotaScope.Key) -> [String] {
        switch key {
        case .plugin: return [String(executor.prefix { $0 != "." })]
        case .executor: return [executor]
        case .workflow: return [workflow]
        case .tag: return tags
        case .provider:
            guard let slash = subject.firstIndex(of: "/") else { return [] }
            return [String(subject[..<slash])]
        case .model:
            guard let slash = subject.firstIndex(of: "/") else { return subject.isEmpty ? [] : [subject] }
            return [subject, String(subject[subject.index(after: slash)...])]
        }
    }
}
