/// One step of a way into a JSON value.
public enum PathPart: Sendable, Hashable {
    /// The member with this key.
    case key(String)
    /// The element at this index, counted from 0; in expressions a negative one counts from the end.
    case index(Int)
    /// A step that is known only when it is evaluated, or one that takes every element.
    case any

    /// The key, when the step is one.
    public var key: String? {
        if case .key(let key) = self { return key }
        return nil
    }
}

extension Sequence<PathPart> {
    /// The way as people write it, like `stages.fetch.outputs['a b'][0]`; empty for the value itself.
    public var pathText: String {
        var text = ""
        for part in self {
            switch part {
            case .key(let key) where key.isPlainMemberName: text += text.isEmpty ? key : "." + key
            case .key(let key): text += "['" + key + "']"
            case .index(let index): text += "[\(index)]"
            case .any: text += "[*]"
            }
        }
        return text
    }
}

extension String {
    /// Whether the text can stand behind a dot: a letter or `_`, then letters, digits, `_` and `-`.
    var isPlainMemberName: Bool {
        guard let first = utf8.first, first.isNameStart else { return false }
        return utf8.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "-") }
    }
}

extension UInt8 {
    /// Whether a name can begin with the byte.
    var isNameStart: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Whether the byte is a digit.
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// Whether the byte can stand in a name.
    var isNameByte: Bool { isNameStart || isDigit }
}
