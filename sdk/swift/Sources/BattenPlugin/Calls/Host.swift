internal import CBattenABI

/// The host that loaded the plugin: its name, and log lines of the plugin itself.
@safe
public final class Host: @unchecked Sendable {
    // SAFETY: the table and its services are immutable and callable from any thread until the plugin has stopped.
    let table: UnsafePointer<batten_host>
    private let log: UnsafePointer<batten_log>?
    private let beat: UnsafePointer<batten_beat>?
    private let stream: UnsafePointer<batten_stream>?
    private let usage: UnsafePointer<batten_usage>?
    private let secret: UnsafePointer<batten_secret>?
    let quota: UnsafePointer<batten_quota>?
    let bound: UnsafePointer<batten_bound>?
    let loop: UnsafePointer<batten_loop>?
    let schema: UnsafePointer<batten_schema>?
    let blob: UnsafePointer<batten_blob>?

    /// Where the tasks of async executors run.
    let tasks = TaskPool()

    /// The host's name, for example `batten`.
    public let name: String
    /// The host's version.
    public let version: String

    init(_ table: UnsafePointer<batten_host>) {
        unsafe self.table = unsafe table
        name = unsafe String(cString: table.pointee.name)
        version = unsafe String(cString: table.pointee.version)
        func find<Service>(_ id: String, _ type: Service.Type) -> UnsafePointer<Service>? {
            guard let found = unsafe table.pointee.query(table, id) else { return nil }
            let size = unsafe found.assumingMemoryBound(to: UInt64.self).pointee
            return unsafe size >= UInt64(MemoryLayout<Service>.size) ? found.assumingMemoryBound(to: type) : nil
        }
        unsafe log = unsafe find(BATTEN_SERVICE_LOG, batten_log.self)
        unsafe beat = unsafe find(BATTEN_SERVICE_BEAT, batten_beat.self)
        unsafe stream = unsafe find(BATTEN_SERVICE_STREAM, batten_stream.self)
        unsafe usage = unsafe find(BATTEN_SERVICE_USAGE, batten_usage.self)
        unsafe quota = unsafe find(BATTEN_SERVICE_QUOTA, batten_quota.self)
        unsafe bound = unsafe find(BATTEN_SERVICE_BOUND, batten_bound.self)
        unsafe secret = unsafe find(BATTEN_SERVICE_SECRET, batten_secret.self)
        unsafe loop = unsafe find(BATTEN_SERVICE_LOOP, batten_loop.self)
        unsafe schema = unsafe find(BATTEN_SERVICE_SCHEMA, batten_schema.self)
        unsafe blob = unsafe find(BATTEN_SERVICE_BLOB, batten_blob.self)
    }

    /// Writes a log line of the plugin itself, which belongs to no call.
    public func log(_ level: LogLevel, _ text: String, fields: JSONObject = [:]) {
        write(token: 0, level, text, fields)
    }

    /// Whether the host can show output while a call works.
    var canStream: Bool { unsafe stream != nil }

    func write(token: UInt64, _ level: LogLevel, _ text: String, _ fields: JSONObject) {
        guard let log = unsafe log else { return }
        unsafe withSpan(text) { text in
            unsafe withSpan(fields.isEmpty ? [] : JSON.object(fields).bytes) { fields in
                _ = unsafe log.pointee.write(table, token, level.number, text, fields)
            }
        }
    }

    func write(token: UInt64, _ level: LogLevel, _ text: [UInt8], _ fields: [UInt8]) {
        guard let log = unsafe log else { return }
        unsafe withSpan(text) { text in
            unsafe withSpan(fields) { fields in
                _ = unsafe log.pointee.write(table, token, level.number, text, fields)
            }
        }
    }

    func progress(token: UInt64, _ fraction: Double, _ note: String) {
        guard let beat = unsafe beat else { return }
        unsafe withSpan(note) { note in
            _ = unsafe beat.pointee.beat(table, token, fraction, note)
        }
    }

    func checkpoint(token: UInt64, _ state: [UInt8]) -> Bool {
        guard let beat = unsafe beat else { return false }
        return unsafe withSpan(state) { state in
            unsafe beat.pointee.checkpoint(table, token, state) == .BATTEN_RC_OK
        }
    }

    func stream(token: UInt64, _ channel: String, _ bytes: [UInt8]) -> Bool {
        guard let stream = unsafe stream else { return true }
        return unsafe withSpan(channel) { channel in
            unsafe withSpan(bytes) { bytes in
                unsafe stream.pointee.write(table, token, channel, bytes) != .BATTEN_RC_BUSY
            }
        }
    }

    func waitForStream(token: UInt64, until deadline: MonotonicTime) -> Bool {
        guard let stream = unsafe stream else { return true }
        return unsafe stream.pointee.wait(table, token, deadline.nanoseconds) != .BATTEN_RC_BUSY
    }

    func whenStreamReady(token: UInt64, _ ready: Once) -> Bool {
        guard let stream = unsafe stream else { return false }
        let user = unsafe Unmanaged.passRetained(ready).toOpaque()
        guard unsafe stream.pointee.when_ready(table, token, { unsafe Once.run($0) }, user) == .BATTEN_RC_OK else {
            unsafe Unmanaged<Once>.fromOpaque(user).release()
            return false
        }
        return true
    }

    func use(token: UInt64, _ meter: String, _ subject: String, _ amount: Int64) {
        guard let usage = unsafe usage else { return }
        unsafe withSpan(meter) { meter in
            unsafe withSpan(subject) { subject in
                _ = unsafe usage.pointee.add(table, token, meter, subject, max(0, amount))
            }
        }
    }

    func secret(token: UInt64, _ name: String) throws(Failure) -> [UInt8] {
        guard let secret = unsafe secret else {
            throw Failure(
                .auth, code: "secret.unsupported", "the host offers no secrets, so \(name) cannot be read",
                effect: .none)
        }
        var room = 1024
        while true {
            var bytes = [UInt8](repeating: 0, count: room)
            var length = 0
            let code = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
                var buffer = unsafe batten_buffer(ptr: bytes.baseAddress, capacity: UInt64(bytes.count), length: 0)
                let code = unsafe withSpan(name) { name in
                    unsafe secret.pointee.read(table, token, name, &buffer)
                }
                length = unsafe Int(clamping: buffer.length)
                return code
            }
            switch code {
            case .BATTEN_RC_OK where length <= room:
                return Array(bytes[..<length])
            case .BATTEN_RC_TOO_SMALL where length > room && length < 1 << 24:
                room = length
            default:
                throw Failure(
                    .auth, code: "secret.denied",
                    "the secret \(name) is not available: declare it in the executor's capabilities and grant it",
                    effect: .none)
            }
        }
    }

    func stopReason(token: UInt64) -> StopReason? {
        let reason = unsafe table.pointee.should_stop(table, token)
        return reason == .BATTEN_STOP_NONE ? nil : StopReason(number: reason.rawValue)
    }
}

/// Importance of a log line.
public enum LogLevel: UInt32, Sendable, Hashable {
    /// Of use to find a fault.
    case debug = 10
    /// Of use to follow the work.
    case info = 20
    /// Something is not as it should be.
    case warning = 30
    /// Something failed.
    case error = 40

    /// The number of the C header.
    var number: batten_level {
        switch self {
        case .debug: .BATTEN_LEVEL_DEBUG
        case .info: .BATTEN_LEVEL_INFO
        case .warning: .BATTEN_LEVEL_WARNING
        case .error: .BATTEN_LEVEL_ERROR
        }
    }
}

/// Lends text to a C function.
func withSpan<Result>(_ text: String, _ body: (batten_span) -> Result) -> Result {
    var text = text
    return text.withUTF8 { bytes in
        unsafe body(unsafe batten_span(ptr: bytes.baseAddress, len: UInt64(bytes.count)))
    }
}

/// Lends bytes to a C function.
func withSpan<Result>(_ bytes: [UInt8], _ body: (batten_span) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe body(unsafe batten_span(ptr: bytes.baseAddress, len: UInt64(bytes.count)))
    }
}

extension batten_span {
    /// A copy of the bytes.
    var copy: [UInt8] {
        guard let ptr = unsafe ptr else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: ptr, count: Int(clamping: len)))
    }

    /// The text; what is not UTF-8 in it is replaced.
    var text: String {
        guard let ptr = unsafe ptr else { return "" }
        return unsafe String(decoding: UnsafeBufferPointer(start: ptr, count: Int(clamping: len)), as: UTF8.self)
    }
}
