import BattenPlugin
import BattenTransfer

/// Hands mail in to a mail server.
final class EmailExecutor: LoopExecutor {
    typealias Owner = NotifyPlugin
    typealias Output = JSON
    typealias Input = EmailInput

    static let type = "notify.email"
    static let title = "Mail"
    static let summary = """
        Sends a mail with text, HTML and attachments through a mail server, encrypted with STARTTLS or from the first \
        byte. All attempts carry the same Message-ID, so that a receiver drops a repetition.
        """
    static let inputSchema = NotifySchemas.email
    static let outputSchema = NotifySchemas.mailed
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(readPaths: ["."], network: .any)

    private let services: TransferServices
    private let slot: ClientSlot
    private var jobs: [UInt64: NotifyJob] = [:]
    /// Calls whose message is being put together on a worker thread.
    private var preparing: Set<UInt64> = []

    init(config: JSON, plugin: NotifyPlugin) throws {
        services = plugin.services
        slot = ClientSlot(policy: plugin.network.policy, services: plugin.services)
    }

    func begin(_ input: EmailInput, call: Call<JSON>) throws {
        let request = try input.request(context: call.context)
        let draft = try input.draft(context: call.context)
        let client = try slot.client(for: call.context)
        guard let loop = call.context.loop else {
            throw Failure(.failed, code: "host.loop", "the host offers no event loop (batten.loop/1)", effect: .none)
        }
        preparing.insert(call.token)
        let next = LoopReference(executor: self, request: request, client: client)
        // Files are read and encoded elsewhere, because that may take long.
        let accepted = services.pool.run {
            let result = draft.finish()
            loop.post { next.executor.send(result, draft, next.request, next.client, call) }
        }
        if !accepted {
            preparing.remove(call.token)
            throw Failure(.retry, code: "transfer.threads", "no thread is left to put the mail together", effect: .none)
        }
    }

    private func send(
        _ message: Result<MailMessage, Failure>, _ draft: MailDraft, _ request: TransferRequest,
        _ client: TransferClient, _ call: Call<JSON>
    ) {
        guard preparing.remove(call.token) != nil, !call.isOver else { return }
        var request = request
        let mail: MailMessage
        switch message {
        case .success(let finished): mail = finished
        case .failure(let failure):
            call.fail(failure)
            return
        }
        let bytes = mail.bytes
        request.body = .bytes(bytes)
        request.envelope?.sender = mail.from.address
        request.envelope?.recipients = draft.recipients
        let job = NotifyJob(call: call, client: client, method: "POST") { response in
            .success([
                "message_id": .string(mail.messageID), "recipients": .array(draft.recipients.map(JSON.string)),
                "bytes": .integer(Int64(bytes.count)), "reply": .integer(Int64(response.head.status)),
                "elapsed_ms": .number(Double(response.elapsed / 1000) / 1000),
            ])
        }
        jobs[call.token] = job
        job.ended = { [weak self] in self?.jobs[call.token] = nil }
        job.start(request)
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        if preparing.remove(call.token) != nil {
            call.fail(.stopped(reason, effect: .none))
        } else {
            jobs[call.token]?.cancel(reason)
        }
    }

    func close() {
        slot.close()
    }
}

/// What a mail needs when its message is ready, on the way through a worker thread.
private struct LoopReference: @unchecked Sendable {
    // SAFETY: only the loop's thread follows the references.
    let executor: EmailExecutor
    let request: TransferRequest
    let client: TransferClient
}
