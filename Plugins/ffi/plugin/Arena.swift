internal import BattenPlugin
internal import Glibc

/// The memory of one list of calls.
///
/// Every piece lives until the end, because functions may keep pointers to it.
final class Arena {
    private struct Piece {
        let memory: UnsafeMutableRawPointer
        let size: Int
        /// What a person calls it.
        let label: String
    }

    private var pieces: [Piece] = []
    private var used = 0
    private let room: Int

    /// What stands behind every piece: a function that writes there was given too little room.
    private static let fence: [UInt8] = (0..<32).map { 0xA5 ^ UInt8($0) }
    /// The most memory that arguments may take together, in bytes.
    static let mostBytes = 256 << 20

    init(room: Int = Arena.mostBytes) {
        self.room = room
    }

    deinit {
        for piece in pieces { piece.memory.deallocate() }
    }

    /// Gives zeroed memory, aligned for every type.
    ///
    /// - Throws: ``Failure`` if the calls need more than ``mostBytes``.
    func allocate(_ size: Int, for label: String) throws(Failure) -> UnsafeMutableRawPointer {
        guard size <= room - used else {
            throw .badInput(
                field: label, "the buffers of the calls need more than \(Self.mostBytes >> 20) MiB together")
        }
        used += size
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size + Self.fence.count, alignment: 16)
        memset(memory, 0, size)
        memory.advanced(by: size).copyMemory(from: Self.fence, byteCount: Self.fence.count)
        pieces.append(Piece(memory: memory, size: size, label: label))
        return memory
    }

    /// The label of a piece behind which something was written, or nil.
    func overrun() -> String? {
        pieces.first { piece in
            memcmp(piece.memory.advanced(by: piece.size), Self.fence, Self.fence.count) != 0
        }?.label
    }
}
