import BattenPlugin
import BattenTransfer

/// One notification under way: a transfer, and what its response means.
final class NotifyJob {
    private let call: Call<JSON>
    private let client: TransferClient
    private let method: String
    private let read: (TransferResponse) -> Result<JSON, Failure>
    private var transfer: Transfer?
    private var stopReason: StopReason?
    var ended: () -> Void = {}

    /// - Parameter read: makes the output or the failure of a response.
    init(
        call: Call<JSON>, client: TransferClient, method: String,
        read: @escaping (TransferResponse) -> Result<JSON, Failure>
    ) {
        self.call = call
        self.client = client
        self.method = method
        self.read = read
    }

    func start(_ request: TransferRequest) {
        transfer = client.start(request) { [self] result in
            transfer = nil
            ended()
            switch result {
            case .success(let response):
                switch read(response) {
                case .success(let output): call.complete(output)
                case .failure(let failure): call.fail(failure)
                }
            case .failure(let failure):
                var outcome = failure.failure(method: method)
                if failure.kind == .cancelled, let stopReason { outcome = .stopped(stopReason, effect: outcome.effect) }
                call.fail(outcome)
            }
        }
    }

    func cancel(_ reason: StopReason) {
        stopReason = reason
        transfer?.cancel()
    }
}

/// What the executors that post JSON share.
struct PostSettings {
    let network: NetworkSettings

    /// A POST of JSON with what all of them carry.
    func request(url: String, field: String, json: JSON, timeout: JSON?, context: Context) throws(Failure)
        -> TransferRequest
    {
        var request: TransferRequest
        do throws(TransferFailure) {
            request = TransferRequest(url: try URLAddress(url))
        } catch {
            throw .badInput(field: field, error.message)
        }
        request.method = "POST"
        request.proxy = network.proxy
        request.maxRedirects = 5
        request.maxResponseBytes = 1 << 20
        request.totalTimeout = 30_000_000_000
        if let timeout, !timeout.isNull {
            guard let text = timeout.string, let nanoseconds = DurationText.parse(text), nanoseconds > 0 else {
                throw .badInput(field: "time_limit", "is \(timeout.text); must be a length of time such as 10s")
            }
            request.totalTimeout = nanoseconds
        }
        request.headers.add("Content-Type", "application/json")
        if !context.traceparent.isEmpty { request.headers.add("traceparent", context.traceparent) }
        request.body = .bytes(json.bytes)
        return request
    }
}
