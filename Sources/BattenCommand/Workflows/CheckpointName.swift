import BattenCore
import BattenStore

/// A place in a run as a command line names it: `RUN@POSITION`, `RUN@LABEL`, or within a known run `@…` or a label.
enum CheckpointName {
    /// Splits `RUN@PLACE` at its last `@`; nil when there is none.
    ///
    /// `@last` alone names a run, not a place.
    static func split(_ text: String) -> (run: String, place: String)? {
        guard text != "@last", let at = text.lastIndex(of: "@") else { return nil }
        return (String(text[..<at]), String(text[text.index(after: at)...]))
    }

    /// Whether a text may be a label: letters, digits, `_`, `-` and `.`, at most 64, and not a number.
    static func isLabel(_ text: String) -> Bool {
        let isWord = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isWord && !text.isEmpty && text.utf8.count <= 64 && Int64(text) == nil
    }

    /// The position that a number or a label names in a run.
    ///
    /// - Throws: `no_such_checkpoint`, exit code 8.
    static func position(_ place: String, of run: String, in context: CommandContext) throws(CommandFailure) -> Int64 {
        guard let reader = try context.openReader() else { throw none(place, run) }
        if let number = Int64(place) {
            let last = try orFailure { () throws(StoreError) in try reader.lastPosition(run: run) }
            guard number >= 1, number <= last else {
                throw .notFound(
                    "no_such_checkpoint", "the journal of run \(run) has no position \(place): it ends at \(last)",
                    help: "batten checkpoints \(run) lists where its stages were committed")
            }
            return number
        }
        let named = try orFailure { () throws(StoreError) in try reader.checkpoints(run: run) }
        if let found = named.first(where: { $0.label == place }) { return found.seq }
        throw none(place, run, named.map(\.label))
    }

    private static func none(_ place: String, _ run: String, _ labels: [String] = []) -> CommandFailure {
        .notFound(
            "no_such_checkpoint", "run \(run) has no checkpoint '\(place)'",
            help: [DidYouMean.help(for: place, in: labels), "batten checkpoints \(run) lists them"].filter {
                !$0.isEmpty
            }
            .joined(separator: " "))
    }
}
