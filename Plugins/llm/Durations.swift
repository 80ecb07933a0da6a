import BattenPlugin
import BattenTransfer

/// Lengths of time in inputs.
enum Durations {
    /// Reads one; nil if it is not there.
    static func read(_ json: JSON?, _ field: String) throws(Failure) -> Int64? {
        guard let json, !json.isNull else { return nil }
        guard let text = json.string, let nanoseconds = DurationText.parse(text), nanoseconds > 0 else {
            throw .badInput(field: field, "is \(json.text); must be a length of time such as 500ms, 30s or 2m")
        }
        return nanoseconds
    }
}
