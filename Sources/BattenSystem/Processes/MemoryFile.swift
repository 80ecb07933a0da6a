internal import CLinux
internal import Glibc

/// Files that live in memory and go between processes as descriptors.
public enum MemoryFile {
    /// Makes an empty one that can be sealed; the caller owns the descriptor.
    public static func make(_ name: String) throws(SystemError) -> Descriptor {
        Descriptor(owning: try checked("make a memory file") { unsafe linux_memory_file(name) })
    }

    /// Makes one with these bytes, sealed against every change.
    public static func sealed(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Descriptor {
        let file = try make(name)
        unsafe try file.write(bytes)
        try seal(file.rawValue)
        return file
    }

    /// Seals one against every change, for ever.
    public static func seal(_ descriptor: Int32) throws(SystemError) {
        try checked("seal a memory file") { linux_seal(descriptor) }
    }

    /// Whether nobody can change it any more.
    public static func isSealed(_ descriptor: Int32) -> Bool {
        linux_is_sealed(descriptor) == 1
    }

    /// Size in bytes.
    public static func size(_ descriptor: Int32) throws(SystemError) -> Int64 {
        var status = stat()
        try checked("look at a memory file") { unsafe fstat(descriptor, &status) }
        return Int64(status.st_size)
    }

    /// What tells a file without a name from all others that are open at the same time, whichever descriptor leads to it.
    public struct Identity: Sendable, Hashable {
        private let device: UInt64
        private let node: UInt64

        /// The identity of an open file; nil when the descriptor is none, or the file has a name.
        public init?(of descriptor: Int32) {
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0, status.st_nlink == 0 else { return nil }
            device = UInt64(status.st_dev)
            node = UInt64(status.st_ino)
        }
    }

    /// Opens a file that is open already once more for reading, from its first byte; the caller owns the descriptor.
    public static func reopened(_ descriptor: Int32) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try checked("open a memory file") {
                unsafe open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC)
            })
    }

    /// A second descriptor of the same open file; the caller owns it.
    public static func duplicate(_ descriptor: Int32) throws(SystemError) -> Descriptor {
        Descriptor(owning: try checked("duplicate a descriptor") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) })
    }

    /// Lends the bytes of a file that is sealed, or that nobody changes meanwhile.
    ///
    /// - Parameter body: receives all bytes; the memory is gone when it returns.
    public static func withBytes<Value>(
        of descriptor: Int32, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(SystemError) -> Value {
        let length = Int(try size(descriptor))
        guard length > 0 else { return unsafe body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        guard let start = unsafe mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe start != MAP_FAILED
        else { throw .last("map a memory file") }
        defer { unsafe munmap(start, length) }
        return unsafe body(UnsafeRawBufferPointer(start: start, count: length))
    }
}
