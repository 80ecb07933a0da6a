public import BattenCore

/// Why the engine could not do what was asked.
public struct EngineError: Error, Sendable {
    /// What kind of trouble it is.
    public enum Code: String, Sendable {
        /// The store refused; the cause says how.
        case store
        /// The workflow asks for something this engine does not do.
        case unsupported
        /// The engine has been stopped, or has stopped by itself after the store failed.
        case stopped
        /// The run's journal does not fit its plan.
        case journal
        /// The configuration of a run's calls cannot be had.
        case configuration
    }
    /// What kind of trouble it is.
    public let code: Code
    /// What happened and where.
    public let message: String
    /// What to do next.
    public let help: String
    /// The store's error when that was the cause.
    public let cause: StoreError?

    /// Creates an error.
    public init(_ code: Code, _ message: String, help: String, cause: StoreError? = nil) {
        self.code = code
        self.message = message
        self.help = help
        self.cause = cause
    }

    /// Wraps an error of the store.
    init(_ error: StoreError) {
        self.init(.store, error.message, help: error.help, cause: error)
    }
}
