/// The event loop a client works on.
///
/// All functions are called on the loop's thread, and all handlers come there.
public protocol TransferLoop: AnyObject {
    /// Calls the handler whenever the descriptor is ready, until ``unwatch(_:)``; again for one that is watched
    /// changes what is watched for.
    func watch(_ descriptor: Int32, reads: Bool, writes: Bool, handler: @escaping (_ readiness: Readiness) -> Void)
    /// Ends watching. The descriptor is still open.
    func unwatch(_ descriptor: Int32)
    /// Calls the handler once at a point of CLOCK_MONOTONIC, in nanoseconds.
    func timer(at time: Int64, handler: @escaping () -> Void) -> UInt64
    /// Takes a timer back that did not fire yet.
    func cancelTimer(_ id: UInt64)
    /// What other threads use to call this one.
    var poster: any LoopPoster { get }
}

/// Brings work to a loop's thread from any other.
public protocol LoopPoster: Sendable {
    /// Has the loop's thread call a function; false if the loop has ended.
    @discardableResult
    func post(_ work: @escaping @Sendable () -> Void) -> Bool
}

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// Takes the bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read, or the other side hung up.
    public static let read = Readiness(rawValue: 1)
    /// There is room to write.
    public static let write = Readiness(rawValue: 2)
    /// The descriptor has an error.
    public static let error = Readiness(rawValue: 4)
}
