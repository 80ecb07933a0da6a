import BattenPlugin
import BattenTransfer

/// Turns responses into outputs.
enum ResponseOutput {
    /// The outputs of one response.
    static func make(_ response: TransferResponse) -> JSONObject {
        let text = validText(response.body)
        var members: JSONObject = [
            "status": .integer(Int64(response.head.status)),
            "headers": .object(headers(response.head.headers)),
            "body": text.map(JSON.string) ?? .null,
            "json": json(response, text) ?? .null,
            "bytes": .integer(response.bytes),
            "elapsed_ms": .number(Double(response.elapsed / 1000) / 1000),
            "url": .string(Redaction.url(response.head.url)),
            "http_version": .string(response.version),
            "redirects": .integer(Int64(response.redirects)),
        ]
        if text == nil { members["body_base64"] = .string(Base64.encode(response.body)) }
        return members
    }

    /// Headers by lower case name: one text each, a list for `set-cookie`.
    static func headers(_ list: HeaderList) -> JSONObject {
        var members: JSONObject = [:]
        for field in list.fields {
            let name = field.name.lowercased()
            switch (name, members[name]) {
            case ("set-cookie", let before):
                members[name] = .array((before?.array ?? []) + [.string(field.value)])
            case (_, .string(let before)?): members[name] = .string("\(before), \(field.value)")
            default: members[name] = .string(field.value)
            }
        }
        return members
    }

    /// The body as a value: if its type says JSON, or it looks like an object or a list and is one.
    static func json(_ response: TransferResponse, _ text: String?) -> JSON? {
        guard text != nil else { return nil }
        let type = response.head.headers["Content-Type"]?.lowercased() ?? ""
        let first = response.body.first { ![9, 10, 13, 32].contains($0) }
        guard type.contains("json") || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
        return try? JSON(parsing: response.body)
    }

    /// The text of bytes that are UTF-8 throughout.
    static func validText(_ bytes: [UInt8]) -> String? {
        String(validating: bytes, as: UTF8.self)
    }

    /// The beginning of a body, on one line, for messages.
    static func excerpt(_ body: [UInt8]) -> String {
        guard
            let text = validText(body.count > 300 ? Array(body.prefix(300)) : body)
                ?? validText(
                    Array(body.prefix(297)))
        else { return "" }
        let line = text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
        return line.count > 200 ? "\(line.prefix(200))…" : line
    }
}
