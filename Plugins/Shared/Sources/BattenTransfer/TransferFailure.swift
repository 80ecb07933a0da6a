/// Why a transfer did not give a response.
public struct TransferFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, as far as a caller has to tell apart.
    public enum Kind: Sendable, Equatable {
        /// The request cannot be carried out as it is written.
        case badRequest
        /// The host policy does not allow the connection.
        case refused
        /// The host's name has no address.
        case unresolved
        /// No connection came about.
        case unreachable
        /// The other side's certificate is not trusted, or it does not trust ours.
        case untrusted
        /// A time limit ended it.
        case timeout
        /// The connection broke, or what came was not the protocol.
        case interrupted
        /// The response is larger than allowed.
        case tooLarge
        /// The other side does not accept the credentials.
        case unauthorized
        /// The other side said that it may pass, as SMTP does with a reply of 4xx.
        case deferred
        /// The other side said no.
        case rejected
        /// A file on this side could not be read or written.
        case local
        /// The caller ended it.
        case cancelled
    }

    /// The kind.
    public var kind: Kind
    /// For programs: dotted lower case words.
    public var code: String
    /// For people, without credentials.
    public var message: String
    /// Whether the request had begun to go out, so that the other side may have acted on it.
    public var sent: Bool

    /// Makes a failure.
    public init(_ kind: Kind, code: String, message: String, sent: Bool = false) {
        self.kind = kind
        self.code = code
        self.message = message
        self.sent = sent
    }

    /// The message.
    public var description: String { message }

    /// Whether trying again may help.
    public var isTransient: Bool {
        switch kind {
        case .unresolved, .unreachable, .timeout, .interrupted, .deferred: true
        case .badRequest, .refused, .untrusted, .tooLarge, .unauthorized, .rejected, .local, .cancelled: false
        }
    }
}
