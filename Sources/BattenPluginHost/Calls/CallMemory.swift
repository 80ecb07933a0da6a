import BattenCore
import BattenSystem
import CBattenABI

/// Lays out what a plugin is given for one call: the struct, and one block of bytes that its spans point into.
enum CallMemory {
    /// Copies a request.
    ///
    /// - Returns: both allocations, which the caller frees when the plugin cannot look at them any more.
    static func make(
        _ request: ExecutorCall, host: UnsafePointer<batten_host>
    ) -> (UnsafeMutablePointer<batten_call>, UnsafeMutableBufferPointer<UInt8>) {
        var text: [UInt8] = []
        text.reserveCapacity(
            160 + request.run.utf8.count + request.stage.utf8.count + request.idempotencyKey.utf8.count
                + request.traceparent.utf8.count + request.checkpoint.count)
        var ends: [8 of Int] = .init(repeating: 0)
        func close(_ index: Int) { ends[index] = text.count }
        text.append(contentsOf: request.run.utf8)
        close(0)
        text.append(contentsOf: request.stage.utf8)
        close(1)
        text.append(contentsOf: request.idempotencyKey.utf8)
        close(2)
        text.append(contentsOf: request.traceparent.utf8)
        close(3)
        JSONWriter.append(request.input, to: &text)
        close(4)
        text.append(contentsOf: request.checkpoint)
        close(5)
        if !request.environment.isEmpty { append(request.environment, to: &text) }
        close(6)
        text.append(contentsOf: (request.workingDirectory ?? "").utf8)
        close(7)
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, text.count))
        _ = unsafe bytes.initialize(from: text)
        func span(_ index: Int) -> batten_span {
            let start = index == 0 ? 0 : ends[index - 1]
            return unsafe batten_span(
                ptr: bytes.baseAddress.map { unsafe UnsafePointer($0 + start) }, len: UInt64(ends[index] - start))
        }
        let call = UnsafeMutablePointer<batten_call>.allocate(capacity: 1)
        unsafe call.initialize(
            to: batten_call(
                struct_size: UInt32(MemoryLayout<batten_call>.size), attempt: UInt32(clamping: request.attempt),
                token: 0,
                host: host, run_id: span(0), stage_id: span(1), idempotency_key: span(2), traceparent: span(3),
                deadline_ns: request.deadline ?? .max, grace_ns: max(0, request.grace.nanosecondsSaturated),
                input: batten_payload(
                    bytes: span(4), media_type: batten_span(ptr: nil, len: 0), blob: 0, reserved: 0),
                checkpoint: span(5), env_json: span(6), working_directory: span(7)))
        return unsafe (call, bytes)
    }

    private static func append(_ environment: [(name: String, value: String)], to text: inout [UInt8]) {
        var first = true
        text.append(UInt8(ascii: "{"))
        for (name, value) in environment {
            if !first { text.append(UInt8(ascii: ",")) }
            first = false
            JSONWriter.append(string: name, to: &text)
            text.append(UInt8(ascii: ":"))
            JSONWriter.append(string: value, to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }
}
