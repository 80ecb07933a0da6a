import BattenPlugin
import BattenTransfer

/// Sends a request and gives its response.
final class RequestExecutor: LoopExecutor {
    typealias Owner = HTTPPlugin
    typealias Output = JSON

    struct Input: Decodable {
        var fields: RequestFields
        var body: RequestBody
        var method: String?
        var expect: Expectation?
        var paginate: Pagination?
        var idempotencyKey: JSON?

        private enum Key: String, CodingKey {
            case method, expect, paginate
            case idempotencyKey = "idempotency_key"
        }

        init(from decoder: any Decoder) throws {
            fields = try RequestFields(from: decoder)
            body = try RequestBody(from: decoder)
            let own = try decoder.container(keyedBy: Key.self)
            method = try own.decodeIfPresent(String.self, forKey: .method)
            expect = try own.decodeIfPresent(Expectation.self, forKey: .expect)
            paginate = try own.decodeIfPresent(Pagination.self, forKey: .paginate)
            idempotencyKey = try own.decodeIfPresent(JSON.self, forKey: .idempotencyKey)
        }
    }

    static let type = "http.request"
    static let title = "HTTP request"
    static let summary = """
        Sends a request and gives its response: status, headers, body and, where the body is JSON, its value. Statuses \
        408, 425, 429 and 5xx and broken connections are transient; Retry-After is honoured for 429 and 503. Other 4xx \
        and certificate errors are permanent.
        """
    static let inputSchema = HTTPSchemas.request
    static let outputSchema = HTTPSchemas.response
    static let traits: ExecutorTraits = .cancellable
    static let capabilities = Capabilities(readPaths: ["."], network: .any)

    private let network: NetworkSettings
    private let slot: ClientSlot
    private let tokens = TokenCache()
    private var jobs: [UInt64: RequestJob] = [:]

    init(config: JSON, plugin: HTTPPlugin) throws {
        network = plugin.network
        slot = ClientSlot(policy: plugin.network.policy, services: plugin.services)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        let method = (input.method ?? (input.body.isPresent ? "POST" : "GET")).uppercased()
        guard HeaderList.isName(method) else {
            throw Failure.badInput(field: "method", "is '\(method)'; must be a method such as GET or POST")
        }
        var request = try input.fields.transfer(context: call.context, network: network)
        request.method = method
        try input.body.apply(to: &request, context: call.context)
        try IdempotencyField.apply(input.idempotencyKey, to: &request, context: call.context)
        try input.paginate?.check()
        try input.expect?.check(call.context)
        let job = RequestJob(
            call: call, input: input, request: request, client: try slot.client(for: call.context), tokens: tokens)
        jobs[call.token] = job
        job.ended = { [weak self] in self?.jobs[call.token] = nil }
        job.start()
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        jobs[call.token]?.cancel(reason)
    }

    func close() {
        slot.close()
    }
}

/// One call of `http.request`: one transfer, or one for each page.
final class RequestJob {
    private let call: Call<JSON>
    private let input: RequestExecutor.Input
    private var request: TransferRequest
    private let transfer: AuthorizedTransfer
    private var pages = 0
    private var items: [JSON] = []
    private var bytes: Int64 = 0
    private let started = TransferClient.now
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, input: RequestExecutor.Input, request: TransferRequest, client: TransferClient,
        tokens: TokenCache
    ) {
        self.call = call
        self.input = input
        self.request = request
        transfer = AuthorizedTransfer(input.fields, client: client, tokens: tokens) { call.isOver }
        transfer.refused = { [unowned self] failure in fail(failure) }
    }

    func start() {
        transfer.send(request) { [self] result in
            switch result {
            case .failure(let failure): fail(transfer.outcome(of: failure, method: request.method))
            case .success(let response): finish(response)
            }
        }
    }

    func cancel(_ reason: StopReason) { transfer.cancel(reason) }

    private func finish(_ response: TransferResponse) {
        var output = ResponseOutput.make(response)
        if let problem = ResponseVerdict.problem(
            response, output: output, method: request.method, expect: input.expect, context: call.context)
        {
            fail(problem)
            return
        }
        let json = output["json"] ?? .null
        do throws(Failure) {
            guard let paginate = input.paginate else {
                complete(output)
                return
            }
            pages += 1
            bytes += response.bytes
            items += try paginate.items(of: json)
            let next = try paginate.next(after: response, json: json, request: request)
            if let next, pages < paginate.maxPages ?? 10 {
                request.url = next.url
                call.context.progress(nil, "page \(pages + 1)")
                start()
                return
            }
            output["json"] = .array(items)
            output["body"] = .null
            output["bytes"] = .integer(bytes)
            output["pages"] = .integer(Int64(pages))
            output["more_pages"] = .bool(next != nil)
            output["elapsed_ms"] = .number(Double((TransferClient.now - started) / 1000) / 1000)
            complete(output)
        } catch {
            fail(error)
        }
    }

    private func complete(_ output: JSONObject) {
        ended()
        call.complete(.object(output))
    }

    private func fail(_ failure: Failure) {
        ended()
        call.fail(failure)
    }
}
