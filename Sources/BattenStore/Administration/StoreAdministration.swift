public import BattenCore

/// Looks after a store's files: sizes, checks, backups, versions.
public struct StoreAdministration: Sendable {
    /// Where the store is.
    public let folder: StateFolder
    let busyLimit: Duration

    /// Creates an administration; nothing is opened or made.
    ///
    /// - Parameter busyLimit: how long to wait for a process that has the file locked.
    public init(_ folder: StateFolder, busyLimit: Duration = .seconds(10)) {
        self.folder = folder
        self.busyLimit = busyLimit
    }

    /// Opens the file as it is, whatever its version.
    ///
    /// - Throws: `notFound` when there is no store.
    func open(_ access: Connection.Access) throws(StoreError) -> Connection {
        guard folder.hasStore else {
            throw StoreError(
                .notFound, "there is no store at \(folder.database)",
                help: "the first `batten run` makes it; --home names another place")
        }
        return try Connection(folder.database, access, busyLimit: busyLimit)
    }

    /// What the store holds and how large it is.
    public func info() throws(StoreError) -> StoreInfo {
        let connection = try open(.read)
        var version = 0
        if case .store(let found) = try Migrator(connection: connection).state() { version = found }
        return try connection.snapshot { () throws(StoreError) in
            try StoreInfoReader(connection: connection, folder: folder).read(version: version)
        }
    }
}
