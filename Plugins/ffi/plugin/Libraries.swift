internal import BattenPlugin
internal import CForeign

/// The libraries of one list of calls.
struct Libraries {
    /// A function or the like in a library.
    struct Function {
        let address: UnsafeMutableRawPointer
    }

    private var open: [String: UnsafeMutableRawPointer] = [:]
    /// What relative paths start from.
    let folder: String

    init(folder: String) {
        self.folder = folder
    }

    /// Loads a library: a name is looked for as the dynamic linker does, a path with `/` is a file.
    mutating func load(_ name: String, _ field: String) throws(Failure) {
        guard open[name] == nil else { return }
        guard !name.isEmpty, !name.utf8.contains(0) else { throw .badInput(field: field, "is no name of a library") }
        let path = name.hasPrefix("/") || !name.contains("/") || folder.isEmpty ? name : "\(folder)/\(name)"
        var why = [CChar](repeating: 0, count: 1024)
        guard let library = cforeign_open(path, &why, why.count) else {
            let reason = String(decoding: why.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw Failure(
                .permanent, code: "ffi.library", "\(field): the library cannot be loaded: \(reason)", effect: .none,
                details: ["field": .string(field), "library": .string(name)])
        }
        open[name] = library
    }

    /// Finds a function in a library and in what that needs.
    ///
    /// - Parameter field: where the function's name stands in the input.
    func function(_ name: String, of library: String, _ field: String) throws(Failure) -> Function {
        guard let handle = open[library] else { throw .badInput(field: field, "is of a library that is not loaded") }
        var address: UnsafeMutableRawPointer?
        let kind = cforeign_find(handle, name, &address)
        switch (kind, address) {
        case (Int32(CFOREIGN_FUNCTION), let address?):
            return Function(address: address)
        case (Int32(CFOREIGN_VARIABLE), _):
            throw Failure(
                .permanent, code: "ffi.function", "\(field): \(name) of \(library) is a variable, not a function",
                effect: .none, details: ["field": .string(field), "function": .string(name)])
        default:
            throw Failure(
                .permanent, code: "ffi.function",
                "\(field): \(library) has no function \(name); `nm -D --defined-only` lists what a library has",
                effect: .none, details: ["field": .string(field), "function": .string(name)])
        }
    }
}
