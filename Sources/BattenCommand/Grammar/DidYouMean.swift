import BattenCore

/// Words for what somebody may have meant.
enum DidYouMean {
    /// The candidate nearest to a misspelt word, or one that the word begins; nil when there is none.
    static func nearest(to word: String, in candidates: some Collection<String>) -> String? {
        if let near = Spelling.nearest(to: word, in: candidates) { return near }
        guard word.count >= 2 else { return nil }
        return candidates.first { $0.lowercased().hasPrefix(word.lowercased()) }
    }

    /// The same as words for a help line; empty when nothing is near.
    static func help(for word: String, in candidates: some Collection<String>, prefix: String = "") -> String {
        nearest(to: word, in: candidates).map { "did you mean '\(prefix)\($0)'?" } ?? ""
    }
}
