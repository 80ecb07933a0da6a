/// Guesses what somebody meant to write.
public enum Spelling {
    /// The candidate most like a word, for a "did you mean"; nil when none is close.
    ///
    /// Close is at most one change (insert, delete, replace, swap two neighbours, letter case free) in a short word
    /// and at most a third of the letters in a longer one. Of equally close candidates the first is taken.
    public static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
        let wanted = letters(word)
        let allowed = max(1, wanted.count / 3)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let letters = letters(candidate)
            guard abs(letters.count - wanted.count) <= allowed else { continue }
            let distance = distance(wanted, letters)
            if distance <= allowed, distance < max(wanted.count, letters.count), distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.candidate
    }

    /// What somebody may have meant who knows the names from elsewhere: the nearest candidate, or else the first that the
    /// word begins, ends (`json` of `toJSON`) or shortens (`params` for `parameters`).
    public static func guess(_ word: String, in candidates: some Sequence<String>) -> String? {
        let wanted = letters(word)
        return nearest(to: word, in: candidates) ?? candidates.first { isShort(wanted, for: letters($0)) }
    }

    private static func letters(_ word: String) -> [Unicode.Scalar] {
        Array(word.lowercased().unicodeScalars.prefix(64))
    }

    /// Whether a word begins or ends a name, or has at least half of its letters in their order.
    private static func isShort(_ word: [Unicode.Scalar], for letters: [Unicode.Scalar]) -> Bool {
        guard word.count >= 3 else { return false }
        if letters.starts(with: word) || letters.reversed().starts(with: word.reversed()) { return true }
        guard letters.first == word.first, letters.count <= 2 * word.count else { return false }
        var rest = letters[...]
        return word.allSatisfy { letter in
            guard let place = rest.firstIndex(of: letter) else { return false }
            rest = rest[(place + 1)...]
            return true
        }
    }

    /// The fewest changes that turn one word into the other.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for column in 0..<right.count {
                let cost = left[row] == right[column] ? 0 : 1
                var least = min(last[column + 1] + 1, current[column] + 1, last[column] + cost)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
