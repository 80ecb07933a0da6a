public import CBattenABI

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
    /// The descriptor of an executor that is not written in Swift.
    let native: NativeExecutor?

    @safe
    struct NativeExecutor: @unchecked Sendable {
        // SAFETY: a descriptor is never changed and never freed.
        let descriptor: UnsafePointer<batten_executor>
    }

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
        native = nil
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

    /// An executor whose calls are tasks.
    public static func async<E: AsyncExecutor>(_ executor: E.Type) -> ExecutorDescription {
        ExecutorDescription(executor, isAsynchronous: true) { plugin, config, host in
            AsyncInstance(executor: try E(config: config, plugin: plugin), host: host)
        }
    }

    /// An executor that is written in C on the header alone.
    ///
    /// - Parameter descriptor: lives as long as the process. What the plugin's state is its `open` cannot know.
    public static func native(_ descriptor: UnsafePointer<batten_executor>) -> ExecutorDescription {
        ExecutorDescription(native: unsafe NativeExecutor(descriptor: descriptor))
    }

    private init(native: NativeExecutor) {
        self.native = native
        type = ""
        title = ""
        summary = ""
        configSchema = nil
        inputSchema = .any
        outputSchema = .any
        traits = []
        maxInFlight = 0
        capabilities = Capabilities()
        isAsynchronous = false
        open = { _, _, _ in
            throw Failure(.bug, code: "plugin.native", "an executor written in C is opened by its own function")
        }
    }
}
