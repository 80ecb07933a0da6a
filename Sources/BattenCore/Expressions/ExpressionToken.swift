/// One word of an expression.
struct ExpressionToken: Sendable {
    /// What the word is.
    enum Kind: Sendable, Equatable {
        case name(String)
        case integer(Int64)
        /// 9223372036854775808, which is an integer only behind a minus.
        case integerBeyondMax
        case double(Double)
        case string(String)
        case symbol(ExpressionSymbol)
        case end
    }

    let kind: Kind
    let range: Range<Int>
}

/// The signs of the language.
enum ExpressionSymbol: String, Sendable {
    case coalesce = "??"
    case safeDot = "?."
    case or = "||"
    case and = "&&"
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case remainder = "%"
    case not = "!"
    case question = "?"
    case colon = ":"
    case comma = ","
    case dot = "."
    case openRound = "("
    case closeRound = ")"
    case openSquare = "["
    case closeSquare = "]"
    case openCurly = "{"
    case closeCurly = "}"

    /// The longest symbol that begins with a byte and what follows it.
    static func beginning(with first: UInt8, _ second: UInt8?) -> ExpressionSymbol? {
        switch first {
        case UInt8(ascii: "?"):
            second == UInt8(ascii: "?") ? .coalesce : second == UInt8(ascii: ".") ? .safeDot : .question
        case UInt8(ascii: "|"): second == first ? .or : nil
        case UInt8(ascii: "&"): second == first ? .and : nil
        case UInt8(ascii: "="): second == first ? .equal : nil
        case UInt8(ascii: "!"): second == UInt8(ascii: "=") ? .notEqual : .not
        case UInt8(ascii: "<"): second == UInt8(ascii: "=") ? .lessOrEqual : .less
        case UInt8(ascii: ">"): second == UInt8(ascii: "=") ? .greaterOrEqual : .greater
        case UInt8(ascii: "+"): .plus
        case UInt8(ascii: "-"): .minus
        case UInt8(ascii: "*"): .times
        case UInt8(ascii: "/"): .divide
        case UInt8(ascii: "%"): .remainder
        case UInt8(ascii: ":"): .colon
        case UInt8(ascii: ","): .comma
        case UInt8(ascii: "."): .dot
        case UInt8(ascii: "("): .openRound
        case UInt8(ascii: ")"): .closeRound
        case UInt8(ascii: "["): .openSquare
        case UInt8(ascii: "]"): .closeSquare
        case UInt8(ascii: "{"): .openCurly
        case UInt8(ascii: "}"): .closeCurly
        default: nil
        }
    }

    /// How many bytes it has.
    var length: Int {
        switch self {
        case .coalesce, .safeDot, .or, .and, .equal, .notEqual, .lessOrEqual, .greaterOrEqual: 2
        default: 1
        }
    }
}

/// An operator between two operands, by what it does.
enum BinaryOperator: Sendable {
    case coalesce, or, and, contains, equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case add, subtract, multiply, divide, remainder

    /// The operator a token stands for, if any.
    init?(_ token: ExpressionToken.Kind) {
        switch token {
        case .name("in"): self = .contains
        case .symbol(.coalesce): self = .coalesce
        case .symbol(.or): self = .or
        case .symbol(.and): self = .and
        case .symbol(.equal): self = .equal
        case .symbol(.notEqual): self = .notEqual
        case .symbol(.less): self = .less
        case .symbol(.lessOrEqual): self = .lessOrEqual
        case .symbol(.greater): self = .greater
        case .symbol(.greaterOrEqual): self = .greaterOrEqual
        case .symbol(.plus): self = .add
        case .symbol(.minus): self = .subtract
        case .symbol(.times): self = .multiply
        case .symbol(.divide): self = .divide
        case .symbol(.remainder): self = .remainder
        default: return nil
        }
    }

    /// How tightly the operator binds; higher binds tighter.
    var precedence: Int {
        switch self {
        case .coalesce: 1
        case .or: 2
        case .and: 3
        case .contains: 4
        case .equal, .notEqual: 5
        case .less, .lessOrEqual, .greater, .greaterOrEqual: 6
        case .add, .subtract: 7
        case .multiply, .divide, .remainder: 8
        }
    }

    /// The operator as it is written.
    var text: String {
        switch self {
        case .coalesce: "??"
        case .or: "||"
        case .and: "&&"
        case .contains: "in"
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .remainder: "%"
        }
    }
}
