// @NAME@: a Batten plugin.
import BattenPlugin
import CBattenABI

/// What the plugin exports.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? {
    @TYPE@Plugin.entry(hello)
}

struct @TYPE@Plugin: Plugin {
    static var description: PluginDescription {
        PluginDescription(id: "@ID@", version: "0.1.0", title: "@NAME@", executors: [.async(Wait.self)])
    }

    init(start: PluginStart) throws {}
}

struct Wait: AsyncExecutor {
    struct Input: Decodable { let ms: Int }
    struct Output: Encodable { let waited: Bool }

    static let type = "@ID@.wait"
    static let title = "Waits without holding a thread"
    static let summary = "Ends after some time."
    static let inputSchema = Schema.object([.required("ms", .integer(minimum: 0, maximum: 86_400_000))])
    static let outputSchema = Schema.object([.required("waited", .boolean())])
    static let traits: ExecutorTraits = [.idempotent, .cancellable]

    init(config: JSON, plugin: @TYPE@Plugin) throws {}

    /// One call, in a task that is cancelled when the host asks the call to end.
    func run(_ input: Input, context: Context) async throws -> Output {
        try await context.sleep(for: .milliseconds(input.ms))
        return Output(waited: true)
    }
}
