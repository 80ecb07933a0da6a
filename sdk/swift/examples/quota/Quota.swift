// A quota-aware executor in Swift: it holds what it may use at most, and settles what it really used.
import BattenPlugin
import CBattenABI

/// What the plugin exports.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { Quota.entry(hello) }

struct Quota: Plugin {
    static var description: PluginDescription {
        PluginDescription(id: "quota", version: "1.0.0", title: "An example of quotas", executors: [.async(Fetch.self)])
    }

    init(start: PluginStart) throws {}
}

struct Fetch: AsyncExecutor {
    struct Input: Decodable { let pages: Int64 }
    struct Output: Encodable { let requests: Int64 }

    static let type = "quota.fetch"
    static let title = "Uses a quota"
    static let summary = "Does as if it fetched pages, a request each."
    static let inputSchema = Schema.object([.required("pages", .integer(minimum: 1, maximum: 1000))])
    static let outputSchema = Schema.object([.required("requests", .integer())])
    static let traits: ExecutorTraits = [.idempotent]

    init(config: JSON, plugin: Quota) throws {}

    func run(_ input: Input, context: Context) async throws -> Output {
        // At most two requests a page; a failure of class quota leaves from here if they are not granted.
        let lease = try await context.hold("requests", of: "example", 2 * input.pages)
        context.usage("requests", of: "example", input.pages)
        lease.settle(input.pages)
        return Output(requests: input.pages)
    }
}
