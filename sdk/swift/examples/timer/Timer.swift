// An asynchronous executor in Swift: each call is a task, and one that waits holds no thread.
import BattenPlugin
import CBattenABI

/// What the plugin exports.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { Timers.entry(hello) }

struct Timers: Plugin {
    static var description: PluginDescription {
        PluginDescription(id: "timer", version: "1.0.0", title: "Timers", executors: [.async(Wait.self)])
    }

    init(start: PluginStart) throws {}
}

struct Wait: AsyncExecutor {
    struct Input: Decodable { let ms: Int }
    struct Output: Encodable {
        let waited: Int
        enum CodingKeys: String, CodingKey { case waited = "waited_ms" }
    }

    static let type = "timer.wait"
    static let title = "Waits without holding a thread"
    static let summary = "Ends after some time."
    static let inputSchema = Schema.object([.required("ms", .integer(minimum: 0, maximum: 86_400_000))])
    static let outputSchema = Schema.object([.required("waited_ms", .integer())])
    static let traits: ExecutorTraits = [.idempotent, .cancellable]

    init(config: JSON, plugin: Timers) throws {}

    func run(_ input: Input, context: Context) async throws -> Output {
        // Ends early, with the fitting failure, when the host asks the call to end.
        try await context.sleep(for: .milliseconds(input.ms))
        return Output(waited: input.ms)
    }
}
