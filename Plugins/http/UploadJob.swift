import BattenPlugin
import BattenTransfer

/// One call of `http.upload`.
///
/// Belongs to the loop's thread; files are hashed on a worker's.
final class UploadJob: @unchecked Sendable {
    // SAFETY: worker threads pass the reference back to the loop's thread and touch nothing of it.
    private let call: Call<JSON>
    private let input: UploadExecutor.Input
    private var request: TransferRequest
    private let paths: [String]
    private let transfer: AuthorizedTransfer
    private let pool: WorkerPool
    private let loop: Loop
    private var measures: [LocalFile.Measure] = []
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, input: UploadExecutor.Input, request: TransferRequest, paths: [String],
        client: TransferClient, tokens: TokenCache, pool: WorkerPool, loop: Loop
    ) {
        self.call = call
        self.input = input
        self.request = request
        self.paths = paths
        self.pool = pool
        self.loop = loop
        transfer = AuthorizedTransfer(input.request, client: client, tokens: tokens) { call.isOver }
        transfer.refused = { [unowned self] failure in fail(failure) }
    }

    /// Measures the files, then sends them.
    func start() {
        let paths = paths
        let limit = max(0, input.maxBytes ?? .max)
        let context = call.context
        let accepted = pool.run { [self, loop] in
            let result = Self.measure(paths, limit: limit) { !context.shouldStop }
            loop.post { [self] in
                if !call.isOver { begin(result) }
            }
        }
        if !accepted {
            fail(Failure(.retry, code: "transfer.threads", "no thread is left for file work", effect: .none))
        }
    }

    private static func measure(
        _ paths: [String], limit: Int64, goesOn: () -> Bool
    ) -> Result<[LocalFile.Measure], TransferFailure> {
        var measures: [LocalFile.Measure] = []
        var left = limit
        for path in paths {
            switch LocalFile.measure(path, limit: left, goesOn: goesOn) {
            case .failure(let failure):
                guard failure.code == "file.size" else { return .failure(failure) }
                return .failure(
                    TransferFailure(
                        .local, code: "file.size",
                        message: "max_bytes: with '\(path)' there are more than the \(limit) bytes allowed"))
            case .success(let measure):
                left -= measure.size
                measures.append(measure)
            }
        }
        return .success(measures)
    }

    private func begin(_ result: Result<[LocalFile.Measure], TransferFailure>) {
        switch result {
        case .failure(let failure): fail(failure.failure(method: "GET"))
        case .success(let measures):
            self.measures = measures
            if let first = measures.first, let wanted = input.sha256, wanted != first.sha256 {
                fail(
                    Failure(
                        .failed, code: "upload.checksum",
                        "'\(paths[0])' has SHA-256 \(first.sha256), not the \(wanted) asked for; nothing was sent",
                        effect: .none, details: ["sha256": .string(first.sha256)]))
                return
            }
            if input.digest == true, let first = measures.first {
                request.headers.set("Content-Digest", "sha-256=:\(Base64.encode(bytes(ofHex: first.sha256))):")
            }
            send()
        }
    }

    private func bytes(ofHex text: String) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    func cancel(_ reason: StopReason) { transfer.cancel(reason) }

    private func send() {
        let context = call.context
        request.uploadProgress = { sent, expected in
            context.progress(expected > 0 ? Double(sent) / Double(expected) : nil, "\(sent) bytes sent")
        }
        transfer.send(request) { [self] result in
            switch result {
            case .failure(let failure): fail(transfer.outcome(of: failure, method: request.method))
            case .success(let response): finish(response)
            }
        }
    }

    private func finish(_ response: TransferResponse) {
        var output = ResponseOutput.make(response)
        output["sent_bytes"] = .integer(measures.reduce(0) { $0 + $1.size })
        output["files"] = .array(
            zip(paths, measures).map { path, measure in
                ["path": .string(path), "bytes": .integer(measure.size), "sha256": .string(measure.sha256)]
            })
        if let problem = ResponseVerdict.problem(
            response, output: output, method: request.method, expect: input.expect, context: call.context)
        {
            fail(problem)
            return
        }
        if let changed = zip(paths, measures).first(where: { LocalFile.hasChanged($0, since: $1) }) {
            fail(
                Failure(
                    .failed, code: "upload.changed",
                    "'\(changed.0)' was changed while it was sent, so nobody knows what the server got; send it again",
                    effect: .made, output: .object(output)))
            return
        }
        ended()
        call.complete(.object(output))
    }

    private func fail(_ failure: Failure) {
        ended()
        call.fail(failure)
    }
}
