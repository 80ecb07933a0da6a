/// The words that signatures know.
extension SignatureParser {
    /// Words of which C puts together its integer types.
    static let integerWords: Set<String> = ["unsigned", "signed", "short", "long", "int", "char"]

    /// Types that are one word.
    static let builtIn: [String: CType] = {
        var types: [String: CType] = [
            "bool": .bool, "_Bool": .bool, "float": .float, "f32": .float, "double": .double, "f64": .double,
        ]
        for size in [1, 2, 4, 8] {
            for name in ["int\(8 * size)", "i\(8 * size)", "int\(8 * size)_t"] {
                types[name] = .integer(CInteger(size: size, isSigned: true))
                let unsigned = name.hasPrefix("int") ? "u" + name : "u\(8 * size)"
                types[unsigned] = .integer(CInteger(size: size, isSigned: false))
            }
        }
        let word = MemoryLayout<Int>.size
        for name in ["size", "size_t", "usize", "uintptr_t"] {
            types[name] = .integer(CInteger(size: word, isSigned: false))
        }
        for name in ["ssize", "ssize_t", "isize", "intptr_t", "ptrdiff_t"] {
            types[name] = .integer(CInteger(size: word, isSigned: true))
        }
        types["int"] = .integer(.int)
        // As the system's headers call them.
        types["uchar"] = types["uint8"]
        types["ushort"] = .integer(CInteger(size: MemoryLayout<CUnsignedShort>.size, isSigned: false))
        types["uint"] = .integer(CInteger(size: MemoryLayout<CUnsignedInt>.size, isSigned: false))
        types["ulong"] = .integer(CInteger(size: MemoryLayout<CUnsignedLong>.size, isSigned: false))
        return types
    }()

    /// Words that name what cannot be passed, with what to do instead.
    static let refused: [String: String] = [
        "callback": callbackRefusal,
        "function": callbackRefusal,
        "union": "unions are not supported: write a plugin in C",
        "complex": "complex numbers are not supported: write a plugin in C",
        "_Complex": "complex numbers are not supported: write a plugin in C",
        "__int128": "128-bit integers are not supported: write a plugin in C",
        "va_list": "va_list is not supported: call the function that takes ... instead",
        "wchar_t": "wchar_t is not supported: write a plugin in C",
        "wstring": "wide strings are not supported: write a plugin in C",
    ]

    static let callbackRefusal =
        "functions that call back are not supported: declare the parameter as pointer and pass null, or write a plugin in C"

    /// Words of C's types that would be taken for a part of the type.
    static let keywords: Set<String> = integerWords.union([
        "float", "double", "struct", "enum", "union", "complex", "_Complex", "_Bool",
    ])

    /// Words of signatures that cannot be names.
    static let reserved: Set<String> = ["in", "out", "inout", "borrowed", "const", "void"]

    /// Names that outputs of a call have already.
    static let taken: Set<String> = ["result", "errno"]
}
