// Feeds text to the reader of C signatures: what it takes must read back as the same from its own shortest form.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzSignatures(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
    checkSignature(text)
    checkTypes(text)
    return 0
}

private func checkSignature(_ text: String) {
    // Types with names of their own, as a stage would give them.
    let named = [("point", "{double x, double y}"), ("line", "{point from, point to, char name[8]}"), ("id", "uint32")]
    guard let types = try? CSignature.readTypes(named) else { preconditionFailure("the named types cannot be read") }
    let signature: CSignature
    do throws(SignatureError) {
        signature = try CSignature(text, types: types)
    } catch {
        precondition((0...text.utf8.count).contains(error.offset), "the place is outside of the text")
        precondition(!error.message.isEmpty)
        return
    }
    let form = signature.description
    guard let again = try? CSignature(form, types: types) else { preconditionFailure("\(form) cannot be read") }
    precondition(again.description == form, "\(form) reads as \(again)")
    precondition(again == signature, "\(form) is something else")
    precondition(signature.taking.allSatisfy { signature.parameters.indices.contains($0) })
    for parameter in signature.parameters {
        switch parameter.passing {
        case .length(let target, _, _):
            precondition(signature.parameters.indices.contains(target))
        case .buffer(let element, let direction, let extent, let used):
            precondition(direction != .out || extent != .given, "an out buffer without a size")
            if case .parameter(let target) = extent { precondition(signature.parameters.indices.contains(target)) }
            if case .parameter(let target) = used { precondition(signature.parameters.indices.contains(target)) }
            if case .values(let type) = element { checkLayout(type) }
        case .value(let type), .reference(let type, _):
            checkLayout(type)
        }
    }
    checkLayout(signature.result)
}

private func checkTypes(_ text: String) {
    guard let types = try? CSignature.readTypes([("t", text)]), let type = types["t"] else { return }
    checkLayout(type)
}

/// Members follow each other, aligned and inside the struct.
private func checkLayout(_ type: CType) {
    precondition(type.size <= CType.largestSize && type.alignment > 0)
    switch type {
    case .structure(let structure):
        var end = 0
        for field in structure.fields {
            precondition(field.offset >= end && field.offset.isMultiple(of: field.type.alignment))
            end = field.offset + field.type.size
            checkLayout(field.type)
        }
        precondition(end <= structure.size && structure.size.isMultiple(of: structure.alignment))
    case .array(let element, let count):
        precondition(count > 0)
        checkLayout(element)
    default:
        return
    }
}
