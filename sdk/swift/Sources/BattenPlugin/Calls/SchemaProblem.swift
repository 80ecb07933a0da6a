internal import CBattenABI

/// One way in which a value does not fit a schema.
public struct SchemaProblem: Sendable, Hashable {
    /// The way to the fault from the value's root, such as `items[2].name`; empty for the value itself.
    public let path: String
    /// The keyword that is not satisfied, such as `maximum`.
    public let keyword: String
    /// What is wrong and what would be right.
    public let message: String

    /// Path and message in one line.
    public var text: String { path.isEmpty ? message : "\(path): \(message)" }
}

extension Context {
    /// Holds a value against a JSON Schema (2020-12), as the host does with inputs and outputs.
    ///
    /// - Parameters:
    ///   - schema: an object or a boolean.
    ///   - field: where the schema was given, for messages.
    /// - Returns: what does not fit; empty if the value fits.
    /// - Throws: ``Failure``: bad input if the schema is none, failed if the host has no such service.
    public func check(_ value: JSON, against schema: JSON, field: String) throws(Failure) -> [SchemaProblem] {
        guard let service = unsafe host.schema else {
            throw Failure(
                .failed, code: "host.schema", "\(field): the host checks no schemas (batten.schema/1)", effect: .none)
        }
        var room = 4096
        while true {
            var bytes = [UInt8](repeating: 0, count: room)
            var length = 0
            let code = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
                var buffer = unsafe batten_buffer(ptr: bytes.baseAddress, capacity: UInt64(bytes.count), length: 0)
                let code = unsafe withSpan(schema.bytes) { schema in
                    unsafe withSpan(value.bytes) { value in
                        unsafe service.pointee.check(host.table, schema, value, &buffer)
                    }
                }
                length = unsafe Int(clamping: buffer.length)
                return code
            }
            switch code {
            case .BATTEN_RC_OK where length <= room: return Self.problems(Array(bytes[..<length]))
            case .BATTEN_RC_TOO_SMALL where length > room: room = length
            case .BATTEN_RC_REFUSED where length <= room:
                throw .badInput(field: field, String(decoding: bytes[..<length], as: UTF8.self))
            default: throw .badInput(field: field, "cannot be checked: it or the value is no JSON (\(code.rawValue))")
            }
        }
    }

    private static func problems(_ bytes: [UInt8]) -> [SchemaProblem] {
        ((try? JSON(parsing: bytes))?.array ?? []).map { problem in
            SchemaProblem(
                path: problem["path"]?.string ?? "", keyword: problem["keyword"]?.string ?? "",
                message: problem["message"]?.string ?? "")
        }
    }
}
