import BattenPlugin

/// The field `expect`: which responses count as success.
struct Expectation: Decodable {
    /// Ranges of statuses; nil accepts everything below 400.
    var statuses: [ClosedRange<Int>]?
    /// What the body must look like.
    var schema: JSON?

    private enum Key: String, CodingKey {
        case status, schema
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        if let status = try fields.decodeIfPresent(JSON.self, forKey: .status) {
            statuses = try (status.array ?? [status]).map(Self.range)
        }
        if let schema = try fields.decodeIfPresent(JSON.self, forKey: .schema) {
            guard schema.object != nil || schema.bool != nil else {
                throw Failure.badInput(field: "expect.schema", "must be a JSON Schema: an object or a boolean")
            }
            self.schema = schema
        }
    }

    /// Reads `200`, `"200"`, `"2xx"` or `"200-299"`.
    private static func range(_ value: JSON) throws(Failure) -> ClosedRange<Int> {
        let text = value.string ?? value.text
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        if text.count == 3, text.lowercased().hasSuffix("xx"), let hundred = Int(text.prefix(1)),
            (1...5).contains(hundred)
        {
            return hundred * 100...hundred * 100 + 99
        }
        if let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, low <= high,
            (100...599).contains(low), (100...599).contains(high)
        {
            return low...high
        }
        throw .badInput(
            field: "expect.status", "holds \(value.text); must be a status such as 200, a range such as 200-204, or 2xx"
        )
    }

    /// Refuses a schema that is none before anything is sent.
    func check(_ context: Context) throws(Failure) {
        if let schema { _ = try context.check(.null, against: schema, field: "expect.schema") }
    }

    func accepts(_ status: Int) -> Bool {
        statuses.map { $0.contains { $0.contains(status) } } ?? (status < 400)
    }
}
