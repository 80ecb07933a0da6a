import BattenSystem

/// The blobs that one call has made: memory files, each under a number.
struct CallBlobs: Sendable {
    private var files: [UInt64: (descriptor: Int32, isSealed: Bool)] = [:]

    /// Most blobs that one call may have at once.
    static let limit = 1024

    /// Takes a new one in; false when there are too many.
    mutating func insert(_ number: UInt64, _ descriptor: consuming Descriptor) -> Bool {
        guard files.count < Self.limit else { return false }
        files[number] = (descriptor.release(), false)
        return true
    }

    /// The descriptor of a blob; it stays this value's.
    func descriptor(_ number: UInt64) -> Int32? { files[number]?.descriptor }

    /// Notes that a blob is sealed.
    mutating func markSealed(_ number: UInt64) { files[number]?.isSealed = true }

    /// The descriptor of a sealed blob; it stays this value's.
    func sealed(_ number: UInt64) -> Int32? {
        files[number].flatMap { $0.isSealed ? $0.descriptor : nil }
    }

    /// Gives a sealed blob away, descriptor and all.
    mutating func take(_ number: UInt64) -> Int32? {
        guard let descriptor = sealed(number) else { return nil }
        files[number] = nil
        return descriptor
    }

    /// Closes all.
    mutating func removeAll() {
        for file in files.values { _ = Descriptor(owning: file.descriptor) }
        files = [:]
    }
}
