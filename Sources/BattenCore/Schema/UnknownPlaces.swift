/// Places in a value that are not known yet; a few are compared one by one, many are hashed.
struct UnknownPlaces: Sendable {
    /// Up to this many places are searched one by one.
    static let searchLimit = 8

    private let places: [[PathPart]]
    private let index: Set<[PathPart]>
    /// All ways that lead to an unknown place, the place included; worked out when first asked of many.
    private lazy var prefixes = Self.prefixes(of: index)

    init(_ places: [[PathPart]]) {
        self.places = places
        index = places.count > Self.searchLimit ? Set(places) : []
    }

    /// Whether a place is one of them.
    func contains(_ path: [PathPart]) -> Bool {
        if places.isEmpty { return false }
        if index.isEmpty { return places.contains { $0.count == path.count && $0 == path } }
        return index.contains(path)
    }

    /// Whether one of them is at or below a place.
    mutating func isReached(from path: [PathPart]) -> Bool {
        if places.isEmpty { return false }
        if index.isEmpty { return places.contains { $0.count >= path.count && $0.starts(with: path) } }
        return prefixes.contains(path)
    }

    private static func prefixes(of unknown: Set<[PathPart]>) -> Set<[PathPart]> {
        var prefixes: Set<[PathPart]> = []
        for place in unknown {
            prefixes.insert(place)
            // Where one way is known, the shorter ones are too.
            var length = place.count - 1
            while length >= 0, prefixes.insert(Array(place.prefix(length))).inserted { length -= 1 }
        }
        return prefixes
    }
}
