import CCurl

/// A URL taken apart by libcurl's own parser, so that what is checked is what is connected to.
public struct URLAddress: Sendable, Equatable {
    /// In lower case.
    public let scheme: String
    /// The name in its ASCII form, or an address; an IPv6 one without brackets.
    public let host: String
    /// Written or the scheme's default.
    public let port: Int
    /// The whole, without user name, password and fragment.
    public let text: String
    /// The user name written in the URL, decoded.
    public let user: String?
    /// The password written in the URL, decoded.
    public let password: String?

    /// Reads a URL of one of the schemes.
    ///
    /// - Throws: ``TransferFailure`` of kind `badRequest` that shows the URL without credentials.
    public init(_ url: String, schemes: [String] = ["http", "https"]) throws(TransferFailure) {
        guard let handle = curl_url() else {
            throw TransferFailure(.badRequest, code: "url.memory", message: "out of memory")
        }
        defer { curl_url_cleanup(handle) }
        try self.init(handle, url, schemes: schemes)
    }

    /// Reads a URL relative to this one, as in a `Location` header.
    public func resolving(_ reference: String, schemes: [String] = ["http", "https"]) throws(TransferFailure)
        -> URLAddress
    {
        guard let handle = curl_url() else {
            throw TransferFailure(.badRequest, code: "url.memory", message: "out of memory")
        }
        defer { curl_url_cleanup(handle) }
        _ = curl_url_set(handle, CURLUPART_URL, text, 0)
        return try URLAddress(handle, reference, schemes: schemes)
    }

    private init(_ handle: OpaquePointer, _ url: String, schemes: [String]) throws(TransferFailure) {
        func bad(_ reason: String) -> TransferFailure {
            TransferFailure(.badRequest, code: "url.invalid", message: "'\(Redaction.url(url))' \(reason)")
        }
        if url.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) { throw bad("holds a control character") }
        // Without CURLU_NON_SUPPORT_SCHEME libcurl itself refuses what it cannot carry.
        let flags = UInt32(CURLU_URLENCODE | CURLU_ALLOW_SPACE)
        let code = curl_url_set(handle, CURLUPART_URL, url, flags)
        guard code == CURLUE_OK else {
            let reason = String(cString: curl_url_strerror(code)).lowercased()
            throw bad("is not a URL: \(reason); write it as \(schemes[0])://host/path")
        }
        guard let scheme = Self.part(handle, CURLUPART_SCHEME), schemes.contains(scheme) else {
            throw bad("must begin with " + schemes.map { "\($0)://" }.joined(separator: " or "))
        }
        guard let written = Self.part(handle, CURLUPART_HOST), !written.isEmpty else { throw bad("names no host") }
        guard let host = DomainName.ascii(written) else { throw bad("names a host that has no ASCII form") }
        if host != written { _ = curl_url_set(handle, CURLUPART_HOST, host, 0) }
        let portText = Self.part(handle, CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)) ?? ""
        guard let port = Int(portText), (1...65535).contains(port) else { throw bad("has no port from 1 to 65535") }
        user = Self.part(handle, CURLUPART_USER, UInt32(CURLU_URLDECODE))
        password = Self.part(handle, CURLUPART_PASSWORD, UInt32(CURLU_URLDECODE))
        _ = curl_url_set(handle, CURLUPART_USER, nil, 0)
        _ = curl_url_set(handle, CURLUPART_PASSWORD, nil, 0)
        _ = curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        guard let text = Self.part(handle, CURLUPART_URL) else { throw bad("is not a URL") }
        self.scheme = scheme
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        self.text = text
    }

    /// The same URL with the fields of its query in the order of their bytes, as signatures want them.
    public func sortingQuery() -> URLAddress {
        guard let mark = text.firstIndex(of: "?") else { return self }
        let fields = text[text.index(after: mark)...].split(separator: "&")
        let sorted = fields.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "&")
        return (try? URLAddress(text[...mark] + sorted)) ?? self
    }

    /// Scheme, host and port together: credentials do not leave it.
    var origin: String { "\(scheme)://\(host.lowercased()):\(port)" }

    private static func part(_ handle: OpaquePointer, _ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &value, flags) == CURLUE_OK, let value else { return nil }
        defer { curl_free(value) }
        return String(cString: value)
    }

    /// Appends fields to the query of a URL, percent-encoded.
    ///
    /// - Throws: ``TransferFailure`` if the URL cannot be read.
    public static func appending(_ query: [(String, String)], to url: String) -> String {
        guard !query.isEmpty else { return url }
        let fragment = url.firstIndex(of: "#")
        let head = url[..<(fragment ?? url.endIndex)]
        let tail = fragment.map { url[$0...] } ?? ""
        let added = query.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }
            .joined(separator: "&")
        let joint: String
        if let mark = head.firstIndex(of: "?") {
            joint = head.index(after: mark) == head.endIndex || head.hasSuffix("&") ? "" : "&"
        } else {
            joint = "?"
        }
        return head + joint + added + tail
    }
}

/// Percent-encoding of RFC 3986.
public enum PercentEncoding {
    /// Encodes everything but letters, digits, `-`, `.`, `_` and `~`.
    public static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// Hides credentials in what people are shown.
public enum Redaction {
    /// A URL without password, and with the values of its query fields hidden where their names suggest a credential.
    public static func url(_ url: String) -> String {
        var text = url[...]
        var prefix = ""
        if let slashes = text.range(of: "://") {
            let rest = text[slashes.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let at = authority.lastIndex(of: "@") {
                prefix = text[..<slashes.upperBound] + "***@"
                text = rest[rest.index(after: at)...]
            }
        }
        guard let mark = text.firstIndex(of: "?") else { return prefix + text }
        let fields = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let shown = fields.map { field -> String in
            guard let equals = field.firstIndex(of: "="), isSensitive(String(field[..<equals])) else {
                return String(field)
            }
            return field[...equals] + "***"
        }
        return prefix + text[...mark] + shown.joined(separator: "&")
    }

    /// Tells whether the name of a header, cookie or field suggests that its value is a credential.
    public static func isSensitive(_ name: String) -> Bool {
        let lower = name.lowercased()
        return lower == "sig" || lower == "code"
            || ["key", "token", "secret", "password", "passwd", "authorization", "cookie", "credential", "signature"]
                .contains { lower.contains($0) }
    }
}

extension Substring {
    fileprivate func range(of needle: String) -> Range<Substring.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) {
                return start..<index(start, offsetBy: needle.count)
            }
            formIndex(after: &start)
        }
        return nil
    }
}
