import BattenCore
import CBattenABI

/// `batten.schema/1`.
enum SchemaService {
    static var table: batten_schema {
        let check:
            @convention(c) (HostTable.Host?, batten_span, batten_span, UnsafeMutablePointer<batten_buffer>?) ->
                batten_rc = unsafe schemaCheck
        return unsafe batten_schema(struct_size: tableSize(batten_schema.self), check: unsafe recast(check))
    }

    /// What does not fit, as a JSON list.
    ///
    /// - Throws: `SchemaError` if the schema is none.
    static func problems(_ schema: JSONValue, _ value: JSONValue) throws(SchemaError) -> JSONValue {
        .array(
            try JSONSchema.compile(schema).validate(value).map { violation in
                .object([
                    "path": .string(violation.path.pathText), "keyword": .string(violation.keyword),
                    "message": .string(violation.message),
                ])
            })
    }
}

private func schemaCheck(
    _ host: HostTable.Host?, _ schema: batten_span, _ value: batten_span,
    _ result: UnsafeMutablePointer<batten_buffer>?
) -> batten_rc {
    let use = unsafe ServiceUse(host, 0, "schema.check")
    guard use.plugin != nil, let schemaText = unsafe use.text(schema, "schema"),
        let valueText = unsafe use.text(value, "value")
    else { return .BATTEN_RC_BAD_ARGUMENT }
    guard let result = unsafe result else { return use.bad("has no place for the result") }
    // Whether a text is JSON is what a plugin may want to find out.
    guard let schema = try? JSONReader.parse(schemaText), let value = try? JSONReader.parse(valueText) else {
        return .BATTEN_RC_BAD_ARGUMENT
    }
    var code = batten_rc.BATTEN_RC_OK
    var text: [UInt8]
    do throws(SchemaError) {
        text = Array(JSONWriter.string(try SchemaService.problems(schema, value)).utf8)
    } catch {
        code = .BATTEN_RC_REFUSED
        text = Array("\(error)".utf8)
    }
    unsafe result.pointee.length = UInt64(text.count)
    guard unsafe UInt64(text.count) <= result.pointee.capacity else { return .BATTEN_RC_TOO_SMALL }
    guard let start = unsafe result.pointee.ptr else { return text.isEmpty ? code : .BATTEN_RC_BAD_ARGUMENT }
    for (index, byte) in text.enumerated() { unsafe start[index] = byte }
    return code
}
