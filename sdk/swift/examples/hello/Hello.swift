// A blocking executor in Swift: values for input and output, a failure for what cannot be done.
import BattenPlugin
import CBattenABI

/// What the plugin exports.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { Hello.entry(hello) }

struct Hello: Plugin {
    static var description: PluginDescription {
        PluginDescription(id: "hello", version: "1.0.0", title: "Greetings", executors: [.blocking(Greet.self)])
    }

    init(start: PluginStart) throws {}
}

struct Greet: BlockingExecutor {
    struct Input: Decodable { let name: String }
    struct Output: Encodable { let greeting: String }

    static let type = "hello.greet"
    static let title = "Greets somebody"
    static let summary = "Says hello to whoever is named."
    static let inputSchema = Schema.object([.required("name", .string("Whom to greet.", examples: ["Ada"]))])
    static let outputSchema = Schema.object([.required("greeting", .string())])
    static let traits: ExecutorTraits = [.pure]

    init(config: JSON, plugin: Hello) throws {}

    func run(_ input: Input, context: Context) throws -> Output {
        guard !input.name.isEmpty else {
            throw Failure(
                .badInput, code: "hello.no_name", "the name is empty: say whom to greet", effect: .none)
        }
        context.log(.info, "greeting \(input.name)")
        return Output(greeting: "Hello, \(input.name)")
    }
}
