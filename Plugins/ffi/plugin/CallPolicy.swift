internal import BattenPlugin
internal import BattenSignature

/// Which functions may be called.
struct CallPolicy: Sendable {
    private struct Entry {
        let library: String
        let function: String
        let signature: CSignature?
    }

    /// Nil allows every function.
    private let entries: [Entry]?

    /// Reads the plugin's configuration.
    ///
    /// - Throws: ``Failure`` that names the entry whose signature cannot be read.
    init(config: JSON) throws(Failure) {
        guard let list = config["allow"]?.array else {
            entries = nil
            return
        }
        var entries: [Entry] = []
        for (index, item) in list.enumerated() {
            var signature: CSignature?
            if let text = item["signature"]?.string {
                do throws(SignatureError) {
                    signature = try CSignature(text)
                } catch {
                    throw .badInput(field: "allow[\(index)].signature", "\(error)")
                }
            }
            entries.append(
                Entry(
                    library: item["library"]?.string ?? "", function: item["function"]?.string ?? "",
                    signature: signature))
        }
        self.entries = entries
    }

    /// Refuses a call that is not on the list.
    func check(library: String, function: String, signature: CSignature, field: String) throws(Failure) {
        guard let entries else { return }
        let named = entries.filter { $0.library == library && $0.function == function }
        guard !named.contains(where: { $0.signature?.calls(like: signature) ?? true }) else { return }
        let what =
            named.isEmpty
            ? "\(function) of \(library) is not one of the functions that plugins.ffi.allow lists"
            : "\(function) of \(library) is allowed with \(named.compactMap(\.signature).map(\.description).joined(separator: " or ")) only, not with \(signature)"
        throw Failure(
            .permanent, code: "ffi.refused", "\(field): \(what); whoever runs this engine can add it there",
            effect: .none,
            details: ["library": .string(library), "function": .string(function)])
    }
}
