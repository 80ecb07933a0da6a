/// Runs that an engine was asked for.
public struct SubmittedRuns: Sendable {
    let replies: [Reply<String>]

    /// Waits until each is on disk or refused.
    ///
    /// - Returns: for each, in order, what ``Engine/submit(_:)-(RunSubmission)`` gives for one.
    public func wait() -> [Result<String, EngineError>] { replies.map { $0.wait() } }
}
