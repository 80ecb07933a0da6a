import BattenSystem

/// One frame; its body is valid while the frame is looked at.
@safe struct Frame {
    let kind: FrameKind
    let flags: UInt16
    let token: UInt64
    /// The bytes after the head; empty when the body is in memory.
    let body: UnsafeRawBufferPointer

    init(kind: FrameKind, flags: UInt16, token: UInt64, body: UnsafeRawBufferPointer) {
        self.kind = kind
        self.flags = flags
        self.token = token
        unsafe self.body = unsafe body
    }

    /// Whether the body is in a memory file.
    var isInMemory: Bool { flags & FrameLimits.inMemory != 0 }

    /// Whether a blob's file came along.
    var hasBlob: Bool { flags & FrameLimits.withBlob != 0 }

    /// Reads the body; every byte of it must be read.
    func read<Value>(_ body: (inout ByteCursor) -> Value?) throws(FrameFault) -> Value {
        var cursor = unsafe ByteCursor(self.body)
        guard let value = body(&cursor), cursor.isAtEnd else {
            throw FrameFault("the body of a \(kind) frame has \(unsafe self.body.count) bytes, which is not its shape")
        }
        return value
    }
}

/// Cuts the bytes of a peer into frames.
@safe final class FrameReader {
    // SAFETY: the room belongs to this object alone and is freed with it.
    private var room: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private let isFromHost: Bool
    private var passed: [Int32] = []
    private var passedHead = 0
    /// Whether the last receiving took less than there was room for: most likely everything.
    private(set) var isDrained = false

    /// - Parameter isFromHost: whether the peer is the host; a worker otherwise.
    init(isFromHost: Bool, capacity: Int = 256 << 10) {
        self.isFromHost = isFromHost
        unsafe room = .allocate(byteCount: max(capacity, FrameLimits.head), alignment: 16)
    }

    deinit {
        unsafe room.deallocate()
        for descriptor in passed[passedHead...] { _ = Descriptor(owning: descriptor) }
    }

    /// Takes what a socket has.
    ///
    /// - Throws: ``FrameFault`` when too many descriptors came along.
    func receive(from socket: Int32, waits: Bool = false) throws(FrameFault) -> LocalSocket.Result {
        makeRoom()
        let result = unsafe LocalSocket.receive(
            socket, into: UnsafeMutableRawBufferPointer(rebasing: room[end...]), waits: waits, passed: &passed)
        if case .moved(let count) = result {
            end += count
            unsafe isDrained = end < room.count
        }
        guard passed.count - passedHead <= FrameLimits.passedDescriptors else {
            throw FrameFault("\(passed.count - passedHead) descriptors came without frames that name them")
        }
        return result
    }

    /// Takes bytes from elsewhere.
    func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            makeRoom()
            let count = unsafe min(rest.count, room.count - end)
            unsafe UnsafeMutableRawBufferPointer(rebasing: room[end..<end + count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            end += count
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The next whole frame; nil when more bytes are needed.
    ///
    /// Its body is valid until the next call of this reader.
    func next() throws(FrameFault) -> Frame? {
        guard end - start >= FrameLimits.head else { return nil }
        let length = unsafe Int(room.loadUnaligned(fromByteOffset: start, as: UInt32.self))
        let number = unsafe room.loadUnaligned(fromByteOffset: start + 4, as: UInt16.self)
        let flags = unsafe room.loadUnaligned(fromByteOffset: start + 6, as: UInt16.self)
        let token = unsafe room.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)
        guard let kind = FrameKind(rawValue: number), kind.isFromHost == isFromHost else {
            throw FrameFault("there is no frame of kind \(number) in this direction")
        }
        guard flags & ~(FrameLimits.inMemory | FrameLimits.withBlob) == 0 else {
            throw FrameFault("a \(kind) frame has the unknown flags \(flags)")
        }
        guard flags & FrameLimits.withBlob == 0 || [.hello, .ended, .answer].contains(kind) else {
            throw FrameFault("a \(kind) frame brings a blob")
        }
        guard length <= FrameLimits.inlineBody, length == 0 || flags & FrameLimits.inMemory == 0 else {
            throw FrameFault("a \(kind) frame says that its body has \(length) bytes")
        }
        guard end - start >= FrameLimits.head + length else {
            grow(to: FrameLimits.head + length)
            return nil
        }
        let begin = start + FrameLimits.head
        start = begin + length
        return unsafe Frame(
            kind: kind, flags: flags, token: token,
            body: UnsafeRawBufferPointer(rebasing: room[begin..<begin + length]))
    }

    /// The next descriptor that came along.
    ///
    /// - Throws: ``FrameFault`` when none has come.
    func takeDescriptor() throws(FrameFault) -> Descriptor {
        guard passedHead < passed.count else { throw FrameFault("a frame names a descriptor that did not come") }
        defer {
            passedHead += 1
            if passedHead == passed.count {
                passed.removeAll(keepingCapacity: true)
                passedHead = 0
            }
        }
        return Descriptor(owning: passed[passedHead])
    }

    /// Has at least a little free room at the end.
    private func makeRoom() {
        if start == end {
            start = 0
            end = 0
        }
        guard unsafe room.count - end < 4096 else { return }
        if start > 0 {
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[start..<end]))
            end -= start
            start = 0
        } else {
            unsafe grow(to: room.count * 2)
        }
    }

    private func grow(to size: Int) {
        guard unsafe size > room.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[start..<end]))
        end -= start
        start = 0
        unsafe room.deallocate()
        unsafe room = larger
    }
}
