public import BattenCore
import BattenSystem

/// The file `plugins.lock`: which plugins the user has accepted, with the hash and the capabilities of each.
public struct PluginLock: Sendable, Hashable {
    /// One accepted plugin.
    public struct Entry: Sendable, Hashable {
        /// Plugin id.
        public var id: String
        /// Version as the plugin states it.
        public var version: String
        /// Hash of its file, 64 lower case hexadecimal digits.
        public var sha256: String
        /// What was granted: the declared capabilities of each executor, by type.
        public var capabilities: JSONObject
        /// Where it was installed from.
        public var source: String
        /// When it was accepted.
        public var acceptedAt: String
        /// File of the key that signed it; empty when nobody did.
        public var signedBy: String

        /// Creates an entry.
        public init(
            id: String, version: String, sha256: String, capabilities: JSONObject, source: String, acceptedAt: String,
            signedBy: String = ""
        ) {
            self.id = id
            self.version = version
            self.sha256 = sha256
            self.capabilities = capabilities
            self.source = source
            self.acceptedAt = acceptedAt
            self.signedBy = signedBy
        }
    }

    /// The entries, sorted by id and version.
    public private(set) var entries: [Entry] = []

    /// Creates one that accepts nothing.
    public init() {}

    /// The entry for a version of a plugin.
    public func entry(_ id: String, _ version: String) -> Entry? {
        entries.first { $0.id == id && $0.version == version }
    }

    /// Accepts a plugin in place of what was accepted of the same version before.
    public mutating func accept(_ entry: Entry) {
        remove(entry.id, entry.version)
        entries.append(entry)
        entries.sort { ($0.id, SemanticVersion($0.version) ?? .zero) < ($1.id, SemanticVersion($1.version) ?? .zero) }
    }

    /// Forgets a version of a plugin.
    public mutating func remove(_ id: String, _ version: String) {
        entries.removeAll { $0.id == id && $0.version == version }
    }

    // MARK: The file

    /// Reads the file; one that is not there accepts nothing.
    ///
    /// - Throws: ``PluginError`` when it cannot be read, others can write it, or a field is wrong.
    public static func read(_ path: String) throws(PluginError) -> PluginLock {
        guard FileSystem.exists(path) else { return PluginLock() }
        try WriteAccess.check(path, what: "the list of accepted plugins")
        let document: JSONValue
        do {
            document = try JSONReader.parse(try FileSystem.read(path))
        } catch {
            throw broken(path, "it cannot be read: \(error)")
        }
        guard document["version"]?.intValue == 1, let list = document["plugins"]?.arrayValue else {
            throw broken(path, "it is not of version 1")
        }
        var lock = PluginLock()
        for (index, value) in list.enumerated() {
            func text(_ name: String) throws(PluginError) -> String {
                guard let text = value[name]?.stringValue else {
                    throw broken(path, "plugins[\(index)].\(name) is no text")
                }
                return text
            }
            let entry = Entry(
                id: try text("id"), version: try text("version"), sha256: try text("sha256"),
                capabilities: value["capabilities"]?.objectValue ?? [:], source: try text("source"),
                acceptedAt: try text("accepted_at"), signedBy: value["signed_by"]?.stringValue ?? "")
            guard lock.entry(entry.id, entry.version) == nil else {
                throw broken(path, "it has \(entry.id) \(entry.version) twice")
            }
            lock.accept(entry)
        }
        return lock
    }

    /// Changes the file: one process at a time, old or new content at every instant.
    ///
    /// - Throws: ``PluginError`` when it cannot be read or written.
    public static func change(_ path: String, _ body: (inout PluginLock) -> Void) throws(PluginError) {
        do throws(SystemError) {
            let guarding = try FileSystem.open("\(path).guard", .readWrite)
            try FileLock.wait(guarding)
            var lock: PluginLock
            do throws(PluginError) {
                lock = try read(path)
            } catch {
                throw SystemError("change \(path)", message: error.description)
            }
            body(&lock)
            let text = JSONWriter.bytes(lock.json, style: .pretty) + [0x0a]
            try FileSystem.writeAtomically(text, to: path, mode: 0o644)
        } catch {
            throw PluginError(
                .lockFile, "the list of accepted plugins \(path) cannot be changed",
                help: "check the permissions of its folder", cause: error.description)
        }
    }

    private var json: JSONValue {
        .object([
            "version": 1,
            "plugins": .array(
                entries.map { entry in
                    .object([
                        "id": .string(entry.id), "version": .string(entry.version), "sha256": .string(entry.sha256),
                        "capabilities": .object(entry.capabilities), "source": .string(entry.source),
                        "accepted_at": .string(entry.acceptedAt), "signed_by": .string(entry.signedBy),
                    ])
                }),
        ])
    }

    private static func broken(_ path: String, _ what: String) -> PluginError {
        PluginError(
            .lockFile, "the list of accepted plugins \(path) cannot be used: \(what)",
            help: "restore it, or remove it and accept the plugins again with `batten plugin trust ID`")
    }
}

extension SemanticVersion {
    /// Before every release.
    static let zero = SemanticVersion(0, 0, 0)
}
