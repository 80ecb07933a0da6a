/// A generator that gives the same numbers for the same seed on every machine: SplitMix64 (Steele, Lea, Flood: Fast
/// Splittable Pseudorandom Number Generators, 2014).
public struct Seeded: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Begins with a seed.
    public init(_ seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    /// A number below a bound, which is at least 1.
    public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// True in so many of a thousand cases.
    public mutating func chance(_ perMille: Int) -> Bool { below(1000) < perMille }

    /// One of several.
    public mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
