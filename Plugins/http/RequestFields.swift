import BattenPlugin
import BattenTransfer

/// The fields that requests and downloads share.
struct RequestFields: Decodable {
    struct Timeouts: Decodable {
        var connect: String?
        var total: String?
        var idle: String?
    }

    struct Security: Decodable {
        var verify: Bool?
        var ca: String?
        var certificate: String?
        var key: String?
        var keyPassword: String?
        var minVersion: String?

        enum CodingKeys: String, CodingKey {
            case verify, ca, certificate, key
            case keyPassword = "key_password"
            case minVersion = "min_version"
        }
    }

    var url: String
    var headers: JSONObject?
    var query: JSONObject?
    var cookies: JSONObject?
    var auth: AuthenticationFields?
    var tls: Security?
    var proxy: String?
    var httpVersion: String?
    var compression: Bool?
    var maxRedirects: Int?
    var maxResponseBytes: Int64?
    var timeouts: Timeouts?

    private enum Key: String, CodingKey {
        case url, headers, query, cookies, auth, tls, proxy, compression, timeouts
        case httpVersion = "http_version"
        case maxRedirects = "max_redirects"
        case maxResponseBytes = "max_response_bytes"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        url = try fields.decode(String.self, forKey: .url)
        headers = try fields.decodeIfPresent(JSON.self, forKey: .headers)?.object
        query = try fields.decodeIfPresent(JSON.self, forKey: .query)?.object
        cookies = try fields.decodeIfPresent(JSON.self, forKey: .cookies)?.object
        auth = try fields.decodeIfPresent(AuthenticationFields.self, forKey: .auth)
        tls = try fields.decodeIfPresent(Security.self, forKey: .tls)
        proxy = try fields.decodeIfPresent(String.self, forKey: .proxy)
        httpVersion = try fields.decodeIfPresent(String.self, forKey: .httpVersion)
        compression = try fields.decodeIfPresent(Bool.self, forKey: .compression)
        maxRedirects = try fields.decodeIfPresent(Int.self, forKey: .maxRedirects)
        maxResponseBytes = try fields.decodeIfPresent(Int64.self, forKey: .maxResponseBytes)
        timeouts = try fields.decodeIfPresent(Timeouts.self, forKey: .timeouts)
    }

    /// Describes the transfer, all but method, body and OAuth token.
    func transfer(context: Context, network: NetworkSettings) throws(Failure) -> TransferRequest {
        let full = URLAddress.appending(try Self.pairs(query ?? [:], field: "query"), to: url)
        var request: TransferRequest
        do throws(TransferFailure) {
            request = TransferRequest(url: try URLAddress(full))
        } catch {
            throw .badInput(field: "url", error.message)
        }
        request.headers = try Self.headerList(headers ?? [:])
        request.cookies = try Self.pairs(cookies ?? [:], field: "cookies")
        for cookie in request.cookies where !Self.isCookie(cookie.0, cookie.1) {
            throw .badInput(field: "cookies.\(cookie.0)", "holds a character that cookies cannot hold, such as ';'")
        }
        if let auth { request.authentication = try auth.authentication(context: context) }
        // libcurl signs the query as it stands, the receiver in order.
        if case .awsSigV4 = request.authentication { request.url = request.url.sortingQuery() }
        if let tls { request.security = try security(tls, context) }
        request.proxy = proxy ?? network.proxy
        if let version = httpVersion {
            guard let known = TransferRequest.Version(rawValue: version) else {
                throw .badInput(
                    field: "http_version", "is '\(version)'; must be auto, 1.0, 1.1, 2, 2-prior-knowledge or 3")
            }
            request.version = known
        }
        request.acceptsCompression = compression ?? true
        request.maxRedirects = max(0, maxRedirects ?? 10)
        request.maxResponseBytes = max(0, maxResponseBytes ?? 16 << 20)
        if let connect = try Self.duration(timeouts?.connect, "timeouts.connect") { request.connectTimeout = connect }
        if let total = try Self.duration(timeouts?.total, "timeouts.total") { request.totalTimeout = total }
        if let idle = try Self.duration(timeouts?.idle, "timeouts.idle") { request.idleTimeout = idle }
        if !context.traceparent.isEmpty, !request.headers.contains("traceparent") {
            request.headers.add("traceparent", context.traceparent)
        }
        return request
    }

    private func security(_ fields: Security, _ context: Context) throws(Failure) -> TransferRequest.Security {
        var security = TransferRequest.Security()
        security.verifies = fields.verify ?? true
        security.authorities = fields.ca.map { Paths.absolute($0, context) }
        security.certificate = fields.certificate.map { Paths.absolute($0, context) }
        security.key = fields.key.map { Paths.absolute($0, context) }
        security.keyPassword = fields.keyPassword
        switch fields.minVersion {
        case nil, "1.2": break
        case "1.3": security.requiresTLS13 = true
        case .some(let other): throw .badInput(field: "tls.min_version", "is '\(other)'; must be 1.2 or 1.3")
        }
        if security.key != nil, security.certificate == nil {
            throw .badInput(field: "tls.key", "needs tls.certificate beside it")
        }
        return security
    }

    static func duration(_ text: String?, _ field: String) throws(Failure) -> Int64? {
        guard let text else { return nil }
        guard let nanoseconds = DurationText.parse(text), nanoseconds > 0 else {
            throw .badInput(field: field, "is '\(text)'; must be a length of time such as 500ms, 30s or 2m")
        }
        return nanoseconds
    }

    /// Takes an object apart into names and texts; lists repeat the name, null leaves it out.
    static func pairs(_ members: JSONObject, field: String) throws(Failure) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for member in members {
            for value in member.value.array ?? [member.value] where !value.isNull {
                pairs.append((member.name, try scalar(value, field: "\(field).\(member.name)")))
            }
        }
        return pairs
    }

    /// The text of a string, number or boolean.
    static func scalar(_ value: JSON, field: String) throws(Failure) -> String {
        switch value {
        case .string(let text): return text
        case .bool, .integer, .number: return value.text
        case .null, .array, .object:
            throw .badInput(field: field, "must be a string, number or boolean, or a list of them; is \(value.kind)")
        }
    }

    private static func headerList(_ members: JSONObject) throws(Failure) -> HeaderList {
        var list = HeaderList()
        for (name, value) in try pairs(members, field: "headers") {
            guard HeaderList.isName(name) else {
                throw .badInput(field: "headers", "holds the name '\(name)', which is not a header's name")
            }
            guard HeaderList.isValue(value) else {
                throw .badInput(field: "headers.\(name)", "holds a line break, which headers cannot hold")
            }
            guard !["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) else {
                throw .badInput(field: "headers.\(name)", "is set by the transfer itself; leave it out")
            }
            list.add(name, value)
        }
        return list
    }

    private static func isCookie(_ name: String, _ value: String) -> Bool {
        HeaderList.isName(name) && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x3b && $0 != 0x7f }
    }
}

/// Paths in inputs.
enum Paths {
    /// The path, relative ones from the folder of the call.
    static func absolute(_ path: String, _ context: Context) -> String {
        path.hasPrefix("/") || context.workingDirectory.isEmpty ? path : "\(context.workingDirectory)/\(path)"
    }
}
