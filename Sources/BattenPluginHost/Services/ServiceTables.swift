import CBattenABI

/// The tables of the services this host offers, made once and alive for ever.
@safe final class ServiceTables: @unchecked Sendable {
    // SAFETY: the dictionary and the tables behind it are written while the one instance is made and then only read.
    static let shared = ServiceTables()

    private let tables: [String: UnsafeRawPointer]

    private init() {
        unsafe tables = unsafe [
            BATTEN_SERVICE_LOG: Self.immortal(LogService.table),
            BATTEN_SERVICE_BEAT: Self.immortal(BeatService.table),
            BATTEN_SERVICE_STREAM: Self.immortal(StreamService.table),
            BATTEN_SERVICE_USAGE: Self.immortal(UsageService.table),
            BATTEN_SERVICE_LOOP: Self.immortal(LoopService.table),
            BATTEN_SERVICE_SCHEMA: Self.immortal(SchemaService.table),
            BATTEN_SERVICE_SECRET: Self.immortal(SecretService.table),
            BATTEN_SERVICE_QUOTA: Self.immortal(QuotaService.table),
            BATTEN_SERVICE_BOUND: Self.immortal(BoundService.table),
            BATTEN_SERVICE_BLOB: Self.immortal(BlobService.table),
        ]
    }

    /// The table of a service; nil when this host does not offer it.
    func find(_ id: String) -> UnsafeRawPointer? {
        unsafe tables[id]
    }

    private static func immortal<Table>(_ table: Table) -> UnsafeRawPointer {
        let memory = UnsafeMutablePointer<Table>.allocate(capacity: 1)
        unsafe memory.initialize(to: table)
        return UnsafeRawPointer(memory)
    }
}

/// The size a service's table states.
func tableSize<Table>(_ type: Table.Type) -> UInt64 {
    UInt64(MemoryLayout<Table>.size)
}
