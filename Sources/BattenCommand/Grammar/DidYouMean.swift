/// Finds what somebody may have meant.
enum DidYouMean {
    /// The candidate nearest to a misspelt word; nil when none is near.
    ///
    /// Near is at most a third of the word's length in single edits and swaps, or a candidate that the word begins.
    static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
        let written = Array(word.lowercased().utf8.prefix(64))
        guard !written.isEmpty else { return nil }
        var best: (distance: Int, candidate: String)?
        for candidate in candidates {
            let known = Array(candidate.lowercased().utf8)
            guard known.count <= 64 else { continue }
            var distance = Self.distance(written, known)
            if written.count >= 2, known.starts(with: written) { distance = min(distance, 1) }
            guard distance <= max(1, written.count / 3) else { continue }
            if distance < (best?.distance ?? Int.max) { best = (distance, candidate) }
        }
        return best?.candidate
    }

    /// The same as words for a help line; empty when nothing is near.
    static func help(for word: String, in candidates: some Sequence<String>, prefix: String = "") -> String {
        nearest(to: word, in: candidates).map { "did you mean '\(prefix)\($0)'?" } ?? ""
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var value = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    value = min(value, beforeLast[column - 2] + 1)
                }
                current.append(value)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
