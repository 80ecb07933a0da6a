import BattenPlugin
import BattenTransfer

/// Fetches a file, going on from what an earlier attempt left.
final class DownloadExecutor: LoopExecutor {
    typealias Owner = HTTPPlugin
    typealias Output = JSON

    struct Input: Decodable {
        var fields: RequestFields
        var path: String
        var sha256: String?
        var resume: Bool?
        var overwrite: Bool?

        private enum Key: String, CodingKey {
            case path, sha256, resume, overwrite
        }

        init(from decoder: any Decoder) throws {
            fields = try RequestFields(from: decoder)
            let own = try decoder.container(keyedBy: Key.self)
            path = try own.decode(String.self, forKey: .path)
            sha256 = try own.decodeIfPresent(String.self, forKey: .sha256)?.lowercased()
            resume = try own.decodeIfPresent(Bool.self, forKey: .resume)
            overwrite = try own.decodeIfPresent(Bool.self, forKey: .overwrite)
        }
    }

    static let type = "http.download"
    static let title = "HTTP download"
    static let summary = """
        Writes what a URL gives to a file. The file appears under its name only when it is complete and its checksum \
        is right; an attempt that was cut off is gone on from.
        """
    static let inputSchema = HTTPSchemas.download
    static let outputSchema = HTTPSchemas.downloaded
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(writePaths: ["."], network: .any)

    private let network: NetworkSettings
    private let services: TransferServices
    private let slot: ClientSlot
    private let tokens = TokenCache()
    private var jobs: [UInt64: DownloadJob] = [:]

    init(config: JSON, plugin: HTTPPlugin) throws {
        network = plugin.network
        services = plugin.services
        slot = ClientSlot(policy: plugin.network.policy, services: plugin.services)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        guard !input.path.isEmpty, !input.path.hasSuffix("/"), !input.path.utf8.contains(0) else {
            throw Failure.badInput(field: "path", "is '\(input.path)'; must be the path of a file")
        }
        if let sum = input.sha256, sum.count != 64 || !sum.allSatisfy(\.isHexDigit) {
            throw Failure.badInput(field: "sha256", "must be 64 hexadecimal digits")
        }
        guard let loop = call.context.loop else {
            throw Failure(.failed, code: "host.loop", "the host offers no event loop (batten.loop/1)", effect: .none)
        }
        var request = try input.fields.transfer(context: call.context, network: network)
        request.bufferSize = 65536
        request.acceptsCompression = input.fields.compression ?? false
        if input.fields.maxResponseBytes == nil { request.maxResponseBytes = .max }
        let job = DownloadJob(
            call: call, input: input, request: request, client: try slot.client(for: call.context), tokens: tokens,
            pool: services.pool, loop: loop)
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

/// One call of `http.download`.
///
/// Belongs to the loop's thread; files are opened, hashed and synced on a worker's.
final class DownloadJob: @unchecked Sendable {
    // SAFETY: worker threads pass the reference back to the loop's thread and touch nothing of it.
    private let call: Call<JSON>
    private let input: DownloadExecutor.Input
    private var request: TransferRequest
    private let transfer: AuthorizedTransfer
    private let pool: WorkerPool
    private let loop: Loop
    private let path: String
    private var file: PartialFile?
    private var resumedFrom: Int64 = 0
    private var hasBody = false
    private var restarts = 0
    private let started = TransferClient.now
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, input: DownloadExecutor.Input, request: TransferRequest, client: TransferClient,
        tokens: TokenCache, pool: WorkerPool, loop: Loop
    ) {
        self.call = call
        self.input = input
        self.request = request
        self.pool = pool
        self.loop = loop
        path = Paths.absolute(input.path, call.context)
        transfer = AuthorizedTransfer(input.fields, client: client, tokens: tokens) { call.isOver }
        transfer.refused = { [unowned self] failure in fail(failure) }
    }

    private var replaces: Bool { input.overwrite ?? true }

    func start() {
        let path = path
        let replaces = replaces
        onWorker {
            do throws(TransferFailure) {
                return .success(try PartialFile(path: path, replaces: replaces))
            } catch {
                return .failure(error)
            }
        } then: { job, result in
            switch result {
            case .success(let file):
                job.file = file
                job.send()
            case .failure(let failure): job.fail(failure.failure(method: "GET"))
            }
        }
    }

    func cancel(_ reason: StopReason) { transfer.cancel(reason) }

    /// Does blocking work elsewhere, then goes on here, unless the call has ended meanwhile.
    private func onWorker<Value: Sendable>(
        _ work: @escaping @Sendable () -> Result<Value, TransferFailure>,
        then next: @escaping @Sendable (DownloadJob, Result<Value, TransferFailure>) -> Void
    ) {
        let accepted = pool.run { [self, loop] in
            let result = work()
            loop.post { [self] in
                if !call.isOver { next(self, result) }
            }
        }
        if !accepted {
            fail(Failure(.retry, code: "transfer.threads", "no thread is left for file work", effect: .none))
        }
    }

    private func send() {
        guard let file else { return }
        var request = request
        do throws(TransferFailure) {
            // The note holds what the server calls this version of the file, and the URL it came from.
            let note = file.source.map { $0.split(separator: "\n", maxSplits: 1).map(String.init) } ?? []
            if input.resume ?? true, !request.acceptsCompression, note.count == 2, note[1] == input.fields.url,
                file.size > 0
            {
                resumedFrom = file.size
                request.headers.set("Range", "bytes=\(file.size)-")
                request.headers.set("If-Range", note[0])
            } else {
                resumedFrom = 0
                try file.restart()
            }
        } catch {
            fail(error.failure(method: "GET"))
            return
        }
        hasBody = false
        request.receive = { [unowned self] head, chunk in receive(head, chunk) }
        let context = call.context
        request.progress = { [unowned self] got, expected in
            let have = resumedFrom + got
            context.progress(
                expected > 0 ? Double(have) / Double(resumedFrom + expected) : nil, "\(have) bytes")
        }
        transfer.send(request) { [self] result in finish(result) }
    }

    private func receive(_ head: TransferHead, _ chunk: UnsafeRawBufferPointer) -> ChunkVerdict {
        guard let file else { return .taken }
        do throws(TransferFailure) {
            if !hasBody {
                hasBody = true
                try beginBody(head, file)
            }
            try file.append(chunk)
            return .taken
        } catch {
            return .fail(error)
        }
    }

    private func beginBody(_ head: TransferHead, _ file: PartialFile) throws(TransferFailure) {
        if head.status == 206, resumedFrom > 0 {
            let range = head.headers["Content-Range"] ?? ""
            guard range.lowercased().hasPrefix("bytes \(resumedFrom)-") else {
                throw TransferFailure(
                    .interrupted, code: "download.range",
                    message: "asked for the bytes from \(resumedFrom) on, the server gave '\(range)'")
            }
            return
        }
        guard head.status == 200 || head.status == 203 else {
            throw TransferFailure(
                .rejected, code: "http.status.\(head.status)",
                message: "the server answered \(StatusMeaning.describe(head.status)), which is not a whole file")
        }
        resumedFrom = 0
        try file.restart()
        // Only a strong validator says that two answers have the same bytes.
        if let tag = head.headers["ETag"], tag.hasPrefix("\"") {
            try file.begin(source: "\(tag)\n\(input.fields.url)")
        } else if let date = head.headers["Last-Modified"], HTTPDate.parse(date) != nil {
            try file.begin(source: "\(date)\n\(input.fields.url)")
        }
    }

    private func finish(_ result: Result<TransferResponse, TransferFailure>) {
        guard let file else { return }
        switch result {
        case .failure(let failure):
            if file.source == nil { file.discard() }
            var outcome = transfer.outcome(
                of: failure, method: "GET", details: ["bytes_kept": .integer(file.size)])
            if file.source != nil, file.size > 0 {
                outcome.message += "; \(file.size) bytes are kept, the next attempt goes on from there"
            }
            fail(outcome)
        case .success(let response):
            let status = response.head.status
            if status == 416, resumedFrom > 0, restarts == 0 {
                // The part may be the whole, or the file became shorter.
                if response.head.headers["Content-Range"]?.hasSuffix("*/\(file.size)") == true {
                    keep(file, response)
                } else {
                    restart(file)
                }
                return
            }
            guard (200..<300).contains(status) else {
                if file.source == nil { file.discard() }
                fail(
                    StatusMeaning.failure(
                        response.head, method: "GET", message: ResponseOutput.excerpt(response.body)))
                return
            }
            if !hasBody {
                do throws(TransferFailure) {
                    try file.restart()
                } catch {
                    fail(error.failure(method: "GET"))
                    return
                }
            }
            keep(file, response)
        }
    }

    private func restart(_ file: PartialFile) {
        restarts += 1
        do throws(TransferFailure) {
            try file.restart()
            send()
        } catch {
            fail(error.failure(method: "GET"))
        }
    }

    private func keep(_ file: PartialFile, _ response: TransferResponse) {
        let sum = file.checksum()
        if let wanted = input.sha256, wanted != sum {
            file.discard()
            // What an earlier attempt left may be at fault: then a whole download is worth a try.
            fail(
                Failure(
                    resumedFrom > 0 ? .retry : .failed, code: "download.checksum",
                    "'\(Redaction.url(input.fields.url))' has SHA-256 \(sum), not the \(wanted) asked for; the file was "
                        + "not kept", effect: .none))
            return
        }
        let replaces = replaces
        onWorker {
            do throws(TransferFailure) {
                try file.keep(replaces: replaces)
                return .success(())
            } catch {
                return .failure(error)
            }
        } then: { job, result in
            switch result {
            case .success: job.complete(file, response, sum)
            case .failure(let failure): job.fail(failure.failure(method: "GET"))
            }
        }
    }

    private func complete(_ file: PartialFile, _ response: TransferResponse, _ sum: String) {
        ended()
        call.complete([
            "path": .string(path), "status": .integer(Int64(response.head.status)),
            "headers": .object(ResponseOutput.headers(response.head.headers)), "bytes": .integer(file.size),
            "resumed_from": .integer(resumedFrom), "sha256": .string(sum),
            "elapsed_ms": .number(Double((TransferClient.now - started) / 1000) / 1000),
            "url": .string(Redaction.url(response.head.url)),
        ])
    }

    private func fail(_ failure: Failure) {
        ended()
        file = nil
        call.fail(failure)
    }
}
