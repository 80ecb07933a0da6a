import BattenPlugin
import BattenTransfer

/// Posts a message through a Slack incoming webhook.
final class SlackExecutor: LoopExecutor {
    typealias Owner = NotifyPlugin
    typealias Output = JSON

    struct Input: Decodable {
        var url: String
        var text: String?
        var blocks: [JSON]?
        var threadTS: String?
        var username: String?
        var iconEmoji: String?
        var timeLimit: JSON?

        enum CodingKeys: String, CodingKey {
            case url, text, blocks, username
            case threadTS = "thread_ts"
            case iconEmoji = "icon_emoji"
            case timeLimit = "time_limit"
        }
    }

    static let type = "notify.slack"
    static let title = "Slack message"
    static let summary = "Posts a text or blocks through an incoming webhook of Slack, also into a thread."
    static let inputSchema = NotifySchemas.slack
    static let outputSchema = NotifySchemas.slackPosted
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
        guard input.text?.isEmpty == false || input.blocks?.isEmpty == false else {
            throw Failure.badInput(
                field: "text", "is missing: give text, blocks, or both (text for readers without blocks)")
        }
        var message: JSONObject = [:]
        if let text = input.text { message["text"] = .string(text) }
        if let blocks = input.blocks { message["blocks"] = .array(blocks) }
        if let thread = input.threadTS { message["thread_ts"] = .string(thread) }
        if let name = input.username { message["username"] = .string(name) }
        if let icon = input.iconEmoji { message["icon_emoji"] = .string(icon) }
        var request = try settings.request(
            url: input.url, field: "url", json: .object(message), timeout: input.timeLimit, context: call.context)
        // Whoever knows the whole URL can post, so it is a credential.
        let shown = "\(request.url.scheme)://\(request.url.host)/…"
        request.shownURL = shown
        request.maxRedirects = 0
        if !call.context.idempotencyKey.isEmpty {
            request.headers.add("Idempotency-Key", call.context.idempotencyKey)
        }
        let job = NotifyJob(call: call, client: try slot.client(for: call.context), method: "POST") { response in
            let words = String(decoding: response.body.prefix(200), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard (200..<300).contains(response.head.status) else {
                return .failure(StatusMeaning.failure(response.head, method: "POST", message: words))
            }
            return .success([
                "status": .integer(Int64(response.head.status)),
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
