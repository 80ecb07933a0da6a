import BattenSystem
import Synchronization

/// Frames on their way to a peer: any thread adds, one at a time sends, nobody ever waits.
///
/// What the socket does not take stays in memory until it does; how much that may be is bounded by what both ends
/// allow each other to have in flight.
@safe final class FrameOutbox: @unchecked Sendable {
    // SAFETY: `sending` and `sent` belong to the thread that set `isFlushing`; everything else is inside `state`.

    /// What adding or sending a frame led to.
    enum Flush: Sendable, Hashable {
        /// Everything has gone out, or another thread is about to send it.
        case done
        /// The socket is full: flush again when it can be written to.
        case blocked
        /// The peer is gone.
        case ended
    }

    /// Bytes in a row with the descriptors that go along at certain places.
    private struct Pile {
        var bytes: [UInt8] = []
        var passed: [(offset: Int, descriptor: Int32)] = []
    }

    private struct State {
        var pending = Pile()
        var isFlushing = false
        var isBlocked = false
        var hasEnded = false
        var queued = 0
    }

    private let socket: Int32
    private let state = Mutex(State())
    private var sending = Pile()
    private var sent = 0

    /// - Parameter socket: stays the caller's, who keeps it open as long as this object is used.
    init(socket: Int32) {
        self.socket = socket
    }

    deinit {
        let left = state.withLock { $0.pending.passed } + sending.passed
        for entry in left { _ = Descriptor(owning: entry.descriptor) }
    }

    /// Whether the peer is gone: nothing is added any more.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Bytes that have not gone out.
    var queuedBytes: Int { state.withLock { $0.queued } }

    /// Adds a frame without sending it.
    ///
    /// - Parameters:
    ///   - kind: what it says.
    ///   - token: what it is about.
    ///   - blob: a memory file that goes along; becomes this object's.
    ///   - body: appends the body's bytes; called at once, under a lock.
    /// - Returns: false when the peer is gone, or the body is too long and no memory file could be made for it.
    @discardableResult
    func add(_ kind: FrameKind, token: UInt64, blob: Int32 = -1, body: (inout [UInt8]) -> Void = { _ in }) -> Bool {
        let isAdded = state.withLock { state in
            guard !state.hasEnded else { return false }
            let start = state.pending.bytes.count
            state.pending.bytes.append(integer: UInt32(0))
            state.pending.bytes.append(integer: kind.rawValue)
            state.pending.bytes.append(integer: UInt16(0))
            state.pending.bytes.append(integer: token)
            body(&state.pending.bytes)
            var flags: UInt16 = 0
            var length = state.pending.bytes.count - start - FrameLimits.head
            if length > FrameLimits.inlineBody {
                guard let file = Self.memoryFile(of: state.pending.bytes[(start + FrameLimits.head)...]) else {
                    state.pending.bytes.removeLast(state.pending.bytes.count - start)
                    return false
                }
                state.pending.bytes.removeLast(length)
                state.pending.passed.append((start, file))
                flags |= FrameLimits.inMemory
                length = 0
            }
            if blob >= 0 {
                // One descriptor a place: the second goes with the frame's second byte.
                state.pending.passed.append((start + (flags == 0 ? 0 : 1), blob))
                flags |= FrameLimits.withBlob
            }
            Self.patch(&state.pending.bytes, start, UInt32(length), flags)
            state.queued += state.pending.bytes.count - start
            return true
        }
        if !isAdded, blob >= 0 { _ = Descriptor(owning: blob) }
        return isAdded
    }

    /// Sends what was added, as far as the socket takes it; any thread.
    func flush() -> Flush {
        guard state.withLock({ state in begin(&state) }) else { return .done }
        while true {
            let result = sendPile()
            let next: Flush? = state.withLock { state in
                switch result {
                case .done:
                    state.queued = state.pending.bytes.count
                    guard state.pending.bytes.isEmpty else {
                        swap(&sending, &state.pending)
                        return nil
                    }
                case .blocked:
                    state.isBlocked = true
                    state.queued = sending.bytes.count - sent + state.pending.bytes.count
                case .ended:
                    state.hasEnded = true
                }
                state.isFlushing = false
                return result
            }
            if let next { return next }
        }
    }

    /// Notes that the socket takes bytes again, then flushes.
    func unblock() -> Flush {
        state.withLock { $0.isBlocked = false }
        return flush()
    }

    /// Whether the caller is the one to send.
    private func begin(_ state: inout State) -> Bool {
        guard !state.isFlushing, !state.isBlocked, !state.hasEnded else { return false }
        if sent == sending.bytes.count {
            guard !state.pending.bytes.isEmpty else { return false }
            swap(&sending, &state.pending)
        }
        state.isFlushing = true
        return true
    }

    /// Sends the pile that is being sent.
    private func sendPile() -> Flush {
        while sent < sending.bytes.count {
            var end = min(sending.bytes.count, sent + 256 << 10)
            var descriptor: Int32 = -1
            if let first = sending.passed.first {
                if first.offset == sent {
                    descriptor = first.descriptor
                    if sending.passed.count > 1 { end = min(end, sending.passed[1].offset) }
                } else {
                    end = min(end, first.offset)
                }
            }
            let result = unsafe sending.bytes.withUnsafeBytes { bytes in
                unsafe LocalSocket.send(
                    socket, UnsafeRawBufferPointer(rebasing: bytes[sent..<end]), passing: descriptor)
            }
            switch result {
            case .moved(let count):
                sent += count
                if descriptor >= 0 {
                    sending.passed.removeFirst()
                    _ = Descriptor(owning: descriptor)
                }
            case .wouldBlock: return .blocked
            case .ended, .failed: return .ended
            }
        }
        sending.bytes.removeAll(keepingCapacity: sending.bytes.capacity <= 1 << 20)
        sent = 0
        return .done
    }

    private static func memoryFile(of bytes: ArraySlice<UInt8>) -> Int32? {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let file = unsafe try? MemoryFile.sealed("batten-body", bytes) else { return nil }
            return file.release()
        }
    }

    private static func patch(_ bytes: inout [UInt8], _ start: Int, _ length: UInt32, _ flags: UInt16) {
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe bytes.storeBytes(of: length, toByteOffset: start, as: UInt32.self)
            unsafe bytes.storeBytes(of: flags, toByteOffset: start + 6, as: UInt16.self)
        }
    }
}
