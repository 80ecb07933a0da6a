public import BattenCore

/// Holds what calls came to in a process of the host's own against what the same calls come to in a worker.
struct ModeComparison {
    /// How long a call may take in a worker that ended by itself in half a second elsewhere.
    private static let patience = Duration.seconds(20)
    private let descriptor: PluginDescriptor
    private let path: String
    private let workerPath: String
    private let capabilities: JSONValue
    private let spool: String?

    init(_ descriptor: PluginDescriptor, path: String, workerPath: String, capabilities: JSONValue, spool: String?) {
        self.spool = spool
        self.descriptor = descriptor
        self.path = path
        self.workerPath = workerPath
        self.capabilities = capabilities
    }

    /// Makes calls anew in a worker.
    ///
    /// - Parameter calls: what the other process was asked for and answered, as data.
    /// - Returns: what differs.
    func differences(_ calls: [JSONValue]) -> [PluginCheckResult.Broken] {
        let trial = PluginTrial(
            descriptor, path: path, workerPath: workerPath, capabilities: capabilities, spool: spool)
        defer { trial.end() }
        var broken: [PluginCheckResult.Broken] = []
        for call in calls where broken.count < 20 {
            guard let type = call["executor"]?.stringValue, let input = call["input"], let config = call["config"],
                let before = call["result"].flatMap(PluginTrial.Result.init),
                let executor = descriptor.executors.first(where: { $0.type == type }), !executor.isHostProcessOnly
            else { continue }
            let after = trial.call(type, config: config, input: input, patience: Self.patience)
            let text = JSONWriter.string(input)
            let shown = text.utf8.count > 300 ? String(text.prefix(300)) + "…" : text
            guard let after else {
                let message = "\(type) did not end within \(Self.patience) in a worker, input \(shown)"
                broken.append(.init(rule: .hang, message: message))
                continue
            }
            guard let what = before.difference(from: after, executor.output, ("in process", "in a worker"))
            else { continue }
            let rule: PluginRule = after.outcome.outcomeClass == .crashed ? .crash : .modes
            broken.append(.init(rule: rule, message: "\(type): \(what), input \(shown)"))
        }
        return broken
    }
}

extension PluginTrial.Result {
    /// What differs from another result of the same call, but for what the schema of the output calls volatile.
    ///
    /// - Parameters:
    ///   - schema: the output's.
    ///   - names: where this result and the other one come from.
    /// - Returns: nil when nothing does.
    public func difference(
        from other: PluginTrial.Result, _ schema: JSONSchema, _ names: (one: String, other: String)
    ) -> String? {
        func text(_ value: JSONValue) -> String { String(JSONWriter.string(value).prefix(200)) }
        func plain(_ result: PluginTrial.Result) -> [(name: String, value: JSONValue)] {
            var outcome = result.outcome
            outcome.output = schema.withoutVolatile(outcome.output)
            let members = outcome.frameDocument.objectValue ?? [:]
            return members.map { ($0.0, $0.1) } + [("usage", result.json["usage"] ?? .null)]
        }
        for (first, second) in zip(plain(self), plain(other)) where first.value != second.value {
            return "the \(first.name) is \(text(first.value)) \(names.one) and \(text(second.value)) \(names.other)"
        }
        return nil
    }
}
