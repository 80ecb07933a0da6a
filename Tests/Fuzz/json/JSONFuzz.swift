// Feeds bytes to the JSON reader and holds what it says against what it writes.

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzJSON(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let value: JSONValue
    do throws(JSONError) {
        value = try JSONReader.parse(bytes)
    } catch {
        precondition((0...bytes.count).contains(error.offset), "the offset is outside of the text")
        precondition((try? JSONReader.parseNode(bytes)) == nil, "the reader with positions accepts more")
        return 0
    }
    for style in [JSONWriter.Style.compact, .pretty, .sorted] {
        let text = JSONWriter.bytes(value, style: style)
        guard let again = try? JSONReader.parse(text) else { preconditionFailure("what was written cannot be read") }
        precondition(again == value, "what was written is something else")
        precondition(style != .compact || JSONWriter.bytes(again) == text, "the text is not stable")
    }
    guard let node = try? JSONReader.parseNode(bytes) else { preconditionFailure("the positions cannot be read") }
    precondition(node.value == value, "the reader with positions gives something else")
    check(node, within: 0..<bytes.count, bytes)
    _ = value.hashValue
    return 0
}

/// Holds each range against the text it stands for.
private func check(_ node: JSONNode, within outer: Range<Int>, _ bytes: [UInt8]) {
    precondition(outer.lowerBound <= node.range.lowerBound && node.range.upperBound <= outer.upperBound)
    switch node.content {
    case .scalar(let value):
        guard let again = try? JSONReader.parse(Array(bytes[node.range])) else {
            preconditionFailure("the range does not hold the value")
        }
        precondition(again == value, "the range holds another value")
    case .array(let elements):
        precondition(bytes[node.range].first == UInt8(ascii: "[") && bytes[node.range].last == UInt8(ascii: "]"))
        for element in elements { check(element, within: node.range, bytes) }
    case .object(let members):
        precondition(bytes[node.range].first == UInt8(ascii: "{") && bytes[node.range].last == UInt8(ascii: "}"))
        for member in members {
            guard let key = try? JSONReader.parse(Array(bytes[member.keyRange])) else {
                preconditionFailure("the range does not hold the key")
            }
            precondition(key == .string(member.key), "the range holds another key")
            check(member.value, within: node.range, bytes)
        }
    }
}
