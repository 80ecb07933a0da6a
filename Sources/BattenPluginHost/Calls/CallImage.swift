import BattenCore
import BattenSystem
import CBattenABI

/// What a plugin is given for one call, as bytes that also go between processes: numbers, then one block of bytes that
/// all spans point into.
enum CallImage {
    /// Spans in the block: run, stage, key, trace parent, input, checkpoint, environment, folder.
    static let spans = 8
    /// Bytes before the block.
    static let head = 4 + 4 + 8 + 8 + 8 * spans

    /// Appends the image of a request.
    static func append(_ request: ExecutorCall, to image: inout [UInt8]) {
        image.append(integer: UInt32(clamping: request.attempt))
        image.append(integer: UInt32(0))
        image.append(integer: request.deadline ?? .max)
        image.append(integer: max(0, request.grace.nanosecondsSaturated))
        let ends = image.count
        for _ in 0..<spans { image.append(integer: UInt64(0)) }
        let start = image.count
        image.reserveCapacity(
            start + 160 + request.run.utf8.count + request.stage.utf8.count + request.idempotencyKey.utf8.count
                + request.traceparent.utf8.count + request.checkpoint.count)
        func close(_ index: Int) {
            let end = UInt64(image.count - start)
            unsafe image.withUnsafeMutableBytes {
                unsafe $0.storeBytes(of: end, toByteOffset: ends + 8 * index, as: UInt64.self)
            }
        }
        image.append(contentsOf: request.run.utf8)
        close(0)
        image.append(contentsOf: request.stage.utf8)
        close(1)
        image.append(contentsOf: request.idempotencyKey.utf8)
        close(2)
        image.append(contentsOf: request.traceparent.utf8)
        close(3)
        JSONWriter.append(request.input, to: &image)
        close(4)
        image.append(contentsOf: request.checkpoint)
        close(5)
        if !request.environment.isEmpty { append(request.environment, to: &image) }
        close(6)
        image.append(contentsOf: (request.workingDirectory ?? "").utf8)
        close(7)
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

/// The memory of one call: the struct that the plugin gets and the block its spans point into.
@safe struct CallMemory {
    /// What the plugin is given; its token is set before it is.
    let call: UnsafeMutablePointer<batten_call>
    private let block: UnsafeMutableRawBufferPointer

    /// Copies an image.
    ///
    /// - Returns: nil when the bytes are no image.
    init?(_ image: UnsafeRawBufferPointer, host: UnsafePointer<batten_host>) {
        var cursor = unsafe ByteCursor(image)
        guard let attempt = cursor.integer(UInt32.self), cursor.integer(UInt32.self) != nil,
            let deadline = cursor.integer(Int64.self), let grace = cursor.integer(Int64.self)
        else { return nil }
        var ends: [9 of Int] = .init(repeating: 0)
        for index in 1...CallImage.spans {
            guard let end = cursor.integer(UInt64.self), end <= UInt64(Int.max), Int(end) >= ends[index - 1] else {
                return nil
            }
            ends[index] = Int(end)
        }
        guard cursor.left == ends[CallImage.spans] else { return nil }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, cursor.left), alignment: 8)
        unsafe block.copyMemory(from: cursor.rest())
        func span(_ index: Int) -> batten_span {
            let start = unsafe block.baseAddress.map { unsafe UnsafeRawPointer($0 + ends[index]) }
            return unsafe batten_span(
                ptr: start?.assumingMemoryBound(to: UInt8.self), len: UInt64(ends[index + 1] - ends[index]))
        }
        unsafe self.block = unsafe block
        unsafe call = .allocate(capacity: 1)
        unsafe call.initialize(
            to: batten_call(
                struct_size: UInt32(MemoryLayout<batten_call>.size), attempt: attempt, token: 0, host: host,
                run_id: span(0), stage_id: span(1), idempotency_key: span(2), traceparent: span(3),
                deadline_ns: deadline, grace_ns: max(0, grace),
                input: batten_payload(
                    bytes: span(4), media_type: batten_span(ptr: nil, len: 0), blob: 0, reserved: 0),
                checkpoint: span(5), env_json: span(6), working_directory: span(7)))
    }

    /// Copies a request.
    init(_ request: ExecutorCall, host: UnsafePointer<batten_host>) {
        var image: [UInt8] = []
        CallImage.append(request, to: &image)
        let made = unsafe image.withUnsafeBytes { unsafe CallMemory($0, host: host) }
        guard let made else { preconditionFailure("the image of a call that was just made can be read") }
        self = made
    }

    /// Frees both; nobody may look at them any more.
    func deallocate() {
        unsafe call.deallocate()
        unsafe block.deallocate()
    }
}
