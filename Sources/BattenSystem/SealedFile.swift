internal import CLinux
internal import Glibc

/// Bytes in memory behind a descriptor, which nobody can change any more.
///
/// The dynamic loader knows a library by the path it was loaded from: `/proc/self/fd/N`. A descriptor that a library was
/// loaded from must therefore never be closed, or the next file with its number would be taken for the same library.
public struct SealedFile: ~Copyable, Sendable {
    /// The descriptor, closed on exec.
    public let descriptor: Descriptor
    /// Length in bytes.
    public let length: Int

    /// Copies bytes into memory and seals them.
    ///
    /// - Parameter name: what debuggers show.
    public init(_ bytes: [UInt8], name: String) throws(SystemError) {
        let number = try checked("make a file in memory") { unsafe linux_memory_file(name) }
        let file = Descriptor(owning: number)
        try file.write(bytes)
        try checked("seal a file in memory") { linux_seal(number) }
        descriptor = file
        length = bytes.count
    }

    /// Whether a descriptor's content and length can never change again.
    public static func isSealed(_ descriptor: Int32) -> Bool { linux_is_sealed(descriptor) == 1 }
}
