/// Why the rules of a time zone could not be read.
public struct TimeZoneError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, as a sentence without a final stop.
    public let description: String

    init(_ description: String) { self.description = description }
}
