public import BattenCore
internal import BattenSystem
internal import Synchronization

/// Reads a store beside those who write it, through a connection that cannot write.
public final class StoreReader: Sendable {
    /// Where the store is.
    public let folder: StateFolder
    private let connection: Mutex<Connection>
    let unspill: Unspill

    /// Opens the store of a folder; nothing is made.
    ///
    /// An older schema is brought up to date first. A store on read-only media is read as it lies there.
    /// - Parameter busyLimit: how long to wait for a process that has the file locked.
    /// - Returns: nil when no store was made there yet.
    /// - Throws: `notADatabase`, `newerVersion`, `corrupt`, `readOnly`, `busy`, `unavailable`, `io`.
    public init?(_ folder: StateFolder, busyLimit: Duration = .seconds(10)) throws(StoreError) {
        guard let status = try storing({ () throws(SystemError) in try FileSystem.status(folder.database) }) else {
            return nil
        }
        if status.kind == .folder {
            throw StoreError(
                .notADatabase, "\(folder.database) is a folder", help: "choose another place with --home")
        }
        let opened = try Self.open(folder, busyLimit: busyLimit)
        guard let opened else { return nil }
        self.folder = folder
        unspill = Unspill(folder: BlobFolder(path: folder.blobs))
        connection = Mutex(opened)
    }

    private static func open(_ folder: StateFolder, busyLimit: Duration) throws(StoreError) -> Connection? {
        var reader = try Connection(folder.database, .read, busyLimit: busyLimit)
        let state: Migrator.State
        do throws(StoreError) {
            state = try Migrator(connection: reader).state()
        } catch {
            // Without the right to make the files of the log beside it, the file alone is all there is to read.
            guard error.code == .unavailable || error.code == .readOnly, !FileSystem.isWritable(folder.path),
                !FileSystem.exists(folder.database + "-wal")
            else { throw error }
            reader = try Connection(folder.database, .readUnchanging, busyLimit: busyLimit)
            state = try Migrator(connection: reader).state()
        }
        switch state {
        case .store(Migration.latest): return reader
        case .new: return nil
        case .store:
            try Migrator(connection: Connection(folder.database, .write, busyLimit: busyLimit)).prepare()
            return try Connection(folder.database, .read, busyLimit: busyLimit)
        }
    }

    /// Lends the connection to one thread.
    func withConnection<Value: Sendable>(
        _ body: (Connection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try connection.withLock { connection throws(StoreError) in try body(connection) }
    }

    /// A number that changes whenever another connection has written to the store.
    public func dataVersion() throws(StoreError) -> Int64 {
        try withConnection { connection throws(StoreError) in
            let statement = try connection.statement("PRAGMA data_version")
            defer { statement.reset() }
            return try statement.step() ? statement.int(0) : 0
        }
    }

    /// Collects a row of each step of a query.
    func rows<Row: Sendable>(
        _ sql: String, _ bind: (Statement) -> Void, _ read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        try withConnection { connection throws(StoreError) in
            let statement = try connection.statement(sql)
            bind(statement)
            defer { statement.reset() }
            var rows: [Row] = []
            while try statement.step() { rows.append(try read(statement)) }
            return rows
        }
    }
}

/// A part of a list.
public struct Page<Item: Sendable>: Sendable {
    /// The items, in the list's order.
    public var items: [Item]
    /// What continues the list; nil at its end.
    public var nextCursor: String?

    /// Creates a page.
    public init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }
}

/// A place in a list: two integers as an opaque text.
struct Cursor {
    let first: Int64
    let second: Int64

    init(_ first: Int64, _ second: Int64) {
        self.first = first
        self.second = second
    }

    /// Reads a cursor that a list gave out.
    ///
    /// - Throws: `misuse` for anything else.
    init(_ text: String, list: Character) throws(StoreError) {
        let digits = text.dropFirst()
        guard text.first == list, digits.utf8.count == 32, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
            let first = UInt64(digits.prefix(16), radix: 16), let second = UInt64(digits.suffix(16), radix: 16)
        else {
            throw StoreError(
                .misuse, "'\(text)' is not a cursor of this list",
                help: "pass the next_cursor of the list's last page, unchanged")
        }
        self.init(Int64(bitPattern: first), Int64(bitPattern: second))
    }

    /// The text that continues a list behind this place.
    func text(list: Character) -> String {
        String(list) + Self.padded(first) + Self.padded(second)
    }

    private static func padded(_ value: Int64) -> String {
        let digits = String(UInt64(bitPattern: value), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
