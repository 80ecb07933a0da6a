import CCurl

/// What a code of libcurl means to a caller.
struct CurlMeaning {
    let kind: TransferFailure.Kind
    let code: String
    let message: String

    /// - Parameters:
    ///   - text: what libcurl wrote about the error.
    ///   - reply: a mail server's last reply code, or 0.
    ///   - isConnected: whether the connection stood, TLS included.
    init(code result: CURLcode, text: String, reply: Int, isConnected: Bool) {
        let detail = Self.withoutTimes(text.isEmpty ? String(cString: curl_easy_strerror(result)) : text)
        let isName = detail.dropFirst().first?.isLowercase != true
        message = isName ? detail : detail.prefix(1).lowercased() + detail.dropFirst()
        (kind, code) = Self.classify(result, detail.lowercased(), reply: reply, isConnected: isConnected)
    }

    /// A message without the time that something took: the same failure has the same message.
    private static func withoutTimes(_ text: String) -> String {
        var words = text.split(separator: " ", omittingEmptySubsequences: false)
        var index = 0
        while index + 2 < words.count {
            let unit = words[index + 2]
            if words[index] == "after", words[index + 1].allSatisfy(\.isNumber),
                unit.hasPrefix("ms") || unit.hasPrefix("milliseconds"), index > 0
            {
                if unit.hasSuffix(":") { words[index - 1] += ":" }
                words.removeSubrange(index...index + 2)
            } else {
                index += 1
            }
        }
        return words.joined(separator: " ")
    }

    private static func classify(
        _ result: CURLcode, _ detail: String, reply: Int, isConnected: Bool
    ) -> (TransferFailure.Kind, String) {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return (.unresolved, "connect.resolve")
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_PROXY: return (.unreachable, "connect.failed")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return (.untrusted, "tls.certificate")
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_CIPHER:
            return (.badRequest, "tls.settings")
        case CURLE_USE_SSL_FAILED: return (.rejected, "tls.not_offered")
        case CURLE_OPERATION_TIMEDOUT: return (.timeout, isConnected ? "timeout.idle" : "timeout.connect")
        case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR:
            return reply >= 400 && reply < 500 ? (.deferred, "smtp.reply.\(reply)") : (.unauthorized, "auth.denied")
        case CURLE_FILESIZE_EXCEEDED: return (.tooLarge, "response.too_large")
        case CURLE_READ_ERROR, CURLE_FILE_COULDNT_READ_FILE, CURLE_ABORTED_BY_CALLBACK: return (.local, "file.read")
        // Also the code for an answer that is not HTTP.
        case CURLE_UNSUPPORTED_PROTOCOL where isConnected: return (.interrupted, "connection.broken")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION,
            CURLE_NOT_BUILT_IN, CURLE_SSL_ENGINE_NOTFOUND:
            return (.badRequest, "request.invalid")
        default: break
        }
        // A server that wants another certificate of ours says so in an alert, early or late in the handshake.
        if detail.contains("alert"), detail.contains("certificate") || detail.contains("unknown ca") {
            return (.untrusted, "tls.certificate")
        }
        if reply >= 500 { return (.rejected, "smtp.reply.\(reply)") }
        if reply >= 400 { return (.deferred, "smtp.reply.\(reply)") }
        if result == CURLE_SSL_CONNECT_ERROR { return (.unreachable, "tls.handshake") }
        return (.interrupted, isConnected ? "connection.broken" : "connect.failed")
    }
}
