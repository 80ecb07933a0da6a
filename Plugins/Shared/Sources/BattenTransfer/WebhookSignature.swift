import CCurl

/// The signature of webhooks: HMAC-SHA256 over the timestamp, a dot and the body.
public enum WebhookSignature {
    /// The values of the headers `X-Batten-Timestamp` and `X-Batten-Signature`.
    ///
    /// - Parameter time: seconds since 1970.
    public static func sign(_ body: [UInt8], secret: String, at time: Int64) -> (timestamp: String, signature: String) {
        let timestamp = String(time)
        let digest = Cryptography.hmacSHA256(key: Array(secret.utf8), message: Array("\(timestamp).".utf8) + body)
        return (timestamp, "v1=" + Cryptography.hex(digest))
    }
}

/// The time of day.
public enum WallClock {
    /// Whole seconds since 1970.
    public static var seconds: Int64 { batten_wall_seconds() }
}
