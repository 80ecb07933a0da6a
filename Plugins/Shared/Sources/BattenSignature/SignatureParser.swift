/// Reads signatures: `uint64 (uint64, bytes, length uint32)`, or a declaration as C writes it.
///
/// A declaration is read in two steps: ``Declaration`` is what the words say, and `SignatureParser+Meaning` makes of it
/// a result, a parameter or a member of a struct.
struct SignatureParser {
    /// Words before a type that say how a value is passed.
    struct Prefix {
        var direction: CParameter.Direction?
        var form: TextForm?
        var owner: Ownership?
        var isConstant = false
        /// Whether it is the length of a buffer, and of which.
        var isLength = false
        var lengthOf: (name: String, offset: Int)?
    }

    /// What stands in brackets behind a type or a name.
    enum Brackets {
        case given
        case fixed(Int)
        case named(String, offset: Int)
    }

    /// What a type's own words name.
    enum Base {
        case void
        case type(CType)
        case bytes
        case opaque(String)
    }

    /// One declaration as it is written.
    struct Declaration {
        var offset: Int
        var prefix = Prefix()
        var base = Base.void
        /// The words of the base, as they are written.
        var words: [String] = []
        var stars = 0
        var brackets: Brackets?
        var name: String?
        var used: (name: String, offset: Int)?
    }

    private let tokens: [SignatureToken]
    private var position = 0
    private var depth = 0
    /// Types that have a name of their own.
    let types: [String: CType]

    static let mostParameters = 64
    static let deepestNesting = 16
    /// The most elements of a buffer or array.
    static let mostElements = 64 << 20

    init(_ text: String, types: [String: CType]) throws(SignatureError) {
        tokens = try SignatureToken.read(text)
        self.types = types
    }

    // MARK: Tokens

    var here: SignatureToken { tokens[position] }
    private var next: SignatureToken { tokens[min(position + 1, tokens.count - 1)] }

    mutating func advance() {
        if position + 1 < tokens.count { position += 1 }
    }

    mutating func take(_ sign: Character) -> Bool {
        guard here.kind == .sign(sign) else { return false }
        advance()
        return true
    }

    mutating func take(word: String) -> Bool {
        guard here.kind == .word(word) else { return false }
        advance()
        return true
    }

    func fail(_ message: String, at offset: Int? = nil) -> SignatureError {
        SignatureError(message: message, offset: offset ?? here.offset)
    }

    mutating func expect(_ sign: Character, _ place: String) throws(SignatureError) {
        guard take(sign) else { throw fail("'\(sign)' is missing \(place); found \(here.text)") }
    }

    mutating func expectEnd() throws(SignatureError) {
        guard here.kind == .end || (here.kind == .sign(";") && next.kind == .end) else {
            throw fail("\(here.text) is too much: the signature ends before it")
        }
    }

    // MARK: Declarations

    /// Reads words, stars, name and brackets up to the next separator.
    mutating func declaration() throws(SignatureError) -> Declaration {
        var declaration = Declaration(offset: here.offset)
        try prefix(into: &declaration.prefix)
        let start = position
        declaration.base = try base(&declaration.prefix)
        declaration.words = tokens[start..<position].map(\.bare)
        while true {
            if take("*") {
                declaration.stars += 1
            } else if take(word: "const") {
                if declaration.stars == 0 { declaration.prefix.isConstant = true }
            } else if !(take(word: "restrict") || take(word: "__restrict") || take(word: "volatile")) {
                break
            }
        }
        try brackets(into: &declaration)
        if case .word(let word) = here.kind, word != "used" {
            guard !Self.reserved.contains(word) else { throw fail("'\(word)' must stand before the type") }
            guard !Self.keywords.contains(word) else { throw fail(Self.refused[word] ?? "'\(word)' cannot be a name") }
            declaration.name = word
            advance()
            try brackets(into: &declaration)
        }
        if here.kind == .sign("[") {
            throw fail("arrays of arrays are not supported: use one length with all elements, or a struct")
        }
        if take(word: "used") {
            guard case .word(let word) = here.kind else {
                throw fail("'used' needs 'result' or the name of an out parameter; found \(here.text)")
            }
            declaration.used = (word, here.offset)
            advance()
        }
        return declaration
    }

    private mutating func prefix(into prefix: inout Prefix) throws(SignatureError) {
        while case .word(let word) = here.kind {
            let offset = here.offset
            switch word {
            case "in", "out", "inout":
                guard prefix.direction == nil else {
                    throw fail("there are two directions; keep one of in, out, inout")
                }
                prefix.direction = CParameter.Direction(rawValue: word)
                advance()
            case "text", "base64", "hex":
                guard prefix.form == nil else { throw fail("there are two forms; keep one of text, base64, hex") }
                prefix.form = TextForm(rawValue: word)
                advance()
            case "const", "volatile", "register", "extern", "static", "inline":
                if word == "const" { prefix.isConstant = true }
                advance()
            case "borrowed", "free":
                guard prefix.owner == nil else { throw fail("there are two owners; keep one of borrowed, free") }
                advance()
                prefix.owner = word == "free" ? .freed(by: "free") : .borrowed
                if word == "free", take("(") {
                    guard case .word(let name) = here.kind else {
                        throw fail("free(…) needs the name of a function; found \(here.text)")
                    }
                    prefix.owner = .freed(by: name)
                    advance()
                    try expect(")", "after free(\(name)")
                }
            case "length":
                guard !prefix.isLength else { throw fail("'length' stands twice") }
                prefix.isLength = true
                advance()
                if take("(") {
                    guard case .word(let name) = here.kind else {
                        throw fail("length(…) needs the name of a buffer; found \(here.text)")
                    }
                    prefix.lengthOf = (name, here.offset)
                    advance()
                    try expect(")", "after length(\(name)")
                }
            default:
                return
            }
            if here.offset == offset { return }
        }
    }

    private mutating func brackets(into declaration: inout Declaration) throws(SignatureError) {
        guard here.kind == .sign("[") else { return }
        guard declaration.brackets == nil else { return }
        advance()
        switch here.kind {
        case .sign("]"):
            declaration.brackets = .given
        case .number(let count):
            guard count > 0, count <= Self.mostElements else {
                throw fail("a length is from 1 to \(Self.mostElements), not \(count)")
            }
            declaration.brackets = .fixed(count)
            advance()
        case .word(let name):
            declaration.brackets = .named(name, offset: here.offset)
            advance()
        default:
            throw fail("brackets hold a length or the name of a parameter; found \(here.text)")
        }
        try expect("]", "after the length")
    }

    // MARK: Type names

    private mutating func base(_ prefix: inout Prefix) throws(SignatureError) -> Base {
        if here.kind == .sign("{") { return .type(try structure()) }
        guard case .word(let word) = here.kind else {
            if prefix.isLength { return .type(.integer(.size)) }
            throw fail("a type is missing; found \(here.text)")
        }
        if Self.integerWords.contains(word) { return .type(try spelledInteger()) }
        if let refusal = Self.refused[word] { throw fail(refusal) }
        advance()
        switch word {
        case "void":
            return .void
        case "bytes":
            return .bytes
        case "string", "cstring":
            return .type(.string(prefix.form ?? .text, prefix.owner ?? .borrowed))
        case "pointer":
            return .type(.pointer(nil))
        case "struct":
            if here.kind == .sign("{") { return .type(try structure()) }
            guard case .word(let name) = here.kind else { throw fail("'struct' needs a name or members in braces") }
            advance()
            return try named(name)
        case "enum":
            guard case .word = here.kind else { throw fail("'enum' needs a name") }
            advance()
            return .type(.integer(.int))
        default:
            if let type = Self.builtIn[word] { return .type(type) }
            return try named(word)
        }
    }

    /// A type of the signature's own, or the name of something that only pointers to it are known of.
    private mutating func named(_ name: String) throws(SignatureError) -> Base {
        if let type = types[name] { return .type(type) }
        if here.kind == .sign("*") || here.kind == .word("const") { return .opaque(name) }
        let offset = tokens[position - 1].offset
        throw fail(
            "there is no type '\(name)'; there are int8 to int64, uint8 to uint64, size, ssize, the integer types of C, "
                + "float, double, bool, char, string, bytes, pointer, structs in braces and the names of `types`",
            at: offset)
    }

    private mutating func spelledInteger() throws(SignatureError) -> CType {
        let offset = here.offset
        var counts: [String: Int] = [:]
        while case .word(let word) = here.kind, Self.integerWords.contains(word) {
            counts[word, default: 0] += 1
            advance()
        }
        if take(word: "double") { throw fail("long double is not supported: write a plugin in C", at: offset) }
        let isUnsigned = counts["unsigned"] != nil
        let longs = counts["long"] ?? 0
        guard !(isUnsigned && counts["signed"] != nil), longs <= 2, counts["short"] ?? 0 <= 1, counts["char"] ?? 0 <= 1,
            counts["int"] ?? 0 <= 1, counts["unsigned"] ?? 0 <= 1, counts["signed"] ?? 0 <= 1,
            [longs > 0, counts["short"] != nil, counts["char"] != nil].filter({ $0 }).count <= 1,
            !(counts["char"] != nil && counts["int"] != nil)
        else {
            throw fail("these words together are no integer type of C", at: offset)
        }
        if counts["char"] != nil {
            guard isUnsigned || counts["signed"] != nil else { return .char }
            return .integer(CInteger(size: 1, isSigned: !isUnsigned))
        }
        let size =
            switch (longs, counts["short"] != nil) {
            case (1, _): MemoryLayout<CLong>.size
            case (2, _): MemoryLayout<CLongLong>.size
            case (_, true): MemoryLayout<CShort>.size
            default: MemoryLayout<CInt>.size
            }
        return .integer(CInteger(size: size, isSigned: !isUnsigned))
    }

    private mutating func structure() throws(SignatureError) -> CType {
        let offset = here.offset
        advance()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepestNesting else {
            throw fail("structs are nested deeper than \(Self.deepestNesting) levels", at: offset)
        }
        var members: [(name: String?, type: CType)] = []
        while !take("}") {
            let declaration = try declaration()
            let member = try member(declaration)
            if let name = member.name, members.contains(where: { $0.name == name }) {
                throw fail("there are two members '\(name)'", at: declaration.offset)
            }
            members.append(member)
            guard take(",") || take(";") || here.kind == .sign("}") else {
                throw fail("members are separated by ',' and end with '}'; found \(here.text)")
            }
        }
        guard !members.isEmpty else { throw fail("a struct has at least one member", at: offset) }
        guard members.allSatisfy({ $0.name != nil }) || members.allSatisfy({ $0.name == nil }) else {
            throw fail("either all members of a struct have a name or none", at: offset)
        }
        guard let structure = CStructure(members) else {
            throw fail("the struct is larger than \(CType.largestSize) bytes", at: offset)
        }
        guard structure.depth <= Self.deepestNesting else {
            throw fail("structs are nested deeper than \(Self.deepestNesting) levels", at: offset)
        }
        return .structure(structure)
    }
}
