public import BattenCore
internal import BattenSystem

/// An engine's place on this host: a lock held for life, and a socket on which others wake it.
///
/// The lock ends with the process, however it dies, and is kept by a stopped one.
public final class EngineSeat: Sendable {
    /// Engine id.
    public let id: String
    private let folder: StateFolder
    private let lock: Descriptor
    private let socket: DatagramSocket

    /// Takes a place.
    ///
    /// - Parameter id: engine id; it becomes a file's name.
    /// - Throws: `busy` when a living engine has this id, `misuse` for an id that cannot name a file.
    public init(_ folder: StateFolder, id: String) throws(StoreError) {
        try EngineFolder.check(id)
        guard id != EngineFolder.nobody else {
            throw StoreError(.misuse, "no engine is called '\(id)'", help: "choose another id")
        }
        try folder.create()
        let path = EngineFolder.lock(folder, id)
        let taken = try storing { () throws(SystemError) in try FileSystem.openLocked(path) }
        guard let taken else {
            throw StoreError(.busy, "the engine \(id) is running already", help: "choose another id")
        }
        lock = taken
        socket = try storing { () throws(SystemError) in
            try DatagramSocket(receivingAt: "\(id).sock", in: folder.engines)
        }
        self.id = id
        self.folder = folder
    }

    deinit {
        _ = try? FileSystem.remove(EngineFolder.socket(folder, id))
        _ = try? FileSystem.remove(EngineFolder.questions(folder, id))
        _ = try? FileSystem.remove(EngineFolder.lock(folder, id))
    }

    /// The descriptor that becomes readable when somebody wakes this engine; valid as long as the seat.
    public var wakeDescriptor: Int32 { socket.descriptor.rawValue }

    /// Takes away all wake-ups that came.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func takeWakes() -> Int { socket.drain() }
}
