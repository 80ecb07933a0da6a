import BattenCore
import BattenSystem

/// A plugin's file as it was when it was hashed: a copy in memory that nobody can change.
///
/// What is hashed is what is loaded. Once a library was loaded from it, an image is kept for ever: the dynamic loader would
/// take the next file with the same descriptor for this one.
final class PluginImage: Sendable {
    /// The file that was read.
    let path: String
    /// Hash of its bytes, 64 lower case hexadecimal digits.
    let sha256: String
    /// Length in bytes.
    let length: Int
    private let file: SealedFile

    /// The largest file that is taken for a plugin, in bytes.
    static let limit = 512 << 20

    private init(path: String, sha256: String, file: consuming SealedFile) {
        self.path = path
        self.sha256 = sha256
        length = file.length
        self.file = file
    }

    /// Reads, hashes and seals a file.
    ///
    /// - Parameter isToBeRun: whether it will be run from where it is: then nobody else may be able to change it.
    /// - Throws: ``PluginError`` when it cannot be read, is no shared object, or others can change it.
    static func read(_ path: String, isToBeRun: Bool = true) throws(PluginError) -> (image: PluginImage, bytes: [UInt8])
    {
        if isToBeRun { try WriteAccess.check(path) }
        try SharedObjectHeader.check(path)
        do throws(SystemError) {
            let source = try FileSystem.open(path)
            let status = try FileSystem.status(of: source)
            guard status.kind == .file, status.bytes <= limit else {
                throw SystemError("read \(path)", message: "it is larger than 512 MiB, or no file any more")
            }
            guard !isToBeRun || WriteAccess.isClosed(status) else {
                throw SystemError("read \(path)", message: "it has just been exchanged for one that others may change")
            }
            let bytes = try source.readToEnd(sizeHint: Int(status.bytes))
            let sealed = try SealedFile(bytes, name: "batten-plugin")
            return (PluginImage(path: path, sha256: SHA256.hex(bytes), file: sealed), bytes)
        } catch {
            throw PluginError(
                .unreadable, "the plugin \(path) cannot be read", help: "check the file and its permissions",
                cause: error.description)
        }
    }

    /// The descriptor of the copy; another process may be given it.
    var descriptor: Int32 { file.descriptor.rawValue }

    /// The path by which this process loads the copy.
    var loadPath: String { "/proc/self/fd/\(descriptor)" }
}
