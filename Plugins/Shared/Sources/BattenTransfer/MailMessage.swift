/// A mail: what its bytes are made of.
public struct MailMessage: Sendable {
    /// A file that goes with the mail.
    public struct Attachment: Sendable {
        /// The name the receiver sees.
        public var fileName: String
        /// Its media type.
        public var mediaType: String
        /// Its bytes.
        public var content: [UInt8]

        /// Describes an attachment.
        public init(fileName: String, mediaType: String, content: [UInt8]) {
            self.fileName = fileName
            self.mediaType = mediaType
            self.content = content
        }
    }

    /// Who sends it.
    public var from: MailAddress
    /// Who receives it.
    public var to: [MailAddress]
    /// Who receives a copy.
    public var cc: [MailAddress] = []
    /// Where answers go, if not to the sender.
    public var replyTo: [MailAddress] = []
    /// What it is about.
    public var subject = ""
    /// The text for readers without HTML.
    public var text: String?
    /// The text as HTML.
    public var html: String?
    /// Files that go with it.
    public var attachments: [Attachment] = []
    /// Further headers.
    public var headers = HeaderList()
    /// Makes Message-ID and boundaries: the same key gives the same ones, so that a receiver can drop a repetition.
    public var key: String
    /// Seconds since 1970.
    public var date: Int64

    /// Describes a mail.
    public init(from: MailAddress, to: [MailAddress], key: String, date: Int64) {
        self.from = from
        self.to = to
        self.key = key
        self.date = date
    }

    /// The Message-ID with its angle brackets.
    public var messageID: String {
        "<\(Cryptography.hex(SHA256Digest.of(Array("message \(key)".utf8))).prefix(32))@\(from.domain)>"
    }

    /// The message's bytes: lines ended by CRLF, dots not yet doubled.
    public var bytes: [UInt8] {
        var head = "Date: \(HTTPDate.formatMail(date))\r\nMessage-ID: \(messageID)\r\n"
        head += MailText.header("From", [from])
        if !to.isEmpty { head += MailText.header("To", to) }
        if !cc.isEmpty { head += MailText.header("Cc", cc) }
        if !replyTo.isEmpty { head += MailText.header("Reply-To", replyTo) }
        head += MailText.header("Subject", subject)
        for field in headers.fields { head += MailText.header(field.name, field.value) }
        head += "MIME-Version: 1.0\r\n"
        return Array(head.utf8) + mixed()
    }

    /// The body with the headers that describe it.
    private func mixed() -> [UInt8] {
        guard !attachments.isEmpty else { return alternative() }
        return multipart("mixed", [alternative()] + attachments.map(part))
    }

    private func alternative() -> [UInt8] {
        let parts = [text.map { part($0, "plain") }, html.map { part($0, "html") }].compactMap { $0 }
        switch parts.count {
        case 0: return part("", "plain")
        case 1: return parts[0]
        default: return multipart("alternative", parts)
        }
    }

    private func part(_ text: String, _ kind: String) -> [UInt8] {
        let lines = MailText.lines(text)
        let isPlain = MailText.isSevenBit(lines)
        let head = """
            Content-Type: text/\(kind); charset=utf-8\r
            Content-Transfer-Encoding: \(isPlain ? "7bit" : "quoted-printable")\r
            \r

            """
        return Array(head.utf8) + (isPlain ? lines : MailText.quotedPrintable(lines))
    }

    private func part(_ attachment: Attachment) -> [UInt8] {
        let head = """
            Content-Type: \(attachment.mediaType);\r
             \(MailText.parameter("name", attachment.fileName))\r
            Content-Transfer-Encoding: base64\r
            Content-Disposition: attachment;\r
             \(MailText.parameter("filename", attachment.fileName))\r
            \r

            """
        return Array(head.utf8) + MailText.base64(attachment.content)
    }

    private func multipart(_ kind: String, _ parts: [[UInt8]]) -> [UInt8] {
        // The boundary holds "=_", which neither base 64 nor quoted-printable can; plain text is looked through.
        var boundary = ""
        var number = 0
        repeat {
            boundary = "=_\(Cryptography.hex(SHA256Digest.of(Array("\(kind) \(number) \(key)".utf8))).prefix(32))"
            number += 1
        } while parts.contains { Self.contains($0, Array(boundary.utf8)) } && number < 100
        var bytes = Array("Content-Type: multipart/\(kind);\r\n boundary=\"\(boundary)\"\r\n\r\n".utf8)
        for part in parts {
            bytes += Array("--\(boundary)\r\n".utf8) + part
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    private static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        guard bytes.count >= needle.count else { return false }
        var index = bytes.startIndex
        while let start = bytes[index...].firstIndex(of: needle[0]) {
            if bytes[start...].starts(with: needle) { return true }
            index = start + 1
        }
        return false
    }
}
