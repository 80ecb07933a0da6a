// Built with the Swift SDK of 1.0, whose sources are compiled into the library.
public import CBattenABI

@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { Museum.entry(hello) }

struct Museum: Plugin {
    static var description: PluginDescription {
        PluginDescription(
            id: "museum_swift", version: "1.0.0", title: "The museum in Swift", executors: [.blocking(Visit.self)])
    }

    init(start: PluginStart) throws {}
}

struct Visit: BlockingExecutor {
    struct Input: Decodable { let guests: Int64 }
    struct Output: Encodable { let tickets: Int64 }

    static let type = "museum_swift.visit"
    static let summary = "Sells tickets."
    static let inputSchema = Schema.object([.required("guests", .integer("How many.", minimum: 1))])
    static let outputSchema = Schema.object([.required("tickets", .integer("How many."))])
    static let traits: ExecutorTraits = [.idempotent]

    init(config: JSON, plugin: Museum) {}

    func run(_ input: Input, context: Context) throws -> Output {
        guard input.guests <= 100 else {
            throw Failure(.failed, code: "museum_swift.full", "too many guests", effect: .none)
        }
        context.log(.info, "\(input.guests) come in")
        context.usage("visits", of: "museum", input.guests)
        return Output(tickets: input.guests)
    }
}
