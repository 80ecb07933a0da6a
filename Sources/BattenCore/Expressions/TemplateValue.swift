/// A JSON value whose strings are templates.
///
/// Parts without expressions are kept ready, so that rendering copies nothing for them.
public struct TemplateValue: Sendable {
    /// What an expression reads, and where its template stands.
    public struct LocatedReference: Sendable, Hashable {
        /// The way to the template from the root of the value.
        public let location: [PathPart]
        /// What is read.
        public let reference: Reference
    }

    indirect enum Node: Sendable {
        case constant(JSONValue)
        case template(Template)
        case array([Node])
        case object([Member])
    }

    /// A key with what stands behind it.
    struct Member: Sendable {
        let key: String
        let node: Node
    }

    let root: Node

    /// Parses every string of a value; keys are kept as they are.
    ///
    /// - Parameters:
    ///   - json: the value.
    ///   - parsed: texts that were parsed before.
    /// - Throws: `ExpressionError` with the location of the first template that cannot be read.
    public static func compile(
        _ json: JSONValue, parsed: ParsedTexts = ParsedTexts()
    ) throws(ExpressionError) -> TemplateValue {
        TemplateValue(root: holdsDollar(json) ? try node(json, parsed) : .constant(json))
    }

    /// Takes a value as it is; nothing in it is read as a template.
    public static func constant(_ value: JSONValue) -> TemplateValue { TemplateValue(root: .constant(value)) }

    /// Whether some string of a value could be more than text.
    private static func holdsDollar(_ json: JSONValue) -> Bool {
        switch json {
        case .string(let text): text.utf8.contains(UInt8(ascii: "$"))
        case .array(let elements): elements.contains(where: holdsDollar)
        case .object(let object): object.members.contains { holdsDollar($0.value) }
        default: false
        }
    }

    private static func node(_ json: JSONValue, _ parsed: ParsedTexts) throws(ExpressionError) -> Node {
        switch json {
        case .string(let text):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return .constant(json) }
            let template = try parsed.template(text)
            return template.constant.map { .constant(.string($0)) } ?? .template(template)
        case .array(let elements):
            var nodes: [Node] = []
            for (index, element) in elements.enumerated() {
                nodes.append(try node(element, parsed, below: .index(index)))
            }
            let constants = nodes.compactMap(\.constant)
            return constants.count == nodes.count ? .constant(.array(constants)) : .array(nodes)
        case .object(let object):
            var members: [Member] = []
            members.reserveCapacity(object.count)
            for (key, member) in object {
                members.append(Member(key: key, node: try node(member, parsed, below: .key(key))))
            }
            guard members.allSatisfy({ $0.node.constant != nil }) else { return .object(members) }
            let constants = members.compactMap { member in member.node.constant.map { (member.key, $0) } }
            return .constant(.object(JSONObject(constants)))
        default: return .constant(json)
        }
    }

    private static func node(
        _ json: JSONValue, _ parsed: ParsedTexts, below part: PathPart
    ) throws(ExpressionError) -> Node {
        do throws(ExpressionError) {
            return try node(json, parsed)
        } catch {
            throw error.located(at: [part])
        }
    }

    /// Whether there is no expression in it.
    public var isConstant: Bool { root.constant != nil }

    /// The value when there is no expression in it.
    public var constantValue: JSONValue? { root.constant }

    /// What its expressions read.
    public var references: [Reference] { locatedReferences.map(\.reference) }

    /// What its expressions read, with the place of each template.
    public var locatedReferences: [LocatedReference] {
        templates.flatMap { located in
            located.template.references.map { LocatedReference(location: located.location, reference: $0) }
        }
    }

    /// Its templates that hold expressions, with their places, in order.
    public var templates: [(location: [PathPart], template: Template)] {
        var found: [(location: [PathPart], template: Template)] = []
        root.collect(at: [], into: &found)
        return found
    }

    /// The value in a scope.
    ///
    /// - Throws: `ExpressionError` with the location of the template that has no value, or when the whole is too large.
    public func render(in scope: some ExpressionScope) throws(ExpressionError) -> JSONValue {
        if let constant = root.constant { return constant }
        let value = try Self.render(root, scope, at: [])
        try ExpressionEvaluator(scope: scope).checkResult(value, range: 0..<0)
        return value
    }

    private static func render(
        _ node: Node, _ scope: some ExpressionScope, at location: [PathPart]
    ) throws(ExpressionError) -> JSONValue {
        switch node {
        case .constant(let value): return value
        case .template(let template):
            do throws(ExpressionError) {
                return try template.render(in: scope)
            } catch {
                throw error.located(at: location)
            }
        case .array(let nodes):
            var elements: [JSONValue] = []
            elements.reserveCapacity(nodes.count)
            for (index, node) in nodes.enumerated() {
                elements.append(try render(node, scope, at: location + [.index(index)]))
            }
            return .array(elements)
        case .object(let members):
            var object = JSONObject()
            object.reserveCapacity(members.count)
            for member in members {
                let value = try render(member.node, scope, at: location + [.key(member.key)])
                object.updateValue(value, forKey: member.key)
            }
            return .object(object)
        }
    }
}

extension TemplateValue.Node {
    /// The value of a part without expressions.
    var constant: JSONValue? {
        if case .constant(let value) = self { return value }
        return nil
    }

    fileprivate func collect(
        at location: [PathPart], into found: inout [(location: [PathPart], template: Template)]
    ) {
        switch self {
        case .constant: break
        case .template(let template): found.append((location, template))
        case .array(let nodes):
            for (index, node) in nodes.enumerated() { node.collect(at: location + [.index(index)], into: &found) }
        case .object(let members):
            for member in members { member.node.collect(at: location + [.key(member.key)], into: &found) }
        }
    }
}

extension ExpressionError {
    /// The error with the place of its template.
    fileprivate func located(at location: [PathPart]) -> ExpressionError {
        var error = self
        error.location = location + error.location
        return error
    }
}
