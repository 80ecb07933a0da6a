/// How a store writes.
public struct StoreOptions: Sendable, Hashable {
    /// What a commit survives.
    public enum Durability: String, Sendable, Hashable, CaseIterable {
        /// A power cut: each commit waits for the disk.
        case full
        /// A crash of the process; a power cut may take the last commits, never the file's integrity.
        case normal
        /// A crash of the process; a power cut may damage the file.
        case off
    }

    /// What a commit survives.
    public var durability: Durability
    /// How long to wait for another process that writes.
    public var busyLimit: Duration
    /// Values longer than this many bytes of JSON go to files of their own.
    public var spillLimit: Int
    /// Bytes of log kept of an attempt, half from its start and half from its end.
    public var logLimit: Int
    /// The largest size of the database file in bytes; nil leaves it to the disk.
    public var sizeLimit: Int64?
    /// Name of the registered SQLite VFS that the file is reached through; nil is the system's own.
    public var vfs: String?

    /// Creates options.
    public init(
        durability: Durability = .full, busyLimit: Duration = .seconds(10), spillLimit: Int = 64 << 10,
        logLimit: Int = 16 << 20, sizeLimit: Int64? = nil, vfs: String? = nil
    ) {
        self.durability = durability
        self.busyLimit = busyLimit
        self.spillLimit = spillLimit
        self.logLimit = logLimit
        self.sizeLimit = sizeLimit
        self.vfs = vfs
    }
}
