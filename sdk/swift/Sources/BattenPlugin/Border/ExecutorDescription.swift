internal import CBattenABI

/// One executor of a plugin, made of its type.
public struct ExecutorDescription: Sendable {
    let type: String
    let title: String
    let summary: String
    let configSchema: Schema?
    let inputSchema: Schema
    let outputSchema: Schema
    let traits: ExecutorTraits
    let maxInFlight: UInt32
    let capabilities: Capabilities
    let isAsynchronous: Bool
    let open: @Sendable (any Plugin, JSON, Host) throws -> Instance

    private init<E: Executor>(
        _ executor: E.Type, isAsynchronous: Bool, open: @escaping @Sendable (E.Owner, JSON, Host) throws -> Instance
    ) {
        type = E.type
        title = E.title
        summary = E.summary
        configSchema = E.configSchema
        inputSchema = E.inputSchema
        outputSchema = E.outputSchema
        traits = E.traits
        maxInFlight = E.maxInFlight
        capabilities = E.capabilities
        self.isAsynchronous = isAsynchronous
        self.open = { plugin, config, host in
            guard let owner = plugin as? E.Owner else {
                throw Failure(
                    .bug, code: "plugin.owner",
                    "\(E.type) belongs to \(E.Owner.self), not to \(Swift.type(of: plugin))")
            }
            return try open(owner, config, host)
        }
    }

    /// An executor whose calls hold a thread of the host.
    public static func blocking<E: BlockingExecutor>(_ executor: E.Type) -> ExecutorDescription {
        ExecutorDescription(executor, isAsynchronous: false) { plugin, config, host in
            BlockingInstance(executor: try E(config: config, plugin: plugin), host: host)
        }
    }

    /// An executor whose calls wait on the host's event loop.
    public static func loop<E: LoopExecutor>(_ executor: E.Type) -> ExecutorDescription {
        ExecutorDescription(executor, isAsynchronous: true) { plugin, config, host in
            LoopInstance(executor: try E(config: config, plugin: plugin), host: host)
        }
    }
}
