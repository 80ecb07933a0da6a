import BattenPlugin
import BattenTransfer

/// The field `paginate`: how the next page is found, and how many are fetched at most.
struct Pagination: Decodable {
    var by: String
    /// Where in a page's JSON the cursor stands, such as `meta.next`.
    var field: String?
    /// The query field that carries the cursor to the server.
    var parameter: String?
    /// Where in a page's JSON the items stand; without it the page itself is the list.
    var items: String?
    var maxPages: Int?

    enum CodingKeys: String, CodingKey {
        case by, field, parameter, items
        case maxPages = "max_pages"
    }

    /// The most pages one call fetches.
    static let limit = 1000

    func check() throws(Failure) {
        switch by {
        case "link": break
        case "cursor":
            guard field != nil, parameter != nil else {
                throw .badInput(
                    field: "paginate", "by 'cursor' needs field (where the cursor stands) and parameter (where it goes)"
                )
            }
        default: throw .badInput(field: "paginate.by", "is '\(by)'; must be link or cursor")
        }
        guard (1...Self.limit).contains(maxPages ?? 10) else {
            throw .badInput(field: "paginate.max_pages", "must be from 1 to \(Self.limit)")
        }
    }

    /// The next page's request; nil if this was the last one.
    func next(
        after response: TransferResponse, json: JSON, request: TransferRequest
    ) throws(Failure) -> TransferRequest? {
        var next = request
        do throws(TransferFailure) {
            if by == "link" {
                guard let link = Self.nextLink(response.head.headers.all("Link")) else { return nil }
                next.url = try URLAddress(response.head.url).resolving(link)
            } else {
                guard let cursor = Self.value(json, at: field ?? ""), !cursor.isNull, cursor != "" else { return nil }
                let text = try Self.cursorText(cursor, field: field ?? "")
                next.url = try URLAddress(Self.replacing(parameter ?? "", by: text, in: request.url.text))
            }
        } catch {
            throw Failure(
                .permanent, code: "paginate.next", "the next page's URL cannot be used: \(error.message)", effect: .none
            )
        }
        guard next.url.scheme == request.url.scheme, next.url.host == request.url.host,
            next.url.port == request.url.port
        else {
            throw Failure(
                .permanent, code: "paginate.origin",
                "the next page is at '\(Redaction.url(next.url.text))', another server than the first; request it in a "
                    + "stage of its own", effect: .none)
        }
        return next.url == request.url ? nil : next
    }

    private static func cursorText(_ value: JSON, field: String) throws(TransferFailure) -> String {
        switch value {
        case .string(let text): return text
        case .integer, .number: return value.text
        default:
            throw TransferFailure(
                .rejected, code: "paginate.cursor", message: "the cursor at '\(field)' is \(value.kind), not a text")
        }
    }

    /// The items of a page.
    func items(of json: JSON) throws(Failure) -> [JSON] {
        let place = items ?? ""
        guard let list = Self.value(json, at: place)?.array else {
            throw Failure(
                .failed, code: "paginate.items",
                items == nil
                    ? "the page is not a list; paginate.items must say where in it the items stand"
                    : "the page has no list at '\(place)' (paginate.items)", effect: .none)
        }
        return list
    }

    /// The value at a path such as `meta.pages[0].next`; the empty path is the whole.
    static func value(_ json: JSON, at path: String) -> JSON? {
        var value = json
        for part in path.split(whereSeparator: { ".[]".contains($0) }) {
            if let list = value.array, let index = Int(part) {
                guard list.indices.contains(index) else { return nil }
                value = list[index]
            } else {
                guard let member = value[String(part)] else { return nil }
                value = member
            }
        }
        return value
    }

    /// The target of the link whose relation is `next`.
    static func nextLink(_ headers: [String]) -> String? {
        for header in headers {
            var rest = header[...]
            while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
                let target = String(rest[rest.index(after: open)..<close])
                let after = rest[rest.index(after: close)...]
                let end = after.firstIndex(of: "<") ?? after.endIndex
                for parameter in after[..<end].split(whereSeparator: { $0 == ";" || $0 == "," }) {
                    let text = parameter.filter { $0 != " " && $0 != "\"" }.lowercased()
                    if text.hasPrefix("rel="),
                        parameter.lowercased().split(whereSeparator: { "=\" ".contains($0) })
                            .contains("next")
                    {
                        return target
                    }
                }
                rest = after[end...]
            }
        }
        return nil
    }

    /// The URL with one query field set to a value, in place of the values it had.
    static func replacing(_ name: String, by value: String, in url: String) -> String {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let key = PercentEncoding.encode(name)
        let kept =
            parts.count < 2
            ? []
            : parts[1].split(separator: "&").filter {
                $0.split(separator: "=", maxSplits: 1).first.map(String.init) != key
            }
        let base = kept.isEmpty ? String(parts[0]) : "\(parts[0])?\(kept.joined(separator: "&"))"
        return URLAddress.appending([(name, value)], to: base)
    }
}
