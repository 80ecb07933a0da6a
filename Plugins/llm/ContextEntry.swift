import BattenPlugin

/// A named text or file that a model is given with the system text.
struct ContextEntry {
    /// A part of it that is used whole or left out.
    struct Piece {
        var text: String
        /// How sure its author is, from 0 to 1; nil counts as 1.
        var confidence: Double?
    }

    /// The most bytes of a file.
    static let largestFile = 1 << 20

    var name: String
    var file: String?
    var pieces: [Piece] = []
    var maxTokens: Int64?
    var minConfidence: Double?

    /// Reads the field `context`.
    static func list(_ json: JSON?) throws(Failure) -> [ContextEntry] {
        guard let json, !json.isNull else { return [] }
        guard let list = json.array else { throw .badInput(field: "context", "must be a list, is \(json.kind)") }
        var entries: [ContextEntry] = []
        for (index, one) in list.enumerated() {
            guard let name = one["name"]?.string, !name.isEmpty else {
                throw .badInput(field: "context[\(index)].name", "is missing")
            }
            var entry = ContextEntry(name: name)
            entry.file = one["file"]?.string
            entry.maxTokens = one["max_tokens"]?.integer
            entry.minConfidence = one["min_confidence"]?.number
            if let text = one["text"], !text.isNull {
                for piece in text.array ?? [text] { entry.pieces.append(read(piece)) }
            }
            entries.append(entry)
        }
        return entries
    }

    private static func read(_ json: JSON) -> Piece {
        if let text = json.string { return Piece(text: text, confidence: nil) }
        if let text = json["text"]?.string { return Piece(text: text, confidence: json["confidence"]?.number) }
        return Piece(text: json.text, confidence: json["confidence"]?.number)
    }

    /// What of it is used, and a line that says what was left out; nil where nothing was.
    ///
    /// Pieces below `min_confidence` are left out. The others go in by confidence, the highest first and otherwise in
    /// their order, each whole as long as it fits into `max_tokens`; of a single text, or where not even the first fits,
    /// the beginning is used. A token counts as four bytes.
    func packed() -> (text: String, note: String?) {
        let sure = pieces.filter { ($0.confidence ?? 1) >= (minConfidence ?? 0) }
        // Stable: of equal ones the earlier goes first.
        let ordered = sure.enumerated().sorted { left, right in
            let (a, b) = (left.element.confidence ?? 1, right.element.confidence ?? 1)
            return a == b ? left.offset < right.offset : a > b
        }.map(\.element.text)
        let limit = maxTokens.map { Int(clamping: $0.multipliedReportingOverflow(by: 4).overflow ? .max : $0 * 4) }
        var used: [String] = []
        var bytes = 0
        var cut = 0
        for text in ordered {
            let size = text.utf8.count + (used.isEmpty ? 0 : 1)
            guard let limit, bytes + size > limit else {
                used.append(text)
                bytes += size
                continue
            }
            guard used.isEmpty else { continue }
            let beginning = Self.beginning(of: text, bytes: limit)
            cut = text.utf8.count - beginning.utf8.count
            used.append(beginning)
            bytes = limit
        }
        var notes: [String] = []
        if sure.count < pieces.count {
            notes.append(
                "\(pieces.count - sure.count) of \(pieces.count) pieces below min_confidence \(minConfidence ?? 0)")
        }
        if used.count < ordered.count {
            notes.append("\(ordered.count - used.count) of \(pieces.count) pieces beyond max_tokens \(maxTokens ?? 0)")
        }
        if cut > 0 { notes.append("the last \(cut) bytes of a text beyond max_tokens \(maxTokens ?? 0)") }
        return (
            used.joined(separator: "\n"),
            notes.isEmpty ? nil : "context '\(name)': left out \(notes.joined(separator: ", "))"
        )
    }

    /// The beginning of a text, cut between two characters.
    private static func beginning(of text: String, bytes: Int) -> String {
        var count = 0
        var end = text.startIndex
        while end < text.endIndex {
            let next = text.index(after: end)
            count += text[end..<next].utf8.count
            if count > bytes { break }
            end = next
        }
        return String(text[..<end])
    }
}
