/// One transfer as a caller describes it: an HTTP request or a mail to hand in.
public struct TransferRequest {
    /// What goes out after the headers.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// Bytes at hand.
        case bytes([UInt8])
        /// A file, read while it is sent.
        case file(path: String)
        /// Parts of `multipart/form-data`.
        case multipart([Part])
    }

    /// One part of a multipart body.
    public struct Part: Sendable {
        /// The field's name.
        public var name: String
        /// The file name the receiver is told, if any.
        public var fileName: String?
        /// The media type, if it is to be told.
        public var mediaType: String?
        /// Bytes at hand, or the path of a file that is read while it is sent.
        public var content: Content

        /// Where a part's bytes come from.
        public enum Content: Sendable {
            /// Bytes at hand.
            case bytes([UInt8])
            /// A file.
            case file(path: String)
        }

        /// Describes a part.
        public init(name: String, fileName: String? = nil, mediaType: String? = nil, content: Content) {
            self.name = name
            self.fileName = fileName
            self.mediaType = mediaType
            self.content = content
        }
    }

    /// How the request says who sends it.
    ///
    /// Never sent on to another origin by a redirect.
    public enum Authentication: Sendable {
        /// Not at all.
        case none
        /// User name and password, in the clear under TLS.
        case basic(user: String, password: String)
        /// User name and password, as a digest.
        case digest(user: String, password: String)
        /// A token in the `Authorization` header.
        case bearer(String)
        /// What a netrc file holds for the host; nil is the user's own `~/.netrc`.
        case netrc(path: String?)
        /// AWS Signature Version 4.
        case awsSigV4(accessKey: String, secretKey: String, sessionToken: String?, region: String, service: String)
    }

    /// Trust and identity in TLS.
    public struct Security: Sendable {
        /// Whether the certificate and its name are checked.
        public var verifies = true
        /// A file of trusted certificates in place of the system's.
        public var authorities: String?
        /// Our certificate and its key, as paths of PEM files; the key may be in the certificate's file.
        public var certificate: String?
        /// The key's file, if it is another one.
        public var key: String?
        /// The key's password.
        public var keyPassword: String?
        /// Whether TLS 1.3 is required; otherwise 1.2 is enough.
        public var requiresTLS13 = false

        /// The system's trust, no identity.
        public init() {}
    }

    /// Which version of HTTP is spoken.
    public enum Version: String, Sendable {
        /// 2 over TLS where the server can, otherwise 1.1.
        case automatic = "auto"
        /// HTTP/1.0.
        case one = "1.0"
        /// HTTP/1.1.
        case oneOne = "1.1"
        /// HTTP/2, in the clear by upgrade.
        case two = "2"
        /// HTTP/2 in the clear without asking first.
        case twoPriorKnowledge = "2-prior-knowledge"
        /// HTTP/3 or an earlier one.
        case three = "3"
    }

    /// What a mail server is told besides the message itself, which is the body.
    public struct Envelope: Sendable {
        /// How the connection is encrypted.
        public enum Encryption: Sendable {
            /// STARTTLS, and no mail without it.
            case startTLS
            /// STARTTLS if the server offers it.
            case opportunistic
            /// Never.
            case none
        }

        /// The sender's address, without name and angle brackets.
        public var sender: String
        /// The receivers' addresses.
        public var recipients: [String]
        /// Used for `smtp://`; `smtps://` is encrypted from the first byte.
        public var encryption: Encryption

        /// Describes an envelope.
        public init(sender: String, recipients: [String], encryption: Encryption) {
            self.sender = sender
            self.recipients = recipients
            self.encryption = encryption
        }
    }

    /// The method, such as `GET`.
    public var method = "GET"
    /// Where to; `http`, `https`, or with an envelope `smtp`, `smtps`.
    public var url: URLAddress
    /// Headers besides those libcurl writes itself.
    public var headers = HeaderList()
    /// What goes out.
    public var body = Body.none
    /// Who sends it.
    public var authentication = Authentication.none
    /// TLS.
    public var security = Security()
    /// A proxy, such as `http://proxy:3128` or `socks5h://localhost:1080`; nil connects directly.
    public var proxy: String?
    /// HTTP's version.
    public var version = Version.automatic
    /// Cookies as name and value.
    public var cookies: [(String, String)] = []
    /// Whether compressed responses are asked for and unpacked.
    public var acceptsCompression = true
    /// How many redirects are followed; 0 gives them back as responses.
    public var maxRedirects = 10
    /// Nanoseconds until a connection must stand; 0 means no limit.
    public var connectTimeout: Int64 = 30_000_000_000
    /// Nanoseconds for the whole transfer, redirects included; 0 means no limit.
    public var totalTimeout: Int64 = 0
    /// Nanoseconds without a byte, rounded up to seconds; 0 means no limit.
    public var idleTimeout: Int64 = 0
    /// How many bytes of a response's body are taken, after unpacking.
    public var maxResponseBytes: Int64 = 16 << 20
    /// How much is read at once; more costs memory a transfer and saves turns.
    public var bufferSize = 8192
    /// Mail in place of HTTP.
    public var envelope: Envelope?

    /// What messages show in place of a URL that is itself a credential.
    public var shownURL: String?

    /// Gets the body of a response with a status from 200 to 299 as it comes, in place of collecting it.
    ///
    /// It must not start or cancel transfers of the same client.
    public var receive: ((TransferHead, UnsafeRawBufferPointer) -> ChunkVerdict)?
    /// Is told of bytes received and expected (0 if not known), at most a few times a second.
    public var progress: ((Int64, Int64) -> Void)?
    /// Is told of bytes sent and to send (0 if not known), at most a few times a second.
    public var uploadProgress: ((Int64, Int64) -> Void)?

    /// Describes a GET without anything special.
    public init(url: URLAddress) {
        self.url = url
    }
}

/// What a receiver of a body says to a piece of it.
public enum ChunkVerdict: Sendable {
    /// Go on.
    case taken
    /// Come again with the same bytes after ``Transfer/resume()``.
    case pause
    /// End the transfer with this failure.
    case fail(TransferFailure)
}

/// The beginning of a response.
public struct TransferHead: Sendable {
    /// HTTP's status code, or SMTP's last reply code.
    public var status: Int
    /// The headers of the last response.
    public var headers: HeaderList
    /// Where the response came from, after redirects, without credentials.
    public var url: String
}

/// A response.
public struct TransferResponse: Sendable {
    /// Status and headers.
    public var head: TransferHead
    /// The body; empty if it was received in pieces.
    public var body: [UInt8]
    /// How many bytes of body came, after unpacking.
    public var bytes: Int64
    /// Nanoseconds from the start to the end.
    public var elapsed: Int64
    /// How many redirects were followed.
    public var redirects: Int
    /// The version spoken: `1.0`, `1.1`, `2`, `3`, or empty.
    public var version: String
}
