import BattenPlugin
import BattenTransfer

/// The fields of `notify.email`.
struct EmailInput: Decodable {
    struct Attachment: Decodable {
        var filename: String?
        var contentType: String?
        var path: String?
        var text: String?
        var base64: String?

        enum CodingKeys: String, CodingKey {
            case filename, path, text, base64
            case contentType = "content_type"
        }
    }

    struct Security: Decodable {
        var verify: Bool?
        var ca: String?
    }

    /// One text or several.
    struct Texts: Decodable {
        var list: [String]

        init(from decoder: any Decoder) throws {
            let single = try decoder.singleValueContainer()
            let json = try single.decode(JSON.self)
            list = json.string.map { [$0] } ?? []
            if json.string == nil { list = try single.decode([String].self) }
        }
    }

    var server: String
    var username: String?
    var password: String?
    var starttls: String?
    var tls: Security?
    var from: String
    var to: Texts?
    var cc: Texts?
    var bcc: Texts?
    var replyTo: Texts?
    var subject: String?
    var text: String?
    var html: String?
    var headers: [String: String]?
    var attachments: [Attachment]?
    var timeLimit: String?

    enum CodingKeys: String, CodingKey {
        case server, username, password, starttls, tls, from, to, cc, bcc, subject, text, html, headers, attachments
        case replyTo = "reply_to"
        case timeLimit = "time_limit"
    }

    /// The transfer without its message and receivers.
    func request(context: Context) throws(Failure) -> TransferRequest {
        let schemes = ["smtp", "smtps"]
        var request: TransferRequest
        do throws(TransferFailure) {
            request = TransferRequest(url: try URLAddress(server, schemes: schemes))
        } catch {
            throw .badInput(field: "server", error.message)
        }
        request.totalTimeout = 120_000_000_000
        if let timeLimit {
            guard let nanoseconds = DurationText.parse(timeLimit), nanoseconds > 0 else {
                throw .badInput(field: "time_limit", "is '\(timeLimit)'; must be a length of time such as 30s")
            }
            request.totalTimeout = nanoseconds
        }
        let encryption: TransferRequest.Envelope.Encryption
        switch starttls {
        case "required": encryption = .startTLS
        case "auto": encryption = .opportunistic
        case "never": encryption = .none
        case nil:
            // On this machine nobody listens in between.
            let isLocal = ["localhost", "127.0.0.1", "::1"].contains(request.url.host)
            encryption = isLocal ? .opportunistic : .startTLS
        case .some(let other):
            throw .badInput(field: "starttls", "is '\(other)'; must be required, auto or never")
        }
        request.envelope = TransferRequest.Envelope(sender: "", recipients: [], encryption: encryption)
        switch (username, password) {
        case (let user?, let password?): request.authentication = .basic(user: user, password: password)
        case (nil, nil): break
        case (nil, _?): throw .badInput(field: "username", "is missing beside password")
        case (_?, nil): throw .badInput(field: "password", "is missing beside username")
        }
        request.security.verifies = tls?.verify ?? true
        if let path = tls?.ca {
            let isRelative = !path.hasPrefix("/") && !context.workingDirectory.isEmpty
            request.security.authorities = isRelative ? "\(context.workingDirectory)/\(path)" : path
        }
        return request
    }

    /// The message without its attachments, and what they are.
    func draft(context: Context) throws(Failure) -> MailDraft {
        let receivers = try addresses(to, "to")
        let copies = try addresses(cc, "cc")
        let hidden = try addresses(bcc, "bcc")
        var recipients: [String] = []
        for one in receivers + copies + hidden where !recipients.contains(one.address) {
            recipients.append(one.address)
        }
        guard !recipients.isEmpty else { throw .badInput(field: "to", "is missing: to, cc or bcc must name somebody") }
        guard text != nil || html != nil || attachments?.isEmpty == false else {
            throw .badInput(field: "text", "is missing: give text, html, or attachments")
        }
        let key =
            context.idempotencyKey.isEmpty
            ? Cryptography.hex(Cryptography.randomBytes(16) ?? []) : context.idempotencyKey
        var mail = MailMessage(
            from: try Self.address(from, "from"), to: receivers, key: key, date: WallClock.seconds)
        mail.cc = copies
        mail.replyTo = try addresses(replyTo, "reply_to")
        mail.subject = subject ?? ""
        guard HeaderList.isValue(mail.subject) else {
            throw .badInput(field: "subject", "holds a line break; write it in one line")
        }
        mail.text = text
        mail.html = html
        for (name, value) in (headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard HeaderList.isName(name), HeaderList.isValue(value) else {
                throw .badInput(field: "headers.\(name)", "is not a header: a name, and a text in one line")
            }
            guard !Self.ownHeaders.contains(name.lowercased()) else {
                throw .badInput(field: "headers.\(name)", "is made from the other fields; leave it out")
            }
            mail.headers.add(name, value)
        }
        for (index, one) in (attachments ?? []).enumerated() { try Self.check(one, "attachments[\(index)]") }
        return MailDraft(
            mail: mail, recipients: recipients, attachments: attachments ?? [], folder: context.workingDirectory)
    }

    private static let ownHeaders: Set<String> = [
        "date", "message-id", "from", "to", "cc", "bcc", "reply-to", "subject", "mime-version", "content-type",
        "content-transfer-encoding", "content-disposition",
    ]

    private func addresses(_ texts: Texts?, _ field: String) throws(Failure) -> [MailAddress] {
        var addresses: [MailAddress] = []
        for text in texts?.list ?? [] { addresses.append(try Self.address(text, field)) }
        return addresses
    }

    private static func address(_ text: String, _ field: String) throws(Failure) -> MailAddress {
        do throws(TransferFailure) {
            return try MailAddress(text)
        } catch {
            throw .badInput(field: field, error.message)
        }
    }

    private static func check(_ attachment: Attachment, _ field: String) throws(Failure) {
        guard [attachment.path, attachment.text, attachment.base64].compactMap({ $0 }).count == 1 else {
            throw .badInput(field: field, "must hold exactly one of path, text and base64")
        }
        guard attachment.path != nil || attachment.filename != nil else {
            throw .badInput(field: "\(field).filename", "is missing: an attachment needs a name")
        }
        for text in [attachment.filename, attachment.contentType].compactMap({ $0 }) where !HeaderList.isValue(text) {
            throw .badInput(field: field, "holds a line break in a name or type")
        }
        if let type = attachment.contentType {
            let halves = type.split(separator: ";")[0].split(separator: "/", omittingEmptySubsequences: false)
            guard halves.count == 2, halves.allSatisfy({ HeaderList.isName(String($0)) }),
                type.utf8.allSatisfy({ $0 < 0x7f })
            else { throw .badInput(field: "\(field).content_type", "is '\(type)'; must be a type such as text/csv") }
        }
        if let base64 = attachment.base64, Base64.decode(base64) == nil {
            throw .badInput(field: "\(field).base64", "is not base 64")
        }
    }
}

/// A mail whose attachments are still to be read.
struct MailDraft: Sendable {
    /// The most bytes of all attachments together.
    static let limit = 25 << 20

    var mail: MailMessage
    var recipients: [String]
    private var attachments: [Source]

    private struct Source: Sendable {
        var name: String
        var type: String
        var path: String?
        var content: [UInt8]
    }

    init(mail: MailMessage, recipients: [String], attachments: [EmailInput.Attachment], folder: String) {
        self.mail = mail
        self.recipients = recipients
        self.attachments = attachments.map { one in
            let path = one.path.map { $0.hasPrefix("/") || folder.isEmpty ? $0 : "\(folder)/\($0)" }
            let name = one.filename ?? path?.split(separator: "/").last.map(String.init) ?? "attachment"
            let content = one.text.map { Array($0.utf8) } ?? one.base64.flatMap { Base64.decode($0) } ?? []
            return Source(
                name: name,
                type: one.contentType ?? (one.text != nil ? "text/plain; charset=utf-8" : "application/octet-stream"),
                path: path, content: content)
        }
    }

    /// Reads the attachments; blocks.
    func finish() -> Result<MailMessage, Failure> {
        var mail = mail
        var left = Self.limit
        for (index, source) in attachments.enumerated() {
            var content = source.content
            if let path = source.path {
                switch LocalFile.read(path, limit: left) {
                case .success(let bytes): content = bytes
                case .failure(let failure):
                    return .failure(.badInput(field: "attachments[\(index)].path", failure.message))
                }
            }
            guard content.count <= left else {
                return .failure(
                    .badInput(field: "attachments", "are larger than the \(Self.limit) bytes allowed together"))
            }
            left -= content.count
            mail.attachments.append(
                MailMessage.Attachment(fileName: source.name, mediaType: source.type, content: content))
        }
        return .success(mail)
    }
}
