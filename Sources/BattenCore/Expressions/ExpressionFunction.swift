/// A function of the language; the raw value is its name.
enum ExpressionFunction: String, Sendable, CaseIterable {
    case length, contains, startsWith, endsWith, upper, lower, trim, split, join, replace, matches, format
    case toJSON, fromJSON, keys, values, entries, first, last, slice, sort, unique, flatten, sum, min, max, range
    case has, `default`, coalesce, int, float, string, bool, now, date, duration, sha256, base64, unbase64
    case urlencode, shellquote
    case success, failure, cancelled, always

    /// How many arguments the function takes.
    var arity: ClosedRange<Int> {
        switch self {
        case .now, .success, .failure, .cancelled, .always: 0...0
        case .length, .upper, .lower, .trim, .fromJSON, .keys, .values, .entries, .first, .last, .sort, .unique,
            .flatten, .sum, .min, .max, .int, .float, .string, .bool, .duration, .sha256, .base64, .unbase64,
            .urlencode, .shellquote:
            1...1
        case .contains, .startsWith, .endsWith, .split, .matches, .range, .has, .default: 2...2
        case .join, .toJSON: 1...2
        case .date: 1...3
        case .slice: 2...3
        case .replace: 3...3
        case .format, .coalesce: 1...Int.max
        }
    }

    /// How the function is called, for messages.
    var signature: String {
        switch self {
        case .length: "length(text, list or object)"
        case .contains: "contains(text, list or object, wanted)"
        case .startsWith: "startsWith(text, prefix)"
        case .endsWith: "endsWith(text, suffix)"
        case .upper: "upper(text)"
        case .lower: "lower(text)"
        case .trim: "trim(text)"
        case .split: "split(text, separator)"
        case .join: "join(list, separator = ',')"
        case .replace: "replace(text, old, new)"
        case .matches: "matches(text, pattern)"
        case .format: "format(text, values…)"
        case .toJSON: "toJSON(value, pretty = false)"
        case .fromJSON: "fromJSON(text)"
        case .keys: "keys(object)"
        case .values: "values(object)"
        case .entries: "entries(object)"
        case .first: "first(list)"
        case .last: "last(list)"
        case .slice: "slice(text or list, from, to)"
        case .sort: "sort(list)"
        case .unique: "unique(list)"
        case .flatten: "flatten(list)"
        case .sum: "sum(list)"
        case .min: "min(list)"
        case .max: "max(list)"
        case .range: "range(from, to)"
        case .has: "has(object or list, key)"
        case .default: "default(value, otherwise)"
        case .coalesce: "coalesce(values…)"
        case .int: "int(value)"
        case .float: "float(value)"
        case .string: "string(value)"
        case .bool: "bool(value)"
        case .now: "now()"
        case .date: "date(instant, pattern, patternRead)"
        case .duration: "duration(text)"
        case .sha256: "sha256(text)"
        case .base64: "base64(text)"
        case .unbase64: "unbase64(text)"
        case .urlencode: "urlencode(text)"
        case .shellquote: "shellquote(text or list)"
        case .success, .failure, .cancelled, .always: "\(rawValue)()"
        }
    }

    /// The status function it is, if it is one.
    var status: StatusFunction? { StatusFunction(rawValue: rawValue) }

    /// Whether an argument may fail on a missing key and then counts as null.
    func forgivesMissing(argument index: Int, of count: Int) -> Bool {
        switch self {
        case .default: index == 0
        case .coalesce: index == 0 || index < count - 1
        default: false
        }
    }

    /// Says what is wrong with a number of arguments, or nil when nothing is.
    func arityFault(_ count: Int, range: Range<Int>) -> ExpressionError? {
        guard !arity.contains(count) else { return nil }
        let wanted: String
        if arity.upperBound == Int.max {
            wanted = "at least \(arity.lowerBound)"
        } else if arity.lowerBound == arity.upperBound {
            wanted = arity.lowerBound == 0 ? "no" : "\(arity.lowerBound)"
        } else {
            wanted = "\(arity.lowerBound) to \(arity.upperBound)"
        }
        let noun = wanted.hasSuffix("1") ? "argument" : "arguments"
        return ExpressionError(
            code: .arity, message: "\(rawValue) takes \(wanted) \(noun), here are \(count)", range: range,
            help: "write \(signature)")
    }

    /// Says that there is no function of a name.
    static func unknown(_ name: String, range: Range<Int>) -> ExpressionError {
        let near = Spelling.guess(name, in: allCases.lazy.map(\.rawValue))
        return ExpressionError(
            code: .unknownFunction, message: "there is no function '\(name)'", range: range,
            help: near.map { "did you mean '\($0)'?" })
    }
}

extension Expression {
    /// How each function of the language is called, by its name.
    public static let functionSignatures: [String: String] = {
        var signatures: [String: String] = [:]
        for function in ExpressionFunction.allCases { signatures[function.rawValue] = function.signature }
        return signatures
    }()
}
