internal import BattenCore
internal import BattenSystem

/// Files named by the SHA-256 of their content.
struct BlobFolder: Sendable {
    /// The folder.
    let path: String

    /// The file of a hash: `<first two digits>/<the other 62>`.
    func file(_ hash: [UInt8]) -> String {
        let name = Hex.encode(hash)
        return "\(path)/\(name.prefix(2))/\(name.dropFirst(2))"
    }

    /// Keeps bytes so that they survive a power cut.
    ///
    /// The file gets its name only when its content is on the disk; equal content is kept once.
    /// - Returns: the 32 bytes of the hash.
    func write(_ bytes: [UInt8]) throws(StoreError) -> [UInt8] {
        let hash = unsafe bytes.withUnsafeBytes { unsafe SHA256.digest($0) }
        let file = file(hash)
        let folder = "\(path)/\(Hex.encode(hash.prefix(1)))"
        try storing { () throws(SystemError) in
            if try FileSystem.status(file)?.bytes == Int64(bytes.count) {
                // Whoever wrote it may not have come to this yet.
                try FileSystem.synchronizeFolder(folder)
                return
            }
            if try FileSystem.status(folder) == nil {
                try FileSystem.makeFolder(folder, mode: 0o700)
                try FileSystem.synchronizeFolder(path)
            }
            try FileSystem.writeAtomically(bytes, to: file)
        }
        return hash
    }

    /// Reads bytes back and holds them against their hash.
    ///
    /// - Throws: `corrupt` when the file is missing or not what was written.
    func read(_ hash: [UInt8]) throws(StoreError) -> [UInt8] {
        let file = file(hash)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(file)
        } catch {
            throw StoreError(
                .corrupt, "a stored value is missing: \(error)",
                help: "restore the blobs folder from a backup; `batten db check` lists all that is missing")
        }
        guard unsafe bytes.withUnsafeBytes({ unsafe SHA256.digest($0) }) == hash else {
            throw StoreError(
                .corrupt, "\(file) is not what was written: its SHA-256 is another",
                help: "restore the blobs folder from a backup; `batten db check` lists all that is damaged")
        }
        return bytes
    }
}
