/// Secrets inside values that are kept: each stands encrypted in its text's place, as a seal.
///
/// A seal is plain text of its own form, so that values keep their shape wherever they are stored and passed on. Whoever
/// shows a text shows `***` for each of its seals; only what goes to an executor is opened.
public enum SealedText {
    /// What the seal of a text begins with, and every other seal too, up to its kind.
    static let opening = Array("⟦sealed:1:".utf8)
    private static let closing = Array("⟧".utf8)

    /// What a seal is bound to, so that it opens as nothing else.
    private static func bound(to kind: String) -> String { "batten.output:" + kind }

    /// What stands sealed.
    public enum Kind: String, Sendable {
        /// A part of a text.
        case text = "t"
        /// A whole value that is no text, as JSON.
        case value = "v"
    }

    /// Why a seal cannot be opened.
    public enum Trouble: Error, Sendable, Hashable {
        /// The key of this id is not here.
        case keyMissing(String)
        /// It is no seal of ours, or was changed.
        case damaged
    }

    /// Seals bytes.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, or JSON.
    ///   - kind: which of the two.
    ///   - key: what opens it again.
    ///   - nonce: 12 bytes that were never used with this key.
    public static func seal(_ bytes: [UInt8], _ kind: Kind, key: SecretKey, nonce: [UInt8]) -> String {
        let sealed = nonce + key.seal(bytes, name: bound(to: kind.rawValue), nonce: nonce)
        let digits = Base64.encode(sealed).utf8.compactMap { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: digit
            }
        }
        return String(decoding: opening, as: UTF8.self) + "\(kind.rawValue):\(key.id):"
            + String(decoding: digits, as: UTF8.self) + String(decoding: closing, as: UTF8.self)
    }

    // MARK: Finding

    /// Whether a text holds a seal, or what looks like one.
    public static func isIn(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { next(in: $0, from: 0) != nil }
    }

    /// Whether a value holds a seal in a string or key.
    public static func isIn(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .int, .double: false
        case .string(let text): isIn(text)
        case .array(let elements): elements.contains { isIn($0) }
        case .object(let object): object.members.contains { isIn($0.key) || isIn($0.value) }
        }
    }

    /// Whether a value is one seal of what is no text.
    static func isSealedNumber(_ value: JSONValue) -> Bool {
        guard case .string(let text) = value else { return false }
        return text.utf8.starts(with: opening + [UInt8(ascii: "v")])
    }

    /// Where the next seal stands; one that was cut off ends where its text does.
    private static func next(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
        var place = start
        while let found = bytes[place...].firstIndex(of: opening[0]) {
            guard bytes[found...].starts(with: opening) else {
                place = found + 1
                continue
            }
            var end = found + opening.count
            while end < bytes.count, bytes[end].isSealDigit { end += 1 }
            if bytes[end...].starts(with: closing) { end += closing.count }
            return found..<end
        }
        return nil
    }

    private static func replace<Failure>(
        _ text: String, _ replacement: (ArraySlice<UInt8>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> String {
        guard isIn(text) else { return text }
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var place = 0
        while let seal = bytes.withUnsafeBufferPointer({ next(in: $0, from: place) }) {
            output += bytes[place..<seal.lowerBound]
            output += try replacement(bytes[seal])
            place = seal.upperBound
        }
        output += bytes[place...]
        return String(decoding: output, as: UTF8.self)
    }

    // MARK: Showing

    /// The text as people and programs see it: `***` for each seal.
    public static func shown(_ text: String) -> String {
        replace(text) { _ in Array(SecretMasker.replacement.utf8) }
    }

    /// The value as people and programs see it.
    public static func shown(_ value: JSONValue) -> JSONValue {
        guard isIn(value) else { return value }
        switch value {
        case .null, .bool, .int, .double: return value
        case .string(let text): return .string(shown(text))
        case .array(let elements): return .array(elements.map { shown($0) })
        case .object(let object): return .object(JSONObject(object.lazy.map { (shown($0.key), shown($0.value)) }))
        }
    }

    // MARK: Opening

    /// The value with each seal opened.
    ///
    /// - Parameters:
    ///   - value: a value with seals.
    ///   - revealed: is told each secret that was sealed in it.
    ///   - key: the key of an id, nil when it is not here.
    public static func open(
        _ value: JSONValue, revealed: (String) -> Void, key: (String) -> SecretKey?
    ) throws(Trouble) -> JSONValue {
        switch value {
        case .null, .bool, .int, .double: return value
        case .string(let text):
            guard isIn(text) else { return value }
            if isSealedNumber(value), let seal = parts(ArraySlice(text.utf8)) {
                let bytes = try open(seal, key)
                revealed(String(decoding: bytes, as: UTF8.self))
                guard let inner = try? JSONReader.parse(bytes) else { throw .damaged }
                return inner
            }
            return .string(try open(text, revealed: revealed, key: key))
        case .array(let elements):
            var opened: [JSONValue] = []
            opened.reserveCapacity(elements.count)
            for element in elements { opened.append(try open(element, revealed: revealed, key: key)) }
            return .array(opened)
        case .object(let object):
            var opened = JSONObject()
            opened.reserveCapacity(object.count)
            for (name, member) in object {
                let name = try open(name, revealed: revealed, key: key)
                opened.updateValue(try open(member, revealed: revealed, key: key), forKey: name)
            }
            return .object(opened)
        }
    }

    /// The text with each seal opened.
    public static func open(
        _ text: String, revealed: (String) -> Void, key: (String) -> SecretKey?
    ) throws(Trouble) -> String {
        try replace(text) { seal throws(Trouble) in
            guard let seal = parts(seal) else { throw .damaged }
            let bytes = try open(seal, key)
            revealed(String(decoding: bytes, as: UTF8.self))
            return bytes
        }
    }

    /// Bytes that are nothing but a seal, opened; other bytes as they are.
    ///
    /// - Returns: nil when the seal cannot be opened.
    public static func opened(_ bytes: [UInt8], key: (String) -> SecretKey?) -> [UInt8]? {
        guard bytes.starts(with: opening) else { return bytes }
        guard let seal = parts(bytes[...]) else { return nil }
        return try? open(seal, key)
    }

    private struct Parts {
        let kind: String
        let keyID: String
        let sealed: [UInt8]
    }

    private static func parts(_ seal: ArraySlice<UInt8>) -> Parts? {
        guard seal.count > opening.count + closing.count, seal.suffix(closing.count).elementsEqual(closing) else {
            return nil
        }
        let inner = seal.dropFirst(opening.count).dropLast(closing.count)
        let fields = inner.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 3, let sealed = Base64.decode(String(decoding: fields[2], as: UTF8.self)) else {
            return nil
        }
        return Parts(
            kind: String(decoding: fields[0], as: UTF8.self), keyID: String(decoding: fields[1], as: UTF8.self),
            sealed: sealed)
    }

    private static func open(_ seal: Parts, _ key: (String) -> SecretKey?) throws(Trouble) -> [UInt8] {
        guard let key = key(seal.keyID) else { throw .keyMissing(seal.keyID) }
        let nonce = Array(seal.sealed.prefix(SecretKey.nonceLength))
        let rest = Array(seal.sealed.dropFirst(SecretKey.nonceLength))
        guard let bytes = key.open(rest, name: bound(to: seal.kind), nonce: nonce) else { throw .damaged }
        return bytes
    }
}

extension UInt8 {
    /// Whether it can stand inside a seal.
    fileprivate var isSealDigit: Bool {
        isNameStart || isDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: ":")
    }
}

extension SecretMasker {
    /// The value with each secret in it sealed, and with each text sealed that only looks like a seal.
    ///
    /// - Parameter seal: gives the seal of some bytes.
    /// - Returns: nil when there is nothing to seal.
    public func sealing(_ value: JSONValue, _ seal: ([UInt8], SealedText.Kind) -> String) -> JSONValue? {
        guard contains(value) || SealedText.isIn(value) else { return nil }
        switch value {
        case .null, .bool: return value
        case .int, .double:
            return contains(value) ? .string(seal(JSONWriter.bytes(value), .value)) : value
        case .string(let text): return .string(sealing(text, seal))
        case .array(let elements): return .array(elements.map { sealing($0, seal) ?? $0 })
        case .object(let object):
            var changed = JSONObject()
            changed.reserveCapacity(object.count)
            for (name, member) in object {
                changed.updateValue(sealing(member, seal) ?? member, forKey: sealing(name, seal))
            }
            return .object(changed)
        }
    }

    private func sealing(_ text: String, _ seal: ([UInt8], SealedText.Kind) -> String) -> String {
        // What was not sealed here would be opened as if it were.
        if SealedText.isIn(text) { return seal(Array(text.utf8), .text) }
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var place = 0
        for secret in secretRanges(in: bytes) {
            output += bytes[place..<secret.lowerBound]
            output += seal(Array(bytes[secret]), .text).utf8
            place = secret.upperBound
        }
        guard place > 0 else { return text }
        output += bytes[place...]
        return String(decoding: output, as: UTF8.self)
    }

    /// Where secrets stand, in order; those that touch are one.
    ///
    /// - Parameter isCut: whether one may be cut off: then its beginning is one as well, where the text ends or says that
    ///   something is left out.
    func secretRanges(in bytes: [UInt8], isCut: Bool = false) -> [Range<Int>] {
        guard let automaton else { return [] }
        var ranges: [Range<Int>] = []
        func add(_ count: Int, before end: Int) {
            var (start, left) = (end, count)
            while left > 0 {
                start -= 1
                if !bytes[start].isLineEnd { left -= 1 }
            }
            while let last = ranges.last, last.upperBound >= start {
                start = min(start, last.lowerBound)
                ranges.removeLast()
            }
            ranges.append(start..<end)
        }
        var state = 0
        func addBeginning(before end: Int) {
            let count = Int(automaton.depth[state])
            if isCut, count >= Self.leastBeginning { add(count, before: end) }
        }
        for place in bytes.indices where !bytes[place].isLineEnd {
            if isCut, Self.gaps.contains(where: { bytes[place...].starts(with: $0) }) { addBeginning(before: place) }
            state = automaton.next(state, bytes[place])
            let matched = Int(automaton.matched[state])
            if matched > 0 { add(matched, before: place + 1) }
        }
        addBeginning(before: bytes.count)
        return ranges
    }

    /// A beginning of fewer bytes is nobody's secret.
    private static var leastBeginning: Int { 8 }
    /// What stands where something is left out: dots, or the rest of a character that was cut.
    private static let gaps = [Array("…".utf8), Array("\u{FFFD}".utf8)]

    /// A text that others may have cut, with secrets replaced, and what is left of one at a cut.
    public func mask(excerpt text: String) -> String {
        guard !isEmpty else { return text }
        let bytes = Array(text.utf8)
        let ranges = secretRanges(in: bytes, isCut: true)
        guard !ranges.isEmpty else { return text }
        var output: [UInt8] = []
        var place = 0
        for range in ranges {
            output += bytes[place..<range.lowerBound] + Array(Self.replacement.utf8)
            place = range.upperBound
        }
        return String(decoding: output + bytes[place...], as: UTF8.self)
    }

    /// A value whose texts others may have cut, masked as ``mask(excerpt:)`` does.
    public func mask(excerpt value: JSONValue) -> JSONValue {
        guard !isEmpty else { return value }
        switch value {
        case .null, .bool, .int, .double: return mask(value)
        case .string(let text): return .string(mask(excerpt: text))
        case .array(let elements): return .array(elements.map { mask(excerpt: $0) })
        case .object(let object):
            return .object(JSONObject(object.lazy.map { (mask(excerpt: $0.key), mask(excerpt: $0.value)) }))
        }
    }
}
