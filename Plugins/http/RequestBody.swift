import BattenPlugin
import BattenTransfer

/// The fields that say what a request sends.
struct RequestBody: Decodable {
    struct Part: Decodable {
        var name: String
        var value: JSON?
        var file: String?
        var filename: String?
        var contentType: String?

        enum CodingKeys: String, CodingKey {
            case name, value, file, filename
            case contentType = "content_type"
        }
    }

    var body: JSON?
    var json: JSON?
    var form: JSONObject?
    var multipart: [Part]?
    var bodyFile: String?

    private enum Key: String, CodingKey {
        case body, json, form, multipart
        case bodyFile = "body_file"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        // `json: null` sends null; a missing field sends nothing.
        if fields.contains(.json) { json = try fields.decode(JSON.self, forKey: .json) }
        body = try fields.decodeIfPresent(JSON.self, forKey: .body)
        form = try fields.decodeIfPresent(JSON.self, forKey: .form)?.object
        multipart = try fields.decodeIfPresent([Part].self, forKey: .multipart)
        bodyFile = try fields.decodeIfPresent(String.self, forKey: .bodyFile)
    }

    /// Whether there is anything to send.
    var isPresent: Bool {
        body != nil || json != nil || form != nil || multipart != nil || bodyFile != nil
    }

    /// Puts the body and its media type into a request.
    func apply(to request: inout TransferRequest, context: Context) throws(Failure) {
        let given = [body != nil, json != nil, form != nil, multipart != nil, bodyFile != nil]
        guard given.filter({ $0 }).count <= 1 else {
            throw .badInput(field: "body", "more than one of body, json, form, multipart and body_file is given")
        }
        func type(_ text: String) {
            if !request.headers.contains("Content-Type") { request.headers.add("Content-Type", text) }
        }
        if let json {
            type("application/json")
            request.body = .bytes(json.bytes)
        } else if let body {
            if case .string(let text) = body {
                type("text/plain; charset=utf-8")
                request.body = .bytes(Array(text.utf8))
            } else {
                type("application/json")
                request.body = .bytes(body.bytes)
            }
        } else if let form {
            type("application/x-www-form-urlencoded")
            request.body = .bytes(Array(Self.formText(try RequestFields.pairs(form, field: "form")).utf8))
        } else if let multipart {
            request.body = .multipart(try Self.parts(multipart, context))
        } else if let bodyFile {
            type("application/octet-stream")
            request.body = .file(path: Paths.absolute(bodyFile, context))
        }
    }

    /// Fields in the form of HTML forms.
    static func formText(_ fields: [(String, String)]) -> String {
        fields.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
    }

    private static func parts(_ fields: [Part], _ context: Context) throws(Failure) -> [TransferRequest.Part] {
        var parts: [TransferRequest.Part] = []
        for (index, field) in fields.enumerated() {
            let place = "multipart[\(index)]"
            for text in [field.name, field.filename, field.contentType].compactMap({ $0 })
            where !HeaderList.isValue(text) {
                throw .badInput(field: place, "holds a line break in a name or type")
            }
            switch (field.value, field.file) {
            case (let value?, nil):
                let isText = value.string != nil
                parts.append(
                    TransferRequest.Part(
                        name: field.name, fileName: field.filename,
                        mediaType: field.contentType
                            ?? (isText || value.array == nil && value.object == nil
                                ? nil : "application/json"),
                        content: .bytes(value.string.map { Array($0.utf8) } ?? value.bytes)))
            case (nil, let file?):
                let path = Paths.absolute(file, context)
                if let problem = LocalFile.problem(reading: path) {
                    throw .badInput(field: "\(place).file", problem.message)
                }
                parts.append(
                    TransferRequest.Part(
                        name: field.name,
                        fileName: field.filename ?? path.split(separator: "/").last.map(String.init),
                        mediaType: field.contentType, content: .file(path: path)))
            default:
                throw .badInput(field: place, "must hold exactly one of value and file")
            }
        }
        return parts
    }
}
