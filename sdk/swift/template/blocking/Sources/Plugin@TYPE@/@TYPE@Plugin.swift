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
        PluginDescription(id: "@ID@", version: "0.1.0", title: "@NAME@", executors: [.blocking(Greet.self)])
    }

    init(start: PluginStart) throws {}
}

struct Greet: BlockingExecutor {
    struct Input: Decodable { let name: String }
    struct Output: Encodable { let greeting: String }

    static let type = "@ID@.greet"
    static let title = "Greets somebody"
    static let summary = "Says hello to whoever is named."
    static let inputSchema = Schema.object([.required("name", .string("Whom to greet.", examples: ["Ada"]))])
    static let outputSchema = Schema.object([.required("greeting", .string())])
    static let traits: ExecutorTraits = [.pure]

    init(config: JSON, plugin: @TYPE@Plugin) throws {}

    /// One call, on a thread that may block; many run in parallel.
    func run(_ input: Input, context: Context) throws -> Output {
        context.log(.info, "greeting \(input.name)")
        return Output(greeting: "Hello, \(input.name)")
    }
}
