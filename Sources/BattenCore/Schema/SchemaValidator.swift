/// Checks one value against a schema and collects what does not fit.
struct SchemaValidator {
    /// How many schemas may be checked inside one another.
    static let greatestDepth = 1_000
    /// How many schemas may be checked in one validation: so many, and so many for each part of the value.
    static let greatestWork = 250_000
    static let greatestWorkPerPart = 32

    let document: SchemaDocument
    /// Places whose values are not known yet: whatever is there fits.
    private var unknown: UnknownPlaces

    private(set) var violations: [SchemaViolation] = []
    private(set) var path: [PathPart] = []
    private var depth = 0
    private var workLeft = Self.greatestWork
    private var countedParts = false
    private let root: JSONValue

    init(document: SchemaDocument, value: JSONValue, unknown: [[PathPart]]) {
        self.document = document
        root = value
        self.unknown = UnknownPlaces(unknown)
    }

    /// Whether something in the value at the current place is not known yet.
    var holdsUnknown: Bool {
        mutating get { unknown.isReached(from: path) }
    }

    mutating func report(_ keyword: String, _ message: String) {
        violations.append(SchemaViolation(path: path, keyword: keyword, message: message))
    }

    /// Checks a value against one node.
    mutating func check(_ value: JSONValue, _ index: Int) {
        let node = document.nodes[index]
        if node.acceptsAnything { return }
        if unknown.contains(path) { return }
        workLeft -= 1
        if workLeft < 0 && !countedParts {
            countedParts = true
            workLeft += Self.greatestWorkPerPart * root.partCount
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.greatestDepth, workLeft >= 0 else {
            if violations.last?.keyword != "limit" {
                report("limit", "the value is too deep or too large for its schema to be checked")
            }
            return
        }
        if node.isNever {
            report("false", "nothing is allowed here")
            return
        }
        if let reference = node.reference { check(value, reference) }
        if let types = node.types, !types.accept(value) {
            report("type", "\(Self.shown(value)) is \(value.nameWithArticle), it should be \(Self.wanted(types))")
            // The other keywords would say the same again.
            return
        }
        checkChoice(value, node)
        switch value {
        case .int, .double: checkNumber(value, node)
        case .string(let text): checkText(text, node)
        case .array(let elements): checkArray(elements, node)
        case .object(let object): checkObject(object, node)
        default: break
        }
        checkCombinations(value, node)
    }

    private mutating func checkChoice(_ value: JSONValue, _ node: SchemaNode) {
        if let constant = node.constant, constant != value, !holdsUnknown {
            report("const", "\(Self.shown(value)) should be \(Self.shown(constant))")
        }
        if let allowed = node.enumeration, !allowed.contains(value), !holdsUnknown {
            let near = value.stringValue.flatMap { text in
                Spelling.nearest(to: text, in: allowed.compactMap(\.stringValue))
            }
            report(
                "enum",
                "\(Self.shown(value)) is not one of: \(allowed.prefix(20).map(Self.shown).joined(separator: ", "))"
                    + (allowed.count > 20 ? ", …" : "") + (near.map { "; did you mean \"\($0)\"?" } ?? ""))
        }
    }

    // MARK: Arrays

    private mutating func checkArray(_ elements: [JSONValue], _ node: SchemaNode) {
        if let least = node.minItems, elements.count < least {
            report("minItems", "the list has \(Self.counted(elements.count, "element")), it needs at least \(least)")
        }
        if let most = node.maxItems, elements.count > most {
            report("maxItems", "the list has \(Self.counted(elements.count, "element")), at most \(most) are allowed")
        }
        for (index, schema) in zip(elements.indices, node.prefixItems) {
            at(.index(index)) { $0.check(elements[index], schema) }
        }
        if let items = node.items, !document.nodes[items].acceptsAnything {
            for index in elements.indices.dropFirst(node.prefixItems.count) {
                at(.index(index)) { $0.check(elements[index], items) }
            }
        }
        if holdsUnknown { return }
        if node.uniqueItems {
            var seen: [JSONValue: Int] = [:]
            for (index, element) in elements.enumerated() {
                if let first = seen[element] {
                    at(.index(index)) {
                        $0.report("uniqueItems", "\(Self.shown(element)) is there twice, also at [\(first)]")
                    }
                } else {
                    seen[element] = index
                }
            }
        }
        if let contains = node.contains {
            let found = elements.indices.count { index in fits(elements[index], contains, at: .index(index)) }
            let least = node.minContains ?? 1
            if found < least {
                report("contains", "the list needs \(Self.counted(least, "element")) of a kind and has \(found)")
            }
            if let most = node.maxContains, found > most {
                report("maxContains", "the list has \(found) elements of a kind of which at most \(most) are allowed")
            }
        }
    }

    // MARK: Combinations

    private mutating func checkCombinations(_ value: JSONValue, _ node: SchemaNode) {
        for schema in node.allOf { check(value, schema) }
        if !node.anyOf.isEmpty { checkAny(value, node.anyOf, "anyOf") }
        if !node.oneOf.isEmpty {
            let matching = checkAny(value, node.oneOf, "oneOf")
            if matching.count > 1, !holdsUnknown {
                let places = matching.map { String($0 + 1) }.joined(separator: " and ")
                report("oneOf", "\(Self.shown(value)) fits forms \(places), exactly one is allowed")
            }
        }
        if let not = node.not, !holdsUnknown, fits(value, not) {
            report("not", "\(Self.shown(value)) is not allowed here")
        }
        if let condition = node.condition, !holdsUnknown {
            if fits(value, condition) {
                if let then = node.then { check(value, then) }
            } else if let otherwise = node.otherwise {
                check(value, otherwise)
            }
        }
    }

    /// Checks alternatives and reports when none fits; of several forms the one that the value was meant to have.
    ///
    /// - Returns: the positions of those that fit.
    @discardableResult
    private mutating func checkAny(_ value: JSONValue, _ schemas: [Int], _ keyword: String) -> [Int] {
        var matching: [Int] = []
        var faults: [[SchemaViolation]] = []
        for (position, schema) in schemas.enumerated() {
            let found = trial { $0.check(value, schema) }
            if found.isEmpty {
                matching.append(position)
                if keyword == "anyOf" { return matching }
            } else {
                faults.append(found)
            }
        }
        guard matching.isEmpty else { return matching }
        // A form whose type or distinguishing constant differs was not meant.
        let here = path.count
        let meant = faults.filter { found in
            !found.contains { fault in
                switch fault.keyword {
                case "type", "false": fault.path.count == here
                case "const", "enum": fault.path.count <= here + 1
                default: false
                }
            }
        }
        if faults.count == 1 || meant.count == 1, let only = meant.first ?? faults.first {
            violations.append(contentsOf: only)
        } else {
            let reasons = faults.prefix(4).compactMap { found in
                found.first.map { first in
                    let inner = Array(first.path.dropFirst(path.count))
                    return inner.isEmpty ? first.message : "\(inner.pathText): \(first.message)"
                }
            }
            report(keyword, "none of the allowed forms fits: " + reasons.joined(separator: "; or "))
        }
        return matching
    }

    // MARK: Places

    /// Goes one step into the value for the time of a check.
    mutating func at(_ part: PathPart, _ body: (inout SchemaValidator) -> Void) {
        path.append(part)
        body(&self)
        path.removeLast()
    }

    /// What a check finds, without keeping it.
    private mutating func trial(_ body: (inout SchemaValidator) -> Void) -> [SchemaViolation] {
        let kept = violations
        violations = []
        body(&self)
        let found = violations
        violations = kept
        return found
    }

    /// Whether a value fits a node, nothing reported.
    mutating func fits(_ value: JSONValue, _ index: Int, at part: PathPart? = nil) -> Bool {
        trial { validator in
            if let part {
                validator.at(part) { $0.check(value, index) }
            } else {
                validator.check(value, index)
            }
        }.isEmpty
    }
}

extension JSONValue {
    /// How many values there are in it, itself included.
    fileprivate var partCount: Int {
        switch self {
        case .array(let elements): elements.reduce(1) { $0 + $1.partCount }
        case .object(let object): object.members.reduce(1) { $0 + $1.value.partCount }
        default: 1
        }
    }
}
