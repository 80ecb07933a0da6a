public import BattenCore
internal import BattenSystem

/// Where a Batten keeps its state: `batten.db`, `blobs/` and `engines/` under one folder.
public struct StateFolder: Sendable, Hashable {
    /// The folder.
    public let path: String

    /// Names a folder; nothing is made.
    public init(_ path: String) {
        var path = path
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        self.path = path
    }

    /// The SQLite file.
    public var database: String { path + "/batten.db" }
    /// The folder of large values.
    public var blobs: String { path + "/blobs" }
    /// The folder of the engines' locks and sockets.
    public var engines: String { path + "/engines" }

    /// Whether a store has been made here.
    public var hasStore: Bool { FileSystem.exists(database) }

    /// Makes the folders that are missing, for this user alone.
    ///
    /// - Throws: `readOnly` or `io` when that is not possible.
    public func create() throws(StoreError) {
        for folder in [path, blobs, engines] {
            try storing { () throws(SystemError) in try FileSystem.makeFolder(folder, mode: 0o700) }
        }
    }
}
