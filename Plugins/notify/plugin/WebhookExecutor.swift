import BattenPlugin
import BattenTransfer

/// Posts JSON to a URL, signed if there is a secret.
final class WebhookExecutor: LoopExecutor {
    typealias Owner = NotifyPlugin
    typealias Output = JSON

    struct Input: Decodable {
        var url: String
        var body: JSON?
        var headers: [String: String]?
        var secret: String?
        var timeLimit: JSON?

        enum CodingKeys: String, CodingKey {
            case url, body, headers, secret
            case timeLimit = "time_limit"
        }
    }

    static let type = "notify.webhook"
    static let title = "Webhook"
    static let summary = """
        Posts JSON to a URL. With a secret the headers X-Batten-Timestamp and X-Batten-Signature let the receiver check \
        who sent it: the signature is v1= and the HMAC-SHA256, in hexadecimal digits, of the timestamp, a dot and the \
        body. All attempts carry the same Idempotency-Key.
        """
    static let inputSchema = NotifySchemas.webhook
    static let outputSchema = NotifySchemas.posted
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(network: .any)

    private let settings: PostSettings
    private let slot: ClientSlot
    private var jobs: [UInt64: NotifyJob] = [:]

    init(config: JSON, plugin: NotifyPlugin) throws {
        settings = PostSettings(network: plugin.network)
        slot = ClientSlot(policy: plugin.network.policy, services: plugin.services)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        var request = try settings.request(
            url: input.url, field: "url", json: input.body ?? [:], timeout: input.timeLimit, context: call.context)
        for (name, value) in (input.headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard HeaderList.isName(name), HeaderList.isValue(value) else {
                throw Failure.badInput(field: "headers.\(name)", "is not a header: a name, and a text in one line")
            }
            guard !["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) else {
                throw Failure.badInput(field: "headers.\(name)", "is set by the transfer itself; leave it out")
            }
            request.headers.set(name, value)
        }
        if !call.context.idempotencyKey.isEmpty, !request.headers.contains("Idempotency-Key") {
            request.headers.add("Idempotency-Key", call.context.idempotencyKey)
        }
        if let secret = input.secret {
            guard !secret.isEmpty else { throw Failure.badInput(field: "secret", "is empty; leave it out or set it") }
            if case .bytes(let body) = request.body {
                let (timestamp, signature) = WebhookSignature.sign(body, secret: secret, at: WallClock.seconds)
                request.headers.set("X-Batten-Timestamp", timestamp)
                request.headers.set("X-Batten-Signature", signature)
            }
        }
        let job = NotifyJob(call: call, client: try slot.client(for: call.context), method: "POST") { response in
            guard (200..<300).contains(response.head.status) else {
                let words = String(decoding: response.body.prefix(200), as: UTF8.self)
                    .split(whereSeparator: \.isWhitespace).joined(separator: " ")
                return .failure(StatusMeaning.failure(response.head, method: "POST", message: words))
            }
            return .success([
                "status": .integer(Int64(response.head.status)), "url": .string(Redaction.url(response.head.url)),
                "body": String(validating: response.body, as: UTF8.self).map(JSON.string) ?? .null,
                "elapsed_ms": .number(Double(response.elapsed / 1000) / 1000),
            ])
        }
        jobs[call.token] = job
        job.ended = { [weak self] in self?.jobs[call.token] = nil }
        job.start(request)
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        jobs[call.token]?.cancel(reason)
    }

    func close() {
        slot.close()
    }
}
