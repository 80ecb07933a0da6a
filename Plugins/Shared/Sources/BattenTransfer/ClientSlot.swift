public import BattenPlugin
import CCurl
import Synchronization

/// The transfer client of one executor instance, made on its loop at the first call.
///
/// All functions but ``close()`` are for the loop's thread.
public final class ClientSlot {
    private let policy: HostPolicy
    private let services: TransferServices
    private var client: TransferClient?
    private var loop: Loop?

    /// Makes an empty slot.
    public init(policy: HostPolicy, services: TransferServices) {
        self.policy = policy
        self.services = services
    }

    /// Gives the client for the loop that a call was begun on.
    ///
    /// - Throws: ``Failure`` if the host has no loop, or libcurl cannot start.
    public func client(for context: Context) throws(Failure) -> TransferClient {
        if let client { return client }
        guard let loop = context.loop else {
            throw Failure(
                .failed, code: "host.loop", "the host offers no event loop (batten.loop/1), which transfers need",
                effect: .none)
        }
        do throws(TransferFailure) {
            let made = try TransferClient(loop: PluginLoop(loop), policy: policy, resolver: services.resolver)
            client = made
            self.loop = loop
            return made
        } catch {
            throw error.failure(method: "GET")
        }
    }

    /// Ends all connections, on the loop's thread if it still runs; from the thread that closes the instance.
    public func close() {
        guard let client, let loop else { return }
        self.client = nil
        let closing = Closing(client: client)
        if !loop.finish({ closing.client.close() }) { client.close() }
    }
}

/// A client on its way to the loop's thread.
private struct Closing: @unchecked Sendable {
    // SAFETY: only the loop's thread follows the reference; the thread that closes has given it up.
    let client: TransferClient
}

/// What the instances of one plugin share: threads for what blocks, and the names looked up.
public final class TransferServices: Sendable {
    /// Threads for what would block the loop.
    public let pool: WorkerPool
    /// The names looked up.
    public let resolver: Resolver

    /// Makes services without threads yet.
    public init() {
        pool = WorkerPool()
        resolver = Resolver(pool: pool)
    }

    /// Ends the threads.
    public func shutdown() {
        pool.shutdown()
    }
}

/// What a plugin's configuration says of the network: `{"network": {"allow": […], "deny": […]}, "proxy": "…"}`.
public struct NetworkSettings: Sendable {
    /// Which hosts may be connected to.
    public let policy: HostPolicy
    /// The proxy of requests that name none.
    public let proxy: String?

    /// Reads a configuration.
    ///
    /// - Throws: ``Failure`` of class bad input that names the member at fault.
    public init(config: JSON) throws(Failure) {
        func list(_ name: String) throws(Failure) -> [String] {
            guard let value = config["network"]?[name], !value.isNull else { return [] }
            guard let texts = value.array?.map(\.string), let names = texts as? [String] else {
                throw Failure.badInput(field: "network.\(name)", "must be a list of host names and address ranges")
            }
            return names
        }
        let allow = try list("allow")
        let deny = try list("deny")
        do throws(TransferFailure) {
            policy = try HostPolicy(allow: allow, deny: deny)
        } catch {
            throw error.failure(method: "GET")
        }
        proxy = config["proxy"]?.string
    }

    /// The schema of the configuration's members.
    public static let properties: [Schema.Property] = [
        .optional(
            "network",
            .object([
                .optional(
                    "allow",
                    .list(
                        of: .string(),
                        "Host names, `*.` and a name, addresses, ranges; empty allows all but link-local and metadata "
                            + "addresses.", examples: [["api.example.org", "*.internal.example", "10.0.0.0/8"]])),
                .optional("deny", .list(of: .string(), "What is refused even if allowed.")),
            ]).titled("Host policy")),
        .optional(
            "proxy",
            .string("The proxy of requests that name none.", examples: ["http://proxy.example:3128"]).titled("Proxy")),
    ]
}

extension TransferFailure {
    /// The failure of a call whose request had this method.
    public func failure(method: String, details: JSONObject = [:]) -> Failure {
        let kindOfCall: Failure.Class =
            switch kind {
            case .badRequest: .badInput
            case .unresolved, .unreachable, .timeout, .interrupted, .deferred: .retry
            case .refused, .untrusted, .tooLarge, .rejected: .permanent
            case .local: .failed
            case .unauthorized: .auth
            case .cancelled: .cancelled
            }
        return Failure(
            kindOfCall, code: code, message, effect: sent && !HTTPMethod.isSafe(method) ? .unknown : .none,
            details: details)
    }
}

/// What RFC 9110 says of methods.
public enum HTTPMethod {
    /// Tells whether a request with the method asks for no change at the server.
    public static func isSafe(_ method: String) -> Bool {
        ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"].contains(method)
    }
}
