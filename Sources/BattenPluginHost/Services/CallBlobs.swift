import BattenSystem

/// The blobs that one call has made, each under a number.
struct CallBlobs: Sendable {
    /// Where a blob's bytes are.
    enum File: Sendable {
        /// In a memory file.
        case memory(Int32)
        /// In a file of this process's spool, which this descriptor only reads.
        case spooled(Int32)
        /// In the spool of the process that this one serves.
        case elsewhere

        /// The descriptor, -1 where there is none.
        var descriptor: Int32 {
            switch self {
            case .memory(let descriptor), .spooled(let descriptor): descriptor
            case .elsewhere: -1
            }
        }
    }

    private struct Entry {
        var file: File
        /// The descriptor that the plugin writes with, -1 when nobody has to care for it.
        var handed: Int32 = -1
        var isSealed = false
    }

    private var entries: [UInt64: Entry] = [:]
    private var isClosed = false

    /// Most blobs that one call may have at once.
    static let limit = 1024

    /// Takes a new one in, or moves one out of memory.
    ///
    /// - Returns: false when there are too many, or the call has ended; otherwise the descriptor is this value's.
    mutating func insert(_ number: UInt64, _ file: File, handed: Int32 = -1) -> Bool {
        guard !isClosed else { return false }
        if let known = entries[number] {
            guard case .memory(let descriptor) = known.file else { return false }
            _ = Descriptor(owning: descriptor)
        } else if entries.count >= Self.limit {
            return false
        }
        entries[number] = Entry(file: file, handed: handed)
        return true
    }

    /// Where a blob is; a descriptor stays this value's.
    func file(_ number: UInt64) -> File? { entries[number]?.file }

    /// Notes the descriptor that a plugin writes to a file of the spool with.
    mutating func hand(_ descriptor: Int32, _ number: UInt64) { entries[number]?.handed = descriptor }

    /// The descriptor that a plugin writes with, once; -1 when nobody has to care for it.
    mutating func takeHanded(_ number: UInt64) -> Int32 {
        defer { entries[number]?.handed = -1 }
        return entries[number]?.handed ?? -1
    }

    /// Notes that a blob is sealed.
    mutating func markSealed(_ number: UInt64) { entries[number]?.isSealed = true }

    /// Where a sealed blob is; a descriptor stays this value's.
    func sealed(_ number: UInt64) -> File? {
        entries[number].flatMap { $0.isSealed ? $0.file : nil }
    }

    /// Gives a sealed memory file away, descriptor and all.
    mutating func take(_ number: UInt64) -> Int32? {
        guard case .memory(let descriptor) = sealed(number) else { return nil }
        entries[number] = nil
        return descriptor
    }

    /// Forgets a blob.
    mutating func remove(_ number: UInt64) {
        guard let entry = entries.removeValue(forKey: number), entry.file.descriptor >= 0 else { return }
        _ = Descriptor(owning: entry.file.descriptor)
    }

    /// Closes all, and takes no more.
    ///
    /// - Returns: how many there were.
    mutating func removeAll() -> Int {
        isClosed = true
        let count = entries.count
        for number in Array(entries.keys) { remove(number) }
        return count
    }
}
