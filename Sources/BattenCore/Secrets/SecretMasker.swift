/// Replaces secrets in texts, streams and values by `***`.
///
/// Masked are the value itself and its base64 (at any place in a group), URL, JSON and hexadecimal forms; other
/// transformations are not recognised. Forms of fewer than four bytes are left out, the value itself excepted. White
/// space at a value's ends may be missing, and each longer line of a value of several lines is masked alone too. A form
/// is found with line ends in it as well, which stay where they are.
public struct SecretMasker: Sendable {
    /// What stands in a secret's place.
    public static let replacement = "***"

    /// A masker without secrets: it gives everything back as it is.
    public static let none = SecretMasker(secrets: [])

    let automaton: ByteAutomaton?

    /// Makes a masker for some secrets; empty ones are left out.
    public init(secrets: some Sequence<String>) {
        var forms: Set<[UInt8]> = []
        for secret in secrets { forms.formUnion(SecretForms.all(of: secret)) }
        // Sorted, so that the automaton is the same every time.
        automaton = forms.isEmpty ? nil : ByteAutomaton(forms.sorted { $0.lexicographicallyPrecedes($1) })
    }

    /// Whether there is nothing to mask.
    public var isEmpty: Bool { automaton == nil }

    /// The most bytes a stream holds back: those of the longest form, and of line ends in it.
    public var longestHeldBack: Int { automaton.map { $0.longest + Self.mostLineEnds($0) } ?? 0 }

    /// How many bytes of line ends a form is followed across.
    static func mostLineEnds(_ automaton: ByteAutomaton) -> Int { automaton.longest / 8 + 4 }

    /// Starts masking a stream that comes in pieces.
    public func makeStream() -> Stream { Stream(automaton: automaton) }

    /// The bytes with secrets replaced.
    public func mask(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.withUnsafeBufferPointer({ contains($0) }) else { return bytes }
        var stream = makeStream()
        return stream.append(bytes) + stream.finishBytes()
    }

    /// The text with secrets replaced.
    public func mask(_ text: String) -> String {
        guard !isEmpty else { return text }
        var copy = text
        return copy.withUTF8 { bytes in
            guard contains(bytes) else { return text }
            var stream = makeStream()
            return String(decoding: stream.append(bytes) + stream.finishBytes(), as: UTF8.self)
        }
    }

    /// The value with secrets in strings, keys and numbers replaced; a number that holds one becomes a string.
    public func mask(_ value: JSONValue) -> JSONValue {
        guard !isEmpty else { return value }
        switch value {
        case .null, .bool: return value
        case .int, .double: return contains(JSONWriter.string(value)) ? .string(Self.replacement) : value
        case .string(let text): return .string(mask(text))
        case .array(let elements): return .array(elements.map { mask($0) })
        case .object(let object): return .object(JSONObject(object.lazy.map { (mask($0.key), mask($0.value)) }))
        }
    }

    /// Whether a text holds a secret.
    public func contains(_ text: String) -> Bool {
        guard !isEmpty else { return false }
        var text = text
        return text.withUTF8 { contains($0) }
    }

    /// Whether a value holds a secret in a string, key or number.
    public func contains(_ value: JSONValue) -> Bool {
        guard !isEmpty else { return false }
        switch value {
        case .null, .bool: return false
        case .int, .double: return contains(JSONWriter.string(value))
        case .string(let text): return contains(text)
        case .array(let elements): return elements.contains { contains($0) }
        case .object(let object): return object.contains { contains($0.key) || contains($0.value) }
        }
    }

    private func contains(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let automaton else { return false }
        var state = 0
        var place = 0
        while place < bytes.count {
            if state == 0 {
                place = automaton.skip(bytes, from: place)
                if place == bytes.count { return false }
            }
            if !bytes[place].isLineEnd {
                state = automaton.next(state, bytes[place])
                if automaton.matched[state] > 0 { return true }
            }
            place += 1
        }
        return false
    }
}
