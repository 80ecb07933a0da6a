import BattenCore
import BattenSystem
import CBattenABI

/// The memory of one call: the struct that the plugin gets and the block its spans point into.
@safe struct CallMemory {
    /// What the plugin is given; its token is set before it is.
    let call: UnsafeMutablePointer<batten_call>
    private let block: UnsafeMutableRawBufferPointer
    /// What both are in when the host looks after who uses them; nil when they are plain memory.
    let lent: LentMemory?

    /// Copies an image.
    ///
    /// - Parameter isLent: whether nobody shall be able to use the memory in another way than the header says.
    /// - Returns: nil when the bytes are no image.
    init?(_ image: UnsafeRawBufferPointer, host: UnsafePointer<batten_host>, isLent: Bool = false) {
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
        let length = cursor.left
        guard length == ends[CallImage.spans] else { return nil }
        // The input comes last where reading beyond it shall be noticed; everything else keeps its order before it.
        let input = ends[5] - ends[4]
        let size = unsafe MemoryLayout<batten_call>.size
        lent = isLent ? LentMemory(head: size + length - input, tail: input) : nil
        let bytes = unsafe cursor.rest()
        var tail: UnsafeMutableRawPointer?
        if let lent {
            unsafe call = lent.start.assumingMemoryBound(to: batten_call.self)
            unsafe block = unsafe UnsafeMutableRawBufferPointer(rebasing: lent.head[size...])
            unsafe tail = unsafe lent.tail.baseAddress
            unsafe block.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<ends[4]]))
            unsafe UnsafeMutableRawBufferPointer(rebasing: block[ends[4]...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[ends[5]...]))
            unsafe lent.tail.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[ends[4]..<ends[5]]))
        } else {
            unsafe call = .allocate(capacity: 1)
            unsafe block = .allocate(byteCount: max(1, length), alignment: 8)
            unsafe block.copyMemory(from: bytes)
        }
        let (start, isMoved) = unsafe (block.baseAddress, tail != nil)
        func span(_ index: Int) -> batten_span {
            let from = isMoved && index > 4 ? ends[index] - input : ends[index]
            let place = unsafe isMoved && index == 4 ? tail : start.map { unsafe $0 + from }
            return unsafe batten_span(
                ptr: place.map { unsafe UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) },
                len: UInt64(ends[index + 1] - ends[index]))
        }
        unsafe call.initialize(
            to: batten_call(
                struct_size: UInt32(size), attempt: attempt, token: 0, host: host,
                run_id: span(0), stage_id: span(1), idempotency_key: span(2), traceparent: span(3),
                deadline_ns: deadline, grace_ns: max(0, grace),
                input: batten_payload(
                    bytes: span(4), media_type: batten_span(ptr: nil, len: 0), blob: 0, reserved: 0),
                checkpoint: span(5), env_json: span(6), working_directory: span(7)))
    }

    /// Copies a request.
    init(_ request: ExecutorCall, host: UnsafePointer<batten_host>, isLent: Bool) {
        guard isLent else {
            unsafe self.init(request, host: host)
            return
        }
        var image: [UInt8] = []
        CallImage.append(request, to: &image)
        let made = unsafe image.withUnsafeBytes { unsafe CallMemory($0, host: host, isLent: isLent) }
        guard let made else { preconditionFailure("the image of a call that was just made can be read") }
        self = made
    }

    /// Copies a request to plain memory, without the detour over an image.
    private init(_ request: ExecutorCall, host: UnsafePointer<batten_host>) {
        let input = JSONWriter.bytes(request.input)
        let environment = CallImage.text(of: request.environment)
        let folder = request.workingDirectory ?? ""
        let length =
            request.run.utf8.count + request.stage.utf8.count + request.idempotencyKey.utf8.count
            + request.traceparent.utf8.count + input.count + request.checkpoint.count + environment.count
            + folder.utf8.count
        var filler = BlockFiller(length)
        lent = nil
        unsafe call = .allocate(capacity: 1)
        unsafe call.initialize(
            to: batten_call(
                struct_size: UInt32(MemoryLayout<batten_call>.size), attempt: UInt32(clamping: request.attempt),
                token: 0, host: host, run_id: filler.add(request.run), stage_id: filler.add(request.stage),
                idempotency_key: filler.add(request.idempotencyKey), traceparent: filler.add(request.traceparent),
                deadline_ns: request.deadline ?? .max, grace_ns: max(0, request.grace.nanosecondsSaturated),
                input: batten_payload(
                    bytes: filler.add(input), media_type: batten_span(ptr: nil, len: 0), blob: 0, reserved: 0),
                checkpoint: filler.add(request.checkpoint), env_json: filler.add(environment),
                working_directory: filler.add(folder)))
        unsafe block = filler.block
    }

    /// Frees both; nobody may look at them any more.
    func deallocate() {
        guard lent == nil else { return }
        unsafe call.deallocate()
        unsafe block.deallocate()
    }
}

/// Fills a block of bytes from its start with the texts of a call.
@safe private struct BlockFiller {
    let block: UnsafeMutableRawBufferPointer
    private var filled = 0

    /// Makes a block that the texts fill exactly.
    init(_ length: Int) {
        unsafe block = .allocate(byteCount: max(1, length), alignment: 8)
    }

    mutating func add(_ text: String) -> batten_span {
        var text = text
        return text.withUTF8 { unsafe add(UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ bytes: [UInt8]) -> batten_span {
        unsafe bytes.withUnsafeBytes { unsafe add($0) }
    }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) -> batten_span {
        let place = unsafe UnsafeMutableRawBufferPointer(rebasing: block[filled..<filled + bytes.count])
        unsafe place.copyMemory(from: bytes)
        filled += bytes.count
        return unsafe batten_span(
            ptr: place.baseAddress.map { unsafe UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) },
            len: UInt64(bytes.count))
    }
}
