import BattenPlugin
import BattenTransfer

/// Sends files, read while they are sent.
final class UploadExecutor: LoopExecutor {
    typealias Owner = HTTPPlugin
    typealias Output = JSON

    struct Part: Decodable {
        var name: String
        var path: String
        var filename: String?
        var contentType: String?

        enum CodingKeys: String, CodingKey {
            case name, path, filename
            case contentType = "content_type"
        }
    }

    struct Input: Decodable {
        var request: RequestFields
        var method: String?
        var file: String?
        var contentType: String?
        var files: [Part]?
        var fields: JSONObject?
        var sha256: String?
        var digest: Bool?
        var maxBytes: Int64?
        var expect: Expectation?
        var idempotencyKey: JSON?

        private enum Key: String, CodingKey {
            case method, file, files, fields, sha256, digest, expect
            case contentType = "content_type"
            case maxBytes = "max_bytes"
            case idempotencyKey = "idempotency_key"
        }

        init(from decoder: any Decoder) throws {
            request = try RequestFields(from: decoder)
            let own = try decoder.container(keyedBy: Key.self)
            method = try own.decodeIfPresent(String.self, forKey: .method)
            file = try own.decodeIfPresent(String.self, forKey: .file)
            contentType = try own.decodeIfPresent(String.self, forKey: .contentType)
            files = try own.decodeIfPresent([Part].self, forKey: .files)
            fields = try own.decodeIfPresent(JSON.self, forKey: .fields)?.object
            sha256 = try own.decodeIfPresent(String.self, forKey: .sha256)?.lowercased()
            digest = try own.decodeIfPresent(Bool.self, forKey: .digest)
            maxBytes = try own.decodeIfPresent(Int64.self, forKey: .maxBytes)
            expect = try own.decodeIfPresent(Expectation.self, forKey: .expect)
            idempotencyKey = try own.decodeIfPresent(JSON.self, forKey: .idempotencyKey)
        }
    }

    static let type = "http.upload"
    static let title = "HTTP upload"
    static let summary = """
        Sends a file as the body of a request, or files as a form, of any size: they are read while they are sent. The \
        checksum of each is an output, and a file that changes meanwhile fails the call.
        """
    static let inputSchema = HTTPSchemas.upload
    static let outputSchema = HTTPSchemas.uploaded
    static let traits: ExecutorTraits = .cancellable
    static let capabilities = Capabilities(readPaths: ["."], network: .any)

    private let network: NetworkSettings
    private let services: TransferServices
    private let slot: ClientSlot
    private let tokens = TokenCache()
    private var jobs: [UInt64: UploadJob] = [:]

    init(config: JSON, plugin: HTTPPlugin) throws {
        network = plugin.network
        services = plugin.services
        slot = ClientSlot(policy: plugin.network.policy, services: plugin.services)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        guard let loop = call.context.loop else {
            throw Failure(.failed, code: "host.loop", "the host offers no event loop (batten.loop/1)", effect: .none)
        }
        var request = try input.request.transfer(context: call.context, network: network)
        request.method = (input.method ?? (input.file == nil ? "POST" : "PUT")).uppercased()
        guard HeaderList.isName(request.method), !["GET", "HEAD", "TRACE"].contains(request.method) else {
            throw Failure.badInput(
                field: "method", "is '\(input.method ?? "")'; must be a method that takes a body, such as PUT or POST")
        }
        let paths = try Self.describe(input, in: &request, context: call.context)
        try IdempotencyField.apply(input.idempotencyKey, to: &request, context: call.context)
        try input.expect?.check(call.context)
        let job = UploadJob(
            call: call, input: input, request: request, paths: paths, client: try slot.client(for: call.context),
            tokens: tokens, pool: services.pool, loop: loop)
        jobs[call.token] = job
        job.ended = { [weak self] in self?.jobs[call.token] = nil }
        job.start()
    }

    /// Puts what is sent into the request; gives the paths of the files.
    private static func describe(
        _ input: Input, in request: inout TransferRequest, context: Context
    ) throws(Failure) -> [String] {
        func check(_ text: String?, _ field: String) throws(Failure) {
            if let text, !HeaderList.isValue(text) { throw .badInput(field: field, "holds a line break") }
        }
        func path(_ given: String, _ field: String) throws(Failure) -> String {
            guard !given.isEmpty, !given.utf8.contains(0) else {
                throw .badInput(field: field, "must be the path of a file; it is empty or holds a NUL character")
            }
            return Paths.absolute(given, context)
        }
        switch (input.file, input.files) {
        case (let file?, nil):
            guard input.fields == nil else { throw .badInput(field: "fields", "goes with files, not with file") }
            try check(input.contentType, "content_type")
            let path = try path(file, "file")
            request.body = .file(path: path)
            if !request.headers.contains("Content-Type") {
                request.headers.add("Content-Type", input.contentType ?? "application/octet-stream")
            }
            return [path]
        case (nil, let files?):
            for (name, isGiven) in [
                ("sha256", input.sha256 != nil), ("digest", input.digest == true),
                ("content_type", input.contentType != nil),
            ] where isGiven {
                throw .badInput(field: name, "goes with file, not with files")
            }
            var parts: [TransferRequest.Part] = []
            for (name, text) in try RequestFields.pairs(input.fields ?? [:], field: "fields") {
                try check(name, "fields")
                parts.append(TransferRequest.Part(name: name, content: .bytes(Array(text.utf8))))
            }
            var paths: [String] = []
            for (index, file) in files.enumerated() {
                let place = "files[\(index)]"
                for text in [file.name, file.filename, file.contentType] { try check(text, place) }
                let path = try path(file.path, "\(place).path")
                paths.append(path)
                parts.append(
                    TransferRequest.Part(
                        name: file.name, fileName: file.filename ?? path.split(separator: "/").last.map(String.init),
                        mediaType: file.contentType, content: .file(path: path)))
            }
            request.body = .multipart(parts)
            return paths
        default: throw .badInput(field: "file", "exactly one of file and files must be given")
        }
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        jobs[call.token]?.cancel(reason)
    }

    func close() {
        slot.close()
    }
}
