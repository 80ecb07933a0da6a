import CCurl

/// What a transfer lends to libcurl: it must stay where it is while libcurl works.
struct CurlHoldings {
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private var mime: OpaquePointer?
    private var bytes: UnsafeMutableRawBufferPointer?
    private var position = 0
    private var descriptor: Int32 = -1
    private var errorBuffer: UnsafeMutablePointer<CChar>?

    /// Frees everything; libcurl must not use any of it any more.
    mutating func free() {
        for list in lists { curl_slist_free_all(list) }
        lists = []
        curl_mime_free(mime)
        mime = nil
        bytes?.deallocate()
        bytes = nil
        position = 0
        if descriptor >= 0 { _ = close(descriptor) }
        descriptor = -1
        errorBuffer?.deallocate()
        errorBuffer = nil
    }

    /// What libcurl wrote about its last error.
    var errorText: String { errorBuffer.map { String(cString: $0) } ?? "" }

    mutating func makeErrorBuffer() -> UnsafeMutablePointer<CChar> {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        buffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        errorBuffer = buffer
        return buffer
    }

    mutating func makeList(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { break }
            list = longer
        }
        if let list { lists.append(list) }
        return list
    }

    mutating func hold(_ content: [UInt8]) -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, content.count), alignment: 1)
        copy.copyBytes(from: content)
        let held = UnsafeMutableRawBufferPointer(start: copy.baseAddress, count: content.count)
        bytes = held
        position = 0
        return held
    }

    /// Opens a file to send; its size, or why it cannot be sent.
    mutating func open(_ path: String) -> Result<Int64, TransferFailure> {
        descriptor = batten_open(path, O_RDONLY | O_NONBLOCK, 0)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            return .failure(FileProblem.cannot("read", path, batten_errno()))
        }
        guard status.st_mode & UInt32(S_IFMT) == UInt32(S_IFREG) else {
            return .failure(TransferFailure(.local, code: "file.kind", message: "'\(path)' is not a regular file"))
        }
        return .success(Int64(status.st_size))
    }

    mutating func makeMime(_ easy: UnsafeMutableRawPointer, _ parts: [TransferRequest.Part]) -> OpaquePointer? {
        mime = curl_mime_init(easy)
        for part in parts {
            guard let field = curl_mime_addpart(mime) else { return nil }
            curl_mime_name(field, part.name)
            switch part.content {
            case .bytes(let bytes):
                bytes.withUnsafeBytes { raw in
                    _ = curl_mime_data(field, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
                }
            case .file(let path): curl_mime_filedata(field, path)
            }
            if let type = part.mediaType { curl_mime_type(field, type) }
            if let name = part.fileName { curl_mime_filename(field, name) }
        }
        return mime
    }

    /// Copies the next bytes to send; 0 at the end, nil on a read error.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        if descriptor >= 0 {
            let count = CCurl.read(descriptor, buffer.baseAddress, buffer.count)
            return count < 0 ? nil : count
        }
        guard let bytes else { return 0 }
        let count = min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)]))
        position += count
        return count
    }

    mutating func seek(to offset: Int64) -> Bool {
        if descriptor >= 0 { return lseek(descriptor, Int(offset), SEEK_SET) == Int(offset) }
        guard let bytes, offset >= 0, offset <= bytes.count else { return false }
        position = Int(offset)
        return true
    }
}

/// Sets the options of one libcurl handle.
struct CurlOptions {
    let easy: UnsafeMutableRawPointer

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        _ = batten_set_pointer(easy, option, value)
    }

    @discardableResult
    func set(_ option: CURLoption, _ value: Int) -> CURLcode {
        batten_set_long(easy, option, value)
    }

    @discardableResult
    func set(_ option: CURLoption, _ value: String) -> CURLcode {
        batten_set_text(easy, option, value)
    }

    /// Sets what a request says; gives back why it cannot be done.
    func apply(
        _ request: TransferRequest, url: URLAddress, resolution: (host: String, port: Int, addresses: [String])?,
        holdings: inout CurlHoldings
    ) -> TransferFailure? {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(holdings.makeErrorBuffer()))
        set(CURLOPT_URL, url.text)
        set(CURLOPT_PROTOCOLS_STR, request.envelope == nil ? "http,https" : "smtp,smtps")
        set(CURLOPT_BUFFERSIZE, request.bufferSize)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 16384)
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeout))
        set(CURLOPT_DNS_CACHE_TIMEOUT, 3600)
        if request.idleTimeout > 0 {
            set(CURLOPT_LOW_SPEED_LIMIT, 1)
            set(CURLOPT_LOW_SPEED_TIME, max(1, Int((request.idleTimeout - 1) / 1_000_000_000) + 1))
        }
        if let resolution {
            let addresses = resolution.addresses.map { $0.contains(":") ? "[\($0)]" : $0 }.joined(separator: ",")
            let line = "+\(resolution.host):\(resolution.port):\(addresses)"
            _ = batten_set_list(easy, CURLOPT_RESOLVE, holdings.makeList([line]))
        }
        // An empty proxy keeps libcurl from asking the environment for one.
        set(CURLOPT_PROXY, request.proxy ?? "")
        if let problem = apply(request.security) { return problem }
        if let problem = apply(request.authentication, url: url) { return problem }
        return request.envelope == nil
            ? applyHTTP(request, url: url, holdings: &holdings)
            : applyMail(request, holdings: &holdings)
    }

    private func milliseconds(_ nanoseconds: Int64) -> Int {
        // 0 would mean libcurl's own default of 300 s.
        nanoseconds <= 0 ? Int(Int32.max) : max(1, Int(min(nanoseconds / 1_000_000, Int64(Int32.max))))
    }

    private func apply(_ security: TransferRequest.Security) -> TransferFailure? {
        set(CURLOPT_SSLVERSION, security.requiresTLS13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2)
        if !security.verifies {
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let authorities = security.authorities { set(CURLOPT_CAINFO, authorities) }
        if let certificate = security.certificate {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, security.key ?? certificate)
            if let password = security.keyPassword { set(CURLOPT_KEYPASSWD, password) }
        }
        return nil
    }

    private func apply(_ authentication: TransferRequest.Authentication, url: URLAddress) -> TransferFailure? {
        switch authentication {
        case .none:
            if let user = url.user {
                set(CURLOPT_HTTPAUTH, Int(basicBit))
                set(CURLOPT_USERNAME, user)
                set(CURLOPT_PASSWORD, url.password ?? "")
            }
        case .basic(let user, let password):
            set(CURLOPT_HTTPAUTH, Int(basicBit))
            set(CURLOPT_USERNAME, user)
            set(CURLOPT_PASSWORD, password)
        case .digest(let user, let password):
            set(CURLOPT_HTTPAUTH, Int(digestBit))
            set(CURLOPT_USERNAME, user)
            set(CURLOPT_PASSWORD, password)
        case .bearer(let token):
            set(CURLOPT_HTTPAUTH, Int(bearerBit))
            set(CURLOPT_XOAUTH2_BEARER, token)
        case .netrc(let path):
            set(CURLOPT_NETRC, 2)
            if let path { set(CURLOPT_NETRC_FILE, path) }
        case .awsSigV4(let accessKey, let secretKey, _, let region, let service):
            guard set(CURLOPT_AWS_SIGV4, "aws:amz:\(region):\(service)") == CURLE_OK else {
                return TransferFailure(
                    .badRequest, code: "auth.unsupported", message: "this libcurl cannot sign for AWS")
            }
            set(CURLOPT_USERNAME, accessKey)
            set(CURLOPT_PASSWORD, secretKey)
        }
        return nil
    }

    private func applyHTTP(
        _ request: TransferRequest, url: URLAddress, holdings: inout CurlHoldings
    ) -> TransferFailure? {
        if let problem = apply(request.version) { return problem }
        if url.scheme == "https" { set(CURLOPT_PIPEWAIT, 1) }
        if request.acceptsCompression { set(CURLOPT_ACCEPT_ENCODING, "") }
        // Turns the cookie engine on for the hops of this transfer.
        set(CURLOPT_COOKIEFILE, "")
        if !request.cookies.isEmpty {
            set(CURLOPT_COOKIE, request.cookies.map { "\($0.0)=\($0.1)" }.joined(separator: "; "))
        }
        if let problem = applyBody(request, holdings: &holdings) { return problem }
        var lines = request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if case .awsSigV4(_, _, let token?, _, _) = request.authentication {
            lines.append("X-Amz-Security-Token: \(token)")
        }
        if !request.headers.contains("User-Agent") { set(CURLOPT_USERAGENT, "batten/1") }
        if !request.headers.contains("Accept") { lines.append("Accept: */*") }
        // No waiting for `100 Continue`, and no media type that nobody asked for.
        lines.append("Expect:")
        if case .multipart = request.body {
        } else if !request.headers.contains("Content-Type") {
            lines.append("Content-Type:")
        }
        _ = batten_set_list(easy, CURLOPT_HTTPHEADER, holdings.makeList(lines))
        return nil
    }

    private func apply(_ version: TransferRequest.Version) -> TransferFailure? {
        let number =
            switch version {
            case .automatic: CURL_HTTP_VERSION_2TLS
            case .one: CURL_HTTP_VERSION_1_0
            case .oneOne: CURL_HTTP_VERSION_1_1
            case .two: CURL_HTTP_VERSION_2_0
            case .twoPriorKnowledge: CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
            case .three: CURL_HTTP_VERSION_3
            }
        guard set(CURLOPT_HTTP_VERSION, Int(number)) == CURLE_OK else {
            return TransferFailure(
                .badRequest, code: "http.version",
                message: "this machine's libcurl cannot speak HTTP/\(version.rawValue); use 'auto', '1.1' or '2'")
        }
        return nil
    }

    private func applyBody(_ request: TransferRequest, holdings: inout CurlHoldings) -> TransferFailure? {
        switch request.body {
        case .none:
            switch request.method {
            case "GET": set(CURLOPT_HTTPGET, 1)
            case "HEAD": set(CURLOPT_NOBODY, 1)
            case "POST", "PUT", "PATCH": applyBytes([], holdings: &holdings)
            default: break
            }
        case .bytes(let bytes): applyBytes(bytes, holdings: &holdings)
        case .file(let path):
            switch holdings.open(path) {
            case .success(let size):
                set(CURLOPT_UPLOAD, 1)
                _ = batten_set_offset(easy, CURLOPT_INFILESIZE_LARGE, Int(size))
                applyReading()
            case .failure(let failure): return failure
            }
        case .multipart(let parts):
            guard let mime = holdings.makeMime(easy, parts) else {
                return TransferFailure(.local, code: "transfer.memory", message: "no memory for the body")
            }
            _ = batten_set_mime(easy, mime)
        }
        if request.method != "GET" && request.method != "HEAD" || !request.body.isNone {
            set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        return nil
    }

    private func applyBytes(_ bytes: [UInt8], holdings: inout CurlHoldings) {
        let held = holdings.hold(bytes)
        _ = batten_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, held.count)
        if let base = held.baseAddress { set(CURLOPT_POSTFIELDS, base) }
    }

    private func applyReading() {
        var me: UnsafeMutableRawPointer?
        _ = batten_get_pointer(easy, &me)
        guard let me else { return }
        _ = batten_set_data_function(easy, CURLOPT_READFUNCTION, onRead)
        set(CURLOPT_READDATA, me)
        _ = batten_set_seek_function(easy, onSeek)
        set(CURLOPT_SEEKDATA, me)
    }

    private func applyMail(_ request: TransferRequest, holdings: inout CurlHoldings) -> TransferFailure? {
        guard let envelope = request.envelope, case .bytes(let message) = request.body else {
            return TransferFailure(.badRequest, code: "mail.body", message: "a mail needs a message")
        }
        set(CURLOPT_MAIL_FROM, "<\(envelope.sender)>")
        _ = batten_set_list(easy, CURLOPT_MAIL_RCPT, holdings.makeList(envelope.recipients.map { "<\($0)>" }))
        let encryption =
            switch envelope.encryption {
            case .startTLS: CURLUSESSL_ALL
            case .opportunistic: CURLUSESSL_TRY
            case .none: CURLUSESSL_NONE
            }
        set(CURLOPT_USE_SSL, Int(encryption.rawValue))
        let held = holdings.hold(message)
        set(CURLOPT_UPLOAD, 1)
        _ = batten_set_offset(easy, CURLOPT_INFILESIZE_LARGE, held.count)
        applyReading()
        return nil
    }
}

extension TransferRequest.Body {
    fileprivate var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

// libcurl's own names are macros with casts that Swift does not see.
private let basicBit: UInt = 1 << 0
private let digestBit: UInt = 1 << 1
private let bearerBit: UInt = 1 << 6

/// Problems with files on this side.
public enum FileProblem {
    /// Says what could not be done with a file, and why.
    public static func cannot(_ verb: String, _ path: String, _ number: Int32) -> TransferFailure {
        TransferFailure(
            .local, code: "file.\(verb.split(separator: " ").first ?? "use")",
            message: "cannot \(verb) '\(path)': \(String(cString: batten_error_text(number)).lowercased())")
    }
}
