/// Sizes in bytes as people write and read them.
public enum ByteSize {
    private static let units: [(name: String, bytes: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000),
        ("kB", 1_000), ("B", 1),
    ]

    /// Reads `16 MiB`, `500KB` or a plain number of bytes; nil when it is something else or does not fit.
    public static func parse(_ text: String) -> Int64? {
        if let plain = Int64(text) { return plain >= 0 ? plain : nil }
        for unit in units where text.hasSuffix(unit.name) {
            var number = text.dropLast(unit.name.count)
            while number.last == " " { number.removeLast() }
            guard let count = Int64(number), count >= 0 else { return nil }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
            return overflow ? nil : bytes
        }
        return nil
    }

    /// A size for people, in at most five characters and a unit: `1.4 MiB`.
    public static func format(_ bytes: Int64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        let names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while value >= 1023.95, unit < names.count - 1 {
            value /= 1024
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 || tenths >= 1000
            ? "\((tenths + 5) / 10) \(names[unit])" : "\(tenths / 10).\(tenths % 10) \(names[unit])"
    }
}
