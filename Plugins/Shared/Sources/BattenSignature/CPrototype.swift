/// A signature with the words that C declares the function with, for programs that include its header.
public struct CPrototype: Sendable {
    /// What the signature means.
    public let signature: CSignature
    /// The function's name.
    public let name: String
    /// The type of the result in C; nil where the signature leaves it open, as `string` leaves `const` open.
    public let result: String?
    /// The types of the parameters in C; nil where the signature leaves one open.
    public let parameters: [String?]

    /// Reads a declaration such as `double cbrt(double x)`.
    ///
    /// - Throws: ``SignatureError`` with the place of what is wrong; a signature without a name is.
    public init(_ text: String) throws(SignatureError) {
        let (signature, result, declarations) = try CSignature.read(text, types: [:])
        guard let name = signature.name else {
            throw SignatureError(message: "the function's name is missing, as in double cbrt(double)", offset: 0)
        }
        self.signature = signature
        self.name = name
        self.result = Self.spell(result)
        parameters = zip(declarations, signature.parameters).map { declaration, parameter in
            switch parameter.passing {
            case .value: Self.spell(declaration)
            case .length(_, _, let direction): Self.spell(declaration, pointing: direction == .inout)
            case .reference(_, let direction): Self.spell(declaration, pointing: true, isRead: direction == .in)
            case .buffer(.values, let direction, _, _):
                Self.spell(declaration, pointing: true, isRead: direction == .in)
            case .buffer(.text, let direction, _, _): direction == .in ? nil : "char *"
            case .buffer(.bytes, _, _, _): declaration.stars > 0 ? "const unsigned char *" : nil
            }
        }
    }

    /// The whole declaration, with parentheses around the name so that no macro takes its place; nil if a part is open.
    public var declaration: String? {
        guard let result else { return nil }
        let fixed = parameters.prefix(signature.fixedCount ?? parameters.count)
        guard fixed.allSatisfy({ $0 != nil }) else { return nil }
        let list = fixed.compactMap(\.self) + (signature.fixedCount == nil ? [] : ["..."])
        return
            "\(result)\(result.hasSuffix("*") ? "" : " ")(\(name))(\(list.isEmpty ? "void" : list.joined(separator: ", ")))"
    }

    /// C's words for the signature's own.
    private static let words: [String: String] = {
        var words = [
            "f32": "float", "f64": "double", "size": "size_t", "usize": "size_t", "ssize": "ssize_t",
            "isize": "ssize_t",
            "bool": "_Bool", "uchar": "unsigned char", "ushort": "unsigned short", "uint": "unsigned int",
            "ulong": "unsigned long",
        ]
        for bits in [8, 16, 32, 64] {
            for (short, sign) in [("i", ""), ("u", "u")] {
                words["\(short)\(bits)"] = "\(sign)int\(bits)_t"
                words["\(sign)int\(bits)"] = "\(sign)int\(bits)_t"
            }
        }
        return words
    }()

    /// C's words for a declared type; nil for `string`, `pointer` and `bytes`, which stand for several.
    private static func spell(
        _ declaration: SignatureParser.Declaration, pointing: Bool = false, isRead: Bool = false
    ) -> String? {
        guard let first = declaration.words.first else { return pointing ? "size_t *" : "size_t" }
        guard !["string", "cstring", "pointer", "bytes", "{"].contains(first) else { return nil }
        let base = declaration.words.map { words[$0] ?? $0 }.joined(separator: " ")
        var stars = declaration.stars
        if pointing, !isPointerAlready(declaration) { stars += 1 }
        let isConstant = declaration.prefix.isConstant || isRead
        return "\(isConstant ? "const " : "")\(base)\(stars > 0 ? " " : "")\(String(repeating: "*", count: stars))"
    }

    /// Whether one of the stars as written is the direction's own.
    private static func isPointerAlready(_ declaration: SignatureParser.Declaration) -> Bool {
        guard declaration.brackets == nil else { return false }
        switch declaration.base {
        case .opaque, .void: return declaration.stars > 1
        default: return declaration.stars > 0
        }
    }
}
