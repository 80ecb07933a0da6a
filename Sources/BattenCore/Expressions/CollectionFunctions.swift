// The functions on lists and objects.
extension ExpressionEvaluator {
    /// Elements that `range` may make.
    static let greatestRange: Int64 = 1_000_000

    mutating func collection(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        switch arguments.function {
        case .keys: return .array(try arguments.object(0).keys.map { .string($0) })
        case .values: return .array(try arguments.object(0).values)
        case .entries:
            return .array(try arguments.object(0).map { .object(["key": .string($0.key), "value": $0.value]) })
        case .first: return try end(arguments) { $0.first }
        case .last: return try end(arguments) { $0.last }
        case .slice: return try slice(arguments)
        case .sort: return .array(try sorted(arguments))
        case .unique:
            var seen: Set<JSONValue> = []
            return .array(try arguments.list(0).filter { seen.insert($0).inserted })
        case .flatten: return try flatten(arguments)
        case .sum: return try sum(arguments)
        case .min: return try extreme(arguments) { $0 < 0 }
        case .max: return try extreme(arguments) { $0 > 0 }
        case .range: return try range(arguments)
        default: return try has(arguments)
        }
    }

    private func end(
        _ arguments: Arguments, _ pick: ([JSONValue]) -> JSONValue?
    ) throws(ExpressionError) -> JSONValue {
        if let value = pick(try arguments.list(0)) { return value }
        throw ExpressionError(
            code: .missingKey, message: "\(arguments.function.rawValue): the list is empty",
            range: arguments.nodes[0].range, help: "'?? …' gives another value instead")
    }

    /// Both ends count from the end when negative, and are cut to the text or list.
    private func slice(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let from = try arguments.integer(1)
        let to = arguments.count > 2 ? try arguments.integer(2) : Int64.max
        func bounds(_ count: Int) -> Range<Int> {
            func place(_ index: Int64) -> Int {
                Int(Swift.max(0, Swift.min(Int64(count), index < 0 ? index.addingSaturated(Int64(count)) : index)))
            }
            return place(from)..<Swift.max(place(from), place(to))
        }
        switch arguments[0] {
        case .array(let elements): return .array(Array(elements[bounds(elements.count)]))
        case .string(let text):
            let scalars = text.unicodeScalars
            let wanted = bounds(scalars.count)
            let start = scalars.index(scalars.startIndex, offsetBy: wanted.lowerBound)
            return .string(String(scalars[start..<scalars.index(start, offsetBy: wanted.count)]))
        default: throw arguments.mismatch("a string or a list", at: 0)
        }
    }

    /// The elements, checked to be all numbers or all strings.
    private func comparable(_ arguments: Arguments) throws(ExpressionError) -> [JSONValue] {
        let elements = try arguments.list(0)
        guard let first = elements.first else { return [] }
        for element in elements where first.order(to: element) == nil {
            let range = arguments.nodes[0].range
            let found =
                first.order(to: first) == nil
                ? first.nameWithArticle : "\(first.nameWithArticle) and \(element.nameWithArticle)"
            throw ExpressionError(
                code: .type,
                message: "\(arguments.function.rawValue) orders numbers or strings, in the list is \(found)",
                range: range)
        }
        return elements
    }

    private mutating func sorted(_ arguments: Arguments) throws(ExpressionError) -> [JSONValue] {
        let elements = try comparable(arguments)
        var size = 0
        for element in elements { size += element.shallowSize }
        try charge(size * (Int.bitWidth - elements.count.leadingZeroBitCount), arguments.range)
        return elements.enumerated().sorted { left, right in
            let order = left.element.order(to: right.element) ?? 0
            return order == 0 ? left.offset < right.offset : order < 0
        }.map(\.element)
    }

    private func extreme(
        _ arguments: Arguments, _ better: (Int) -> Bool
    ) throws(ExpressionError) -> JSONValue {
        let elements = try comparable(arguments)
        guard var best = elements.first else {
            throw ExpressionError(
                code: .missingKey, message: "\(arguments.function.rawValue): the list is empty",
                range: arguments.nodes[0].range, help: "'?? …' gives another value instead")
        }
        for element in elements.dropFirst() {
            if let order = element.order(to: best), better(order) { best = element }
        }
        return best
    }

    private mutating func flatten(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        var flat: [JSONValue] = []
        for element in try arguments.list(0) {
            if case .array(let inner) = element {
                try charge(inner.count, arguments.range)
                try checkLength(2 * (flat.count + inner.count), arguments.range)
                flat.append(contentsOf: inner)
            } else {
                flat.append(element)
            }
        }
        return .array(flat)
    }

    private func sum(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        var total: Int64 = 0
        var wide: Double?
        for element in try arguments.list(0) {
            switch element {
            case .int(let number) where wide == nil:
                let (next, over) = total.addingReportingOverflow(number)
                if over { throw Self.overflow(arguments.range) }
                total = next
            case .int(let number): wide = wide.map { $0 + Double(number) }
            case .double(let number): wide = (wide ?? Double(total)) + number
            default:
                throw ExpressionError(
                    code: .type, message: "sum adds numbers, in the list is \(element.nameWithArticle)",
                    range: arguments.nodes[0].range)
            }
        }
        guard let wide else { return .int(total) }
        guard wide.isFinite else { throw Self.overflow(arguments.range) }
        return .double(wide)
    }

    private mutating func range(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let from = try arguments.integer(0)
        let to = try arguments.integer(1)
        guard from < to else { return .array([]) }
        let (count, over) = to.subtractingReportingOverflow(from)
        guard !over, count <= Self.greatestRange else {
            throw ExpressionError(
                code: .limit, message: "range makes at most 1,000,000 elements", range: arguments.range)
        }
        try charge(Int(count), arguments.range)
        return .array((from..<to).map { .int($0) })
    }

    private func has(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        switch arguments[0] {
        case .object(let object): return .bool(object[try arguments.string(1)] != nil)
        case .array(let elements):
            let index = try arguments.integer(1)
            let place = index < 0 ? index.addingSaturated(Int64(elements.count)) : index
            return .bool(place >= 0 && place < elements.count)
        case .null: return .bool(false)
        default: throw arguments.mismatch("an object or a list", at: 0)
        }
    }
}
