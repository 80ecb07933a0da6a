/// Why a text is not a cron expression.
public struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, as a sentence without a final stop.
    public let message: String
    /// What to write instead; empty when the message says it.
    public let help: String

    init(_ message: String, help: String = "") {
        self.message = message
        self.help = help
    }

    /// Message and help in one line.
    public var description: String { help.isEmpty ? message : "\(message); \(help)" }
}
