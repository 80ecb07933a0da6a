internal import Glibc

/// A call to the kernel or the C library that failed.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was attempted, for people: `open /tmp/x`.
    public let operation: String
    /// The `errno` value; 0 when the failure has none.
    public let code: Int32
    /// What the system says about it.
    public let message: String

    /// Creates an error from an `errno` value; the message is the system's own.
    public init(_ operation: String, code: Int32) {
        self.init(operation, code: code, message: Self.text(of: code))
    }

    /// Creates an error with a message of its own.
    public init(_ operation: String, code: Int32 = 0, message: String) {
        self.operation = operation
        self.code = code
        self.message = message
    }

    /// Operation and reason in one line.
    public var description: String {
        "\(operation): \(message)"
    }

    /// The error of the call that has just failed in this thread.
    static func last(_ operation: String) -> SystemError {
        SystemError(operation, code: errno)
    }

    /// The error of the C function that has just failed in this thread, for modules that call C themselves.
    public static func ofThisThread(_ operation: String) -> SystemError {
        last(operation)
    }

    private static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
