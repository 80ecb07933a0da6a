/// Where the last of several images of each row is, in the order in which the rows first came.
struct LastImages<Key: Hashable & Comparable> {
    /// An image: which commit has it, and its place among that commit's rows.
    struct Place {
        var commit: Int
        var row: Int
    }

    /// The last image of each row.
    private(set) var places: [Place] = []
    private var keys: [Key] = []
    /// The place of each key among them; made when a key comes that is neither a new greatest one nor the last one.
    private var byKey: [Key: Int] = [:]
    private var greatest: Key?

    /// Notes an image.
    mutating func note(_ key: Key, at place: Place) {
        // Stages that follow one another come in their order.
        guard let greatest, key <= greatest else {
            greatest = key
            return append(key, place)
        }
        if keys.last == key {
            places[places.count - 1] = place
            return
        }
        if byKey.count < keys.count {
            for known in byKey.count..<keys.count { byKey[keys[known]] = known }
        }
        if let known = byKey[key] { places[known] = place } else { append(key, place) }
    }

    private mutating func append(_ key: Key, _ place: Place) {
        keys.append(key)
        places.append(place)
    }
}
