internal import BattenPlugin
internal import BattenSignature

/// Which functions may be called.
struct CallPolicy: Sendable {
    private struct Entry {
        let library: String
        let function: String
        let signature: CSignature?
    }

    private let entries: [Entry]
    /// Whether the list also holds for runs that the user of this machine started.
    private let holdsLocally: Bool
    /// Whether somebody else started the run.
    private var isForeign = false

    /// Reads the plugin's configuration.
    ///
    /// - Throws: ``Failure`` that names the entry whose signature cannot be read.
    init(config: JSON) throws(Failure) {
        holdsLocally = config["local"]?.string == "listed"
        var entries: [Entry] = []
        for (index, item) in (config["allow"]?.array ?? []).enumerated() {
            if let text = item.string {
                guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
                    text.index(after: colon) < text.endIndex
                else { throw .badInput(field: "allow[\(index)]", "must be a library and a function: libm.so.6:cbrt") }
                let function = String(text[text.index(after: colon)...])
                entries.append(Entry(library: String(text[..<colon]), function: function, signature: nil))
                continue
            }
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

    /// The policy for the runs of one kind.
    func applied(toForeignRuns isForeign: Bool) -> CallPolicy {
        var copy = self
        copy.isForeign = isForeign
        return copy
    }

    /// Refuses a call that is not on the list, where the list holds.
    func check(library: String, function: String, signature: CSignature, field: String) throws(Failure) {
        guard isForeign || holdsLocally else { return }
        let named = entries.filter { $0.library == library && $0.function == function }
        guard !named.contains(where: { $0.signature?.calls(like: signature) ?? true }) else { return }
        let what =
            named.isEmpty
            ? "\(function) of \(library) is not one of the functions that plugins.ffi.allow lists"
            : "\(function) of \(library) is allowed with \(named.compactMap(\.signature).map(\.description).joined(separator: " or ")) only, not with \(signature)"
        throw Failure(
            .permanent, code: "ffi.refused",
            "\(field): \(what)\(isForeign ? ", and nobody at this machine started the run" : ""); whoever runs this "
                + "engine can add it in the user's configuration",
            effect: .none,
            details: ["library": .string(library), "function": .string(function)])
    }
}
