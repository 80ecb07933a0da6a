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

/// The signs of the language, longer ones first where one begins another.
enum ExpressionSymbol: String, Sendable, CaseIterable {
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

    /// Symbols with their bytes by the first one, longer ones first.
    private static let byFirst: [[(symbol: ExpressionSymbol, text: [UInt8])]] = (0..<128).map { byte in
        allCases.map { ($0, Array($0.rawValue.utf8)) }.filter { Int($0.1[0]) == byte }
    }

    /// The symbols that a byte can begin, longer ones first.
    static func beginning(with byte: UInt8) -> [(symbol: ExpressionSymbol, text: [UInt8])] {
        byte < 128 ? byFirst[Int(byte)] : []
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
