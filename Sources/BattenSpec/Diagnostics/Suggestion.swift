/// Finds the name that was probably meant.
public enum Suggestion {
    /// The nearest of some names, or nil when none is near.
    ///
    /// A name is near when at most a third of its characters differ; neighbours swapped count once. Names longer than
    /// 64 bytes are not compared.
    public static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        var best: String?
        var bestDistance = Swift.max(1, wanted.count / 3) + 1
        for candidate in names {
            let length = candidate.utf8.count
            guard length <= 64, abs(length - wanted.count) < bestDistance else { continue }
            let distance = distance(wanted, Array(candidate.lowercased().utf8))
            if distance < bestDistance {
                bestDistance = distance
                best = candidate
            }
        }
        return best
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two texts.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        var current = last
        for row in left.indices {
            current[0] = row + 1
            for column in right.indices {
                let cost = left[row] == right[column] ? 0 : 1
                var value = min(last[column + 1] + 1, current[column] + 1, last[column] + cost)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    value = min(value, beforeLast[column - 1] + 1)
                }
                current[column + 1] = value
            }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        return last[right.count]
    }
}
