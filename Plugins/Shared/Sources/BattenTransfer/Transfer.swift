import CCurl

/// One transfer under way; see ``TransferClient/start(_:completion:)``.
public final class Transfer {
    /// What follows when libcurl is done with a request.
    enum Conclusion {
        case done(Result<TransferResponse, TransferFailure>)
        /// A redirect: the transfer now describes the next request.
        case again
    }

    let id: UInt64
    private(set) weak var client: TransferClient?
    private(set) var request: TransferRequest
    let completion: (Result<TransferResponse, TransferFailure>) -> Void
    private let started = batten_monotonic_ns()

    /// Where the current request goes, and what it connects to (the proxy, if there is one).
    private(set) var url: URLAddress
    var target: URLAddress?
    var timer: UInt64?
    /// Why the policy refused an address, if it did.
    var refusal: String?

    private(set) var easy: UnsafeMutableRawPointer?
    var isAdded = false
    /// What libcurl borrows from the transfer while it works.
    var holdings = CurlHoldings()

    private var status = 0
    private var headers = HeaderList()
    private var body: [UInt8] = []
    private var received: Int64 = 0
    private var lastProgress: Int64 = 0
    private var lastSent: Int64 = 0
    private var redirects = 0
    private var stopReason: TransferFailure?
    private(set) var wasSent = false
    private var uploadIsOver = false

    init(
        id: UInt64, client: TransferClient, request: TransferRequest,
        completion: @escaping (Result<TransferResponse, TransferFailure>) -> Void
    ) {
        self.id = id
        self.client = client
        self.request = request
        self.completion = completion
        url = request.url
    }

    deinit {
        release()
    }

    /// Ends the transfer; its completion is called with a failure of kind `cancelled`.
    public func cancel() {
        client?.end(self, .failure(failure(.cancelled, "transfer.cancelled", "was cancelled")))
    }

    /// Lets a transfer go on whose receiver answered ``ChunkVerdict/pause``.
    public func resume() {
        client?.resume(self)
    }

    /// Makes libcurl's handle say what the request says; gives back why it cannot.
    func configure(addresses: [String]?, client: TransferClient, share: UnsafeMutableRawPointer?) -> TransferFailure? {
        if let easy {
            // The cookies of earlier hops stay.
            curl_easy_reset(easy)
        } else {
            easy = curl_easy_init()
        }
        guard let easy else {
            return TransferFailure(.local, code: "transfer.memory", message: "no memory for another transfer")
        }
        holdings.free()
        let me = Unmanaged.passUnretained(self).toOpaque()
        let options = CurlOptions(easy: easy)
        options.set(CURLOPT_PRIVATE, me)
        _ = batten_set_data_function(easy, CURLOPT_WRITEFUNCTION, onBody)
        options.set(CURLOPT_WRITEDATA, me)
        _ = batten_set_data_function(easy, CURLOPT_HEADERFUNCTION, onHeader)
        options.set(CURLOPT_HEADERDATA, me)
        _ = batten_set_open_socket_function(easy, onOpenSocket)
        options.set(CURLOPT_OPENSOCKETDATA, me)
        _ = batten_set_close_socket_function(easy, onCloseSocket)
        options.set(CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(client).toOpaque())
        if request.uploadProgress != nil {
            _ = batten_set_progress_function(easy, onProgress)
            options.set(CURLOPT_XFERINFODATA, me)
            options.set(CURLOPT_NOPROGRESS, 0)
        }
        if let share { _ = batten_set_share(easy, share) }
        let resolution = addresses.flatMap { list in target.map { (host: $0.host, port: $0.port, addresses: list) } }
        return options.apply(request, url: url, resolution: resolution, holdings: &holdings)
    }

    /// Frees what belongs to libcurl.
    func release() {
        if let easy { curl_easy_cleanup(easy) }
        easy = nil
        holdings.free()
    }

    /// A failure that begins with what was attempted.
    func failure(_ kind: TransferFailure.Kind, _ code: String, _ message: String) -> TransferFailure {
        noteSent()
        let shown = request.shownURL ?? Redaction.url(url.text)
        let what = request.envelope == nil ? "\(request.method) \(shown)" : shown
        return TransferFailure(kind, code: code, message: "\(what): \(message)", sent: wasSent)
    }

    private func noteSent() {
        if request.envelope != nil {
            // A mail counts once its last byte went out; before that no server delivers it.
            wasSent = uploadIsOver
            return
        }
        guard let easy, !wasSent else { return }
        var bytes = 0
        _ = batten_get_long(easy, CURLINFO_REQUEST_SIZE, &bytes)
        wasSent = bytes > 0
    }

    // MARK: What libcurl tells

    /// Takes a header line with its line end.
    fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) {
        guard request.envelope == nil else { return }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            headers.removeAll()
            body.removeAll()
            let words = text.split { $0 == " " || $0.isNewline }
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
            return
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        let end = value.lastIndex { !$0.isWhitespace }
        headers.add(String(text[..<colon]), end.map { String(value[...$0]) } ?? "")
    }

    /// Takes a piece of body; gives back what to tell libcurl.
    fileprivate func takeBody(_ chunk: UnsafeRawBufferPointer) -> Int {
        guard request.envelope == nil else { return chunk.count }
        let total = received + Int64(chunk.count)
        guard total <= request.maxResponseBytes else {
            stopReason = failure(
                .tooLarge, "response.too_large",
                "the response is larger than the \(request.maxResponseBytes) bytes allowed")
            return 0
        }
        if redirection() == nil {
            if (200..<300).contains(status), let receive = request.receive {
                switch receive(head, chunk) {
                case .taken: break
                case .pause: return Int(CURL_WRITEFUNC_PAUSE)
                case .fail(let failure):
                    stopReason = failure
                    return 0
                }
            } else {
                body.append(contentsOf: chunk)
            }
            if let progress = request.progress { report(total, progress) }
        }
        received = total
        return chunk.count
    }

    private func report(_ total: Int64, _ progress: (Int64, Int64) -> Void) {
        let now = batten_monotonic_ns()
        let expected = headers["Content-Length"].flatMap { Int64($0) } ?? 0
        guard now - lastProgress >= 250_000_000 || total == expected else { return }
        lastProgress = now
        progress(total, max(0, expected))
    }

    /// Tells how much was sent.
    fileprivate func noteUpload(_ sent: Int64, of expected: Int64) {
        guard let progress = request.uploadProgress, sent > 0, sent != lastSent else { return }
        let now = batten_monotonic_ns()
        guard now - lastProgress >= 250_000_000 || sent == expected else { return }
        lastProgress = now
        lastSent = sent
        progress(sent, max(0, expected))
    }

    /// Gives bytes to send; 0 at the end, nil if they cannot be read.
    fileprivate func giveBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = holdings.read(into: buffer)
        if count == 0 { uploadIsOver = true }
        return count
    }

    private var head: TransferHead {
        TransferHead(status: status, headers: headers, url: request.shownURL ?? url.text)
    }

    // MARK: The end of a request

    /// Decides what a finished request means.
    func conclude(_ code: CURLcode) -> Conclusion {
        noteSent()
        if let stopReason { return .done(.failure(stopReason)) }
        guard code == CURLE_OK else { return .done(.failure(explain(code))) }
        if request.envelope != nil, let easy {
            _ = batten_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        }
        if let next = redirection() {
            if redirects >= request.maxRedirects {
                return .done(
                    .failure(
                        failure(
                            .rejected, "redirect.too_many",
                            "more than \(request.maxRedirects) redirects; max_redirects allows more")))
            }
            do throws(TransferFailure) {
                try follow(next)
                return .again
            } catch {
                return .done(.failure(failure(.rejected, "redirect.invalid", "redirects to \(error.message)")))
            }
        }
        return .done(
            .success(
                TransferResponse(
                    head: head, body: body, bytes: received, elapsed: batten_monotonic_ns() - started,
                    redirects: redirects, version: spokenVersion)))
    }

    private var spokenVersion: String {
        guard let easy, request.envelope == nil else { return "" }
        var number = 0
        _ = batten_get_long(easy, CURLINFO_HTTP_VERSION, &number)
        return switch number {
        case CURL_HTTP_VERSION_1_0: "1.0"
        case CURL_HTTP_VERSION_1_1: "1.1"
        case CURL_HTTP_VERSION_2_0: "2"
        case CURL_HTTP_VERSION_3: "3"
        default: ""
        }
    }

    /// Where the response sends us, if redirects are followed.
    private func redirection() -> String? {
        guard request.maxRedirects > 0, request.envelope == nil, [301, 302, 303, 307, 308].contains(status) else {
            return nil
        }
        return headers["Location"]
    }

    /// Turns the request into the one a redirect asks for.
    private func follow(_ location: String) throws(TransferFailure) {
        let next = try url.resolving(location)
        redirects += 1
        if (status == 303 && request.method != "HEAD") || ([301, 302].contains(status) && request.method == "POST") {
            request.method = "GET"
            request.body = .none
            for name in ["Content-Type", "Content-Length", "Content-Encoding", "Content-MD5"] {
                request.headers.remove(name)
            }
        }
        if next.origin != url.origin {
            request.authentication = .none
            request.cookies = []
            request.security.certificate = nil
            request.security.key = nil
            for field in request.headers.fields where Redaction.isSensitive(field.name) {
                request.headers.remove(field.name)
            }
        }
        url = next
        status = 0
        headers.removeAll()
        body.removeAll()
        received = 0
    }

    /// Says in our words what libcurl's code means.
    private func explain(_ code: CURLcode) -> TransferFailure {
        var reply = 0
        var connected: curl_off_t = 0
        if let easy {
            _ = batten_get_long(easy, CURLINFO_RESPONSE_CODE, &reply)
            _ = batten_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &connected)
        }
        if let refusal, code == CURLE_COULDNT_CONNECT {
            return failure(.refused, "network.refused", "connection not allowed: \(refusal)")
        }
        let meaning = CurlMeaning(
            code: code, text: holdings.errorText, reply: request.envelope == nil ? 0 : reply, isConnected: connected > 0
        )
        var failure = failure(meaning.kind, meaning.code, meaning.message)
        // A mail server that answered with a refusal does not deliver.
        if request.envelope != nil, reply >= 400 { failure.sent = false }
        return failure
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func onHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

private func onBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard size * count > 0 else { return 0 }
    return transfer(context)?.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func onProgress(
    _ context: UnsafeMutableRawPointer?, _ toReceive: curl_off_t, _ received: curl_off_t, _ toSend: curl_off_t,
    _ sent: curl_off_t
) -> Int32 {
    transfer(context)?.noteUpload(Int64(sent), of: Int64(toSend))
    return 0
}

/// Gives libcurl the next bytes of an upload.
func onRead(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.giveBody(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        ?? Int(CURL_READFUNC_ABORT)
}

/// Begins an upload again from a place, as when a server asks for credentials.
func onSeek(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard let transfer = transfer(context), origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
    return transfer.holdings.seek(to: Int64(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
}
