public import BattenCore
internal import BattenSystem

/// The engines of one host, as their locks under `engines/` tell.
public enum EngineFolder {
    /// The owner of a run that waits for an engine to take it up; no engine has this id.
    public static let nobody = "none"

    /// The engine that a file under `engines/` locks, by the file's name; nil for any other file.
    public static func engine(ofLock name: String) -> String? {
        name.hasSuffix(".lock") ? String(name.dropLast(5)) : nil
    }

    static func lock(_ folder: StateFolder, _ id: String) -> String { "\(folder.engines)/\(id).lock" }
    static func socket(_ folder: StateFolder, _ id: String) -> String { "\(folder.engines)/\(id).sock" }
    static func questions(_ folder: StateFolder, _ id: String) -> String { "\(folder.engines)/\(id).ask" }

    /// Whether an engine's process still exists, stopped or not.
    ///
    /// - Returns: false also for an engine that was never here.
    public static func isAlive(_ id: String, in folder: StateFolder) throws(StoreError) -> Bool {
        try check(id)
        return try storing { () throws(SystemError) in
            let file: Descriptor
            do throws(SystemError) {
                file = try FileSystem.open(lock(folder, id))
            } catch {
                if error.number == .noSuchFile { return false }
                throw error
            }
            return try FileLock.isHeld(file)
        }
    }

    /// Wakes an engine so that it looks at what was committed.
    ///
    /// - Returns: whether it is there to be woken.
    @discardableResult
    public static func wake(_ id: String, in folder: StateFolder) throws(StoreError) -> Bool {
        try check(id)
        return try storing { () throws(SystemError) in
            try DatagramSocket.poke("\(id).sock", in: folder.engines)
        }
    }

    /// Asks an engine that answers questions one line.
    ///
    /// - Parameter time: how long the answer may take.
    /// - Returns: the answer; nil when it answers none.
    /// - Throws: `io` when the answer takes longer: the process is stopped, or far behind.
    public static func ask(
        _ line: [UInt8], of id: String, in folder: StateFolder, within time: Duration
    ) throws(StoreError) -> [UInt8]? {
        try check(id)
        return try storing { () throws(SystemError) in
            try ServiceSocket.ask(line, of: "\(id).ask", in: folder.engines, within: time)
        }
    }

    /// Ids of the engines whose processes exist.
    public static func living(in folder: StateFolder) throws(StoreError) -> [String] {
        var living: [String] = []
        for id in try ids(folder) where try isAlive(id, in: folder) { living.append(id) }
        return living
    }

    /// Removes what dead engines left behind.
    ///
    /// - Returns: their ids.
    @discardableResult
    public static func clean(_ folder: StateFolder) throws(StoreError) -> [String] {
        var removed: [String] = []
        for id in try ids(folder) {
            let gone = try storing { () throws(SystemError) in
                let path = lock(folder, id)
                guard let file = try? FileSystem.open(path, .readWrite) else { return false }
                // With the lock in hand and the file still under its name, nobody is about to use it: an engine that
                // starts looks again after it has the lock.
                guard try FileLock.take(file), try FileSystem.isSame(file, path) else { return false }
                try FileSystem.remove(socket(folder, id))
                try FileSystem.remove(questions(folder, id))
                return try FileSystem.remove(path)
            }
            if gone { removed.append(id) }
        }
        return removed
    }

    /// Refuses ids that cannot name a file.
    static func check(_ id: String) throws(StoreError) {
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !id.isEmpty, id.utf8.count <= 64 else {
            throw StoreError(
                .misuse, "'\(id)' is not an engine id", help: "ids have 1 to 64 letters, digits, hyphens or underscores"
            )
        }
    }

    private static func ids(_ folder: StateFolder) throws(StoreError) -> [String] {
        guard FileSystem.exists(folder.engines) else { return [] }
        let names = try storing { () throws(SystemError) in try FileSystem.list(folder.engines) }
        return names.compactMap { engine(ofLock: $0) }
    }
}
