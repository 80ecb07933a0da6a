import BattenPlugin
import BattenTransfer

/// An image that is shown to the model.
struct ChatImage {
    /// Where its bytes are.
    enum Source {
        /// Somewhere on the network: the provider fetches it.
        case url(String)
        /// In a file of ours, to be read.
        case file(String)
        /// At hand, as base 64.
        case data(mediaType: String, base64: String)
    }

    /// What an image counts as in an estimate, in bytes of text: about 1,500 tokens, the most of the usual rules.
    static let estimatedBytes = 6000
    /// What an image counts as at most by OpenAI's published rules: a base and eight tiles, of the model whose tiles count
    /// most (gpt-4o-mini); with `detail: low` the base alone.
    static let mostTokensOpenAI: (high: Int64, low: Int64) = (high: 48_169, low: 2_833)
    /// What an image counts as at most by Anthropic's published rule, of the models that take the largest.
    static let mostTokensAnthropic: Int64 = 4_784
    /// The most bytes of a file.
    static let largest = 20 << 20

    var source: Source
    /// How closely the model looks: `auto`, `low` or `high`.
    var detail: String?
    /// The file's name as it was given.
    private var name: String?

    /// Reads a part of a message: `{type: image, url | file, detail}`, or `image_url` as the chat completions API has it.
    init(_ json: JSON, field: String) throws(Failure) {
        let place = json["image_url"] ?? json
        detail = place["detail"]?.string
        if let detail, !["auto", "low", "high"].contains(detail) {
            throw .badInput(field: "\(field).detail", "is '\(detail)'; must be auto, low or high")
        }
        switch (place["url"]?.string ?? json["image_url"]?.string, json["file"]?.string) {
        case (let url?, nil): source = try Self.source(url: url, field)
        case (nil, let file?):
            source = .file(file)
            name = file
        default: throw .badInput(field: field, "must have a url or a file, and not both")
        }
    }

    /// Reads an entry of `images`: a URL, the path of a file, or a part of a message.
    init(listed json: JSON, field: String) throws(Failure) {
        guard let text = json.string else {
            try self.init(json, field: field)
            return
        }
        let isURL = text.contains("://") || text.hasPrefix("data:")
        try self.init([isURL ? "url" : "file": json], field: field)
    }

    private static func source(url: String, _ field: String) throws(Failure) -> Source {
        if url.hasPrefix("https://") || url.hasPrefix("http://") { return .url(url) }
        guard url.hasPrefix("data:"), let comma = url.firstIndex(of: ",") else {
            throw .badInput(field: field, "must begin with https://, http:// or data:")
        }
        let head = url[url.index(url.startIndex, offsetBy: 5)..<comma]
        guard head.hasSuffix(";base64"), let bytes = Base64.decode(String(url[url.index(after: comma)...])) else {
            throw .badInput(field: field, "is a data URL that is not base 64")
        }
        return try data(bytes, field)
    }

    /// Bytes that were read, as a source.
    static func data(_ bytes: [UInt8], _ field: String) throws(Failure) -> Source {
        guard let type = mediaType(bytes) else {
            throw .badInput(field: field, "is no PNG, JPEG, GIF or WebP image")
        }
        return .data(mediaType: type, base64: Base64.encode(bytes))
    }

    private static func mediaType(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "image/png" }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if bytes.starts(with: Array("GIF8".utf8)) { return "image/gif" }
        if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
            return "image/webp"
        }
        return nil
    }

    /// As an output: what was given, or a note in place of the bytes.
    var output: JSON {
        var part: JSONObject = ["type": "image"]
        switch source {
        case .url(let url): part["url"] = .string(url)
        case .file(let path): part["file"] = .string(path)
        case .data(let mediaType, let base64):
            if let name {
                part["file"] = .string(name)
            } else {
                part["url"] = .string("data:\(mediaType);base64,\(base64)")
            }
        }
        if let detail { part["detail"] = .string(detail) }
        return .object(part)
    }

    /// As the chat completions API has it.
    var openAI: JSON {
        var place: JSONObject = [:]
        switch source {
        case .url(let url): place["url"] = .string(url)
        case .file: break
        case .data(let mediaType, let base64): place["url"] = .string("data:\(mediaType);base64,\(base64)")
        }
        if let detail { place["detail"] = .string(detail) }
        return ["type": "image_url", "image_url": .object(place)]
    }

    /// As the messages API has it.
    var anthropic: JSON {
        switch source {
        case .url(let url): ["type": "image", "source": ["type": "url", "url": .string(url)]]
        case .file: ["type": "text", "text": ""]
        case .data(let mediaType, let base64):
            [
                "type": "image",
                "source": ["type": "base64", "media_type": .string(mediaType), "data": .string(base64)],
            ]
        }
    }
}
