import CBattenJSON

/// Builds values from a tape, front to back; recursion is bounded by the depth the tape was read with.
struct JSONTapeWalker: ~Copyable {
    private let tape: JSONTape
    private let duplicateKeys: JSONLimits.DuplicateKeys
    private var index = 0

    init(tape: consuming JSONTape, duplicateKeys: JSONLimits.DuplicateKeys) {
        self.tape = tape
        self.duplicateKeys = duplicateKeys
    }

    /// The value at the current place.
    mutating func value() throws(JSONError) -> JSONValue {
        let entry = try take()
        switch Int(entry.kind) {
        case BATTEN_JSON_NULL: return .null
        case BATTEN_JSON_FALSE: return .bool(false)
        case BATTEN_JSON_TRUE: return .bool(true)
        case BATTEN_JSON_INTEGER: return .int(entry.value.integer)
        case BATTEN_JSON_DOUBLE: return .double(entry.value.number)
        case BATTEN_JSON_STRING: return .string(tape.text(entry))
        case BATTEN_JSON_ARRAY:
            var elements: [JSONValue] = []
            elements.reserveCapacity(Int(clamping: entry.value.integer))
            while index < Int(entry.next) { elements.append(try value()) }
            return .array(elements)
        case BATTEN_JSON_OBJECT:
            var object = JSONObject()
            object.reserveCapacity(Int(clamping: entry.value.integer))
            while index < Int(entry.next) {
                let keyEntry = try take()
                let key = tape.text(keyEntry)
                let member = try value()
                if object.updateValue(member, forKey: key) != nil, duplicateKeys == .refuse {
                    throw duplicate(key, keyEntry)
                }
            }
            return .object(object)
        default: throw unreadable
        }
    }

    /// The value at the current place with its positions.
    mutating func node() throws(JSONError) -> JSONNode {
        let entry = try take()
        let content: JSONNode.Content
        switch Int(entry.kind) {
        case BATTEN_JSON_ARRAY:
            var elements: [JSONNode] = []
            elements.reserveCapacity(Int(clamping: entry.value.integer))
            while index < Int(entry.next) { elements.append(try node()) }
            content = .array(elements)
        case BATTEN_JSON_OBJECT:
            content = .object(try members(until: Int(entry.next), count: Int(clamping: entry.value.integer)))
        default:
            index -= 1
            content = .scalar(try value())
        }
        return JSONNode(content: content, range: range(entry))
    }

    private mutating func members(until end: Int, count: Int) throws(JSONError) -> [JSONNode.Member] {
        var members: [JSONNode.Member] = []
        members.reserveCapacity(count)
        var places: [JSONObject.ByteKey: Int] = [:]
        while index < end {
            let keyEntry = try take()
            let key = tape.text(keyEntry)
            let member = JSONNode.Member(key: key, keyRange: range(keyEntry), value: try node())
            let place =
                count > JSONObject.searchLimit
                ? places.updateValue(members.count, forKey: JSONObject.ByteKey(text: key))
                : members.firstIndex { $0.key.hasSameBytes(as: key) }
            if let place {
                guard duplicateKeys == .lastWins else { throw duplicate(key, keyEntry) }
                members[place] = member
                if count > JSONObject.searchLimit { places[JSONObject.ByteKey(text: key)] = place }
            } else {
                members.append(member)
            }
        }
        return members
    }

    private mutating func take() throws(JSONError) -> batten_json_entry {
        guard let entry = tape.entry(index) else { throw unreadable }
        index += 1
        return entry
    }

    private func range(_ entry: batten_json_entry) -> Range<Int> {
        let start = tape.skipped + Int(entry.start)
        return start..<max(start, tape.skipped + Int(entry.end))
    }

    private func duplicate(_ key: String, _ entry: batten_json_entry) -> JSONError {
        JSONError(
            code: .duplicateKey, message: "the key \(JSONWriter.string(.string(key))) is there twice",
            offset: range(entry).lowerBound)
    }

    private var unreadable: JSONError {
        JSONError(code: .syntax, message: "the document ends too early", offset: tape.skipped)
    }
}
