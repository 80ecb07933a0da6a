extension CSignature {
    /// Reads a signature.
    ///
    /// - Parameter types: types with names of their own, as ``readTypes(_:)`` gives them.
    /// - Throws: ``SignatureError`` with the place of what is wrong.
    public init(_ text: String, types: [String: CType] = [:]) throws(SignatureError) {
        self = try Self.read(text, types: types).signature
    }

    /// Reads a signature and keeps its declarations: that of the result, and those of the parameters.
    static func read(
        _ text: String, types: [String: CType]
    ) throws(SignatureError) -> (
        signature: CSignature, result: SignatureParser.Declaration, parameters: [SignatureParser.Declaration]
    ) {
        var parser = try SignatureParser(text, types: types)
        let head = try parser.declaration()
        let result = try parser.result(head)
        try parser.expect("(", "before the parameters")
        var declarations: [SignatureParser.Declaration] = []
        var passings: [CParameter.Passing] = []
        var fixedCount: Int?
        while !parser.take(")") {
            if parser.here.kind == .dots {
                guard fixedCount == nil else { throw parser.fail("'...' stands twice") }
                guard !declarations.isEmpty else { throw parser.fail("before '...' there is at least one parameter") }
                fixedCount = declarations.count
                parser.advance()
            } else {
                let declaration = try parser.declaration()
                if declarations.isEmpty, fixedCount == nil, isNothing(declaration),
                    parser.here.kind == .sign(")")
                {
                    continue
                }
                if parser.here.kind == .sign("(") { throw parser.fail(SignatureParser.callbackRefusal) }
                guard declarations.count < SignatureParser.mostParameters else {
                    throw parser.fail("there are more than \(SignatureParser.mostParameters) parameters")
                }
                passings.append(try parser.passing(declaration))
                declarations.append(declaration)
            }
            if parser.take(",") {
                guard parser.here.kind != .sign(")") else { throw parser.fail("a parameter is missing after ','") }
            } else if parser.here.kind != .sign(")") {
                throw parser.fail("parameters are separated by ',' and end with ')'; found \(parser.here.text)")
            }
        }
        try parser.expectEnd()
        var names: Set<String> = []
        for declaration in declarations {
            guard let name = declaration.name else { continue }
            if SignatureParser.taken.contains(name) {
                throw parser.fail("a parameter cannot be called '\(name)'", at: declaration.offset)
            }
            if !names.insert(name).inserted {
                throw parser.fail("there are two parameters '\(name)'", at: declaration.offset)
            }
        }
        let links = SignatureLinks(declarations: declarations, passings: passings, result: result)
        let signature = CSignature(
            name: head.name, result: result, parameters: try links.parameters(), fixedCount: fixedCount)
        return (signature, head, declarations)
    }

    private static func isNothing(_ declaration: SignatureParser.Declaration) -> Bool {
        guard case .void = declaration.base else { return false }
        return declaration.stars == 0 && declaration.name == nil && declaration.brackets == nil
    }

    /// Reads types with names of their own, each of which may use those before it.
    ///
    /// - Throws: the name at fault and what is wrong.
    public static func readTypes(
        _ texts: [(name: String, text: String)]
    ) throws(NamedTypeError) -> [String: CType] {
        var types: [String: CType] = [:]
        for (name, text) in texts {
            do throws(SignatureError) {
                guard isName(name) else {
                    throw SignatureError(message: "'\(name)' is no name: use letters, digits and _", offset: 0)
                }
                guard !SignatureParser.isKnown(name), types[name] == nil else {
                    throw SignatureError(message: "the name '\(name)' is taken", offset: 0)
                }
                var parser = try SignatureParser(text, types: types)
                let declaration = try parser.declaration()
                guard declaration.name == nil || declaration.name == name else {
                    throw parser.fail("a type is written without a name", at: declaration.offset)
                }
                types[name] = try parser.member(declaration).type
                try parser.expectEnd()
            } catch {
                throw NamedTypeError(name: name, error: error)
            }
        }
        return types
    }

    /// Whether a text can be a name in C.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")) else {
            return false
        }
        return text.utf8.count <= 256
            && text.utf8.allSatisfy {
                ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") || $0 == UInt8(ascii: "_")
                    || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
            }
    }
}

/// Why a type with a name of its own cannot be used.
public struct NamedTypeError: Error, Sendable, Hashable {
    /// The type's name.
    public let name: String
    /// What is wrong with it.
    public let error: SignatureError
}

extension SignatureParser {
    /// Whether a word means something already.
    static func isKnown(_ word: String) -> Bool {
        integerWords.contains(word) || builtIn[word] != nil || refused[word] != nil || reserved.contains(word)
            || [
                "bytes", "string", "cstring", "pointer", "struct", "enum", "volatile", "restrict", "text", "base64",
                "hex",
                "free", "length", "used", "register", "extern", "static", "inline",
            ].contains(word)
    }
}
