import BattenCore
import CBattenABI

/// What a plugin says of itself, copied out of its memory and checked.
struct PluginDescriptor: Sendable {
    let id: String
    let version: String
    let title: String
    let summary: String
    let sdk: String
    let abiMinor: Int
    let manifest: JSONValue
    let configSchema: JSONSchema
    let executors: [ExecutorDescriptor]
    let life: PluginLife
}

/// The functions that begin and end a plugin's life.
@safe struct PluginLife: @unchecked Sendable {
    // SAFETY: pointers to functions of a shared object that is never unloaded.
    typealias Start =
        @convention(c) (
            UnsafePointer<batten_host>, batten_span, UnsafeMutablePointer<OpaquePointer?>,
            UnsafeMutablePointer<batten_buffer>
        ) -> batten_rc
    typealias Stop = @convention(c) (OpaquePointer?, Int64) -> Void

    let start: Start?
    let stop: Stop?
}

/// What one executor says of itself, copied and checked.
struct ExecutorDescriptor: Sendable {
    let type: String
    let version: String
    let title: String
    let summary: String
    let isIdempotent: Bool
    let isPure: Bool
    let isCancellable: Bool
    /// Whether it cannot run in a worker process.
    let isHostProcessOnly: Bool
    let maxInFlight: Int
    let config: JSONSchema
    let input: JSONSchema
    let output: JSONSchema
    var capabilities: JSONValue
    /// Whether calls are begun on a loop instead of run on a thread of their own.
    let isAsynchronous: Bool
    let functions: ExecutorFunctions
}

/// The functions of one executor.
@safe struct ExecutorFunctions: @unchecked Sendable {
    // SAFETY: pointers to functions of a shared object that is never unloaded.
    typealias Open =
        @convention(c) (
            OpaquePointer?, batten_span, UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<batten_buffer>
        ) -> batten_rc
    typealias Close = @convention(c) (OpaquePointer?) -> Void
    typealias Run = @convention(c) (OpaquePointer?, UnsafePointer<batten_call>) -> Void
    typealias Begin = @convention(c) (OpaquePointer?, UnsafePointer<batten_call>) -> batten_rc
    typealias Cancel = @convention(c) (OpaquePointer?, batten_token, batten_stop) -> Void

    let open: Open?
    let close: Close?
    let run: Run?
    let begin: Begin?
    let cancel: Cancel?
}
