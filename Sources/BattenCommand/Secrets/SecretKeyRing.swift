import BattenCore
import BattenSystem

/// The keys that secrets are sealed with: one that seals, and older ones that still open.
struct SecretKeyRing {
    /// Variable that holds the key in place of the file.
    static let variable = "BATTEN_KEY"

    /// Where the file is.
    let path: String
    private let environment: [String: String]

    /// The ring of a user.
    ///
    /// - Parameter environment: `BATTEN_KEY` holds the key itself; otherwise it lies in `secret.key` in the folder of
    ///   the user's configuration.
    init(environment: [String: String], configurationFolder: String) {
        path = configurationFolder + "/secret.key"
        self.environment = environment
    }

    private init(path: String) {
        self.path = path
        environment = [:]
    }

    /// The same file, with nothing from the environment.
    var withoutEnvironment: SecretKeyRing { SecretKeyRing(path: path) }

    /// Whether the key comes from the environment.
    var isFromEnvironment: Bool { !(environment[Self.variable] ?? "").isEmpty }

    /// The keys, the one that seals first; empty when there is none yet.
    ///
    /// - Throws: when the file can be read by others, or does not hold keys.
    func load() throws(CommandFailure) -> [SecretKey] {
        if let written = environment[Self.variable], !written.isEmpty {
            guard let key = Self.key(written) else {
                throw .usage(
                    "bad_key", "\(Self.variable) is not a key",
                    help: "a key has 64 hexadecimal digits: openssl rand -hex 32")
            }
            return [key]
        }
        let file: (mode: UInt32, text: String)?
        do throws(SystemError) {
            file = try FileSystem.status(path).map { status throws(SystemError) in
                (status.mode, String(decoding: try FileSystem.read(path), as: UTF8.self))
            }
        } catch {
            throw unreadable(error.description)
        }
        guard let file else { return [] }
        guard file.mode & 0o077 == 0 else {
            throw CommandFailure(
                "key_not_private", "the key file \(path) can be read by others", help: "chmod 600 \(path)", exit: .usage
            )
        }
        var keys: [SecretKey] = []
        for line in file.text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let key = Self.key(String(line)) else {
                throw unreadable("a line of it is not a key of 64 hexadecimal digits")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw unreadable("it holds no key") }
        return keys
    }

    /// Keeps other commands from changing secrets or keys meanwhile.
    func withLock<Value>(_ body: () throws(CommandFailure) -> Value) throws(CommandFailure) -> Value {
        let file = try lockFile(".lock")
        let value = try body()
        _ = consume file
        return value
    }

    /// Keeps other processes from renewing logins meanwhile; what it guards asks a server and may take a minute.
    func withLoginLock<Value>(_ body: () throws(CommandFailure) -> Value) throws(CommandFailure) -> Value {
        let file = try lockFile(".logins.lock")
        let value = try body()
        _ = consume file
        return value
    }

    private func lockFile(_ ending: String) throws(CommandFailure) -> Descriptor {
        do throws(SystemError) {
            try FileSystem.makeFolder(FileSystem.parent(of: path) ?? "/", mode: 0o700)
            let file = try FileSystem.open(path + ending, .overwrite, mode: 0o600)
            try FileLock.wait(file)
            return file
        } catch {
            throw CommandFailure(
                "key_not_written", "the folder of the key file \(path) cannot be used: \(error.description)",
                help: "make its folder writable", exit: .usage)
        }
    }

    /// The key that seals; one is made and written when there is none.
    ///
    /// The caller holds the lock.
    func sealing() throws(CommandFailure) -> SecretKey {
        if let key = try load().first { return key }
        let key = Self.fresh()
        try write([key])
        return key
    }

    /// Replaces the keys of the file.
    func write(_ keys: [SecretKey]) throws(CommandFailure) {
        do throws(SystemError) {
            try FileSystem.writeAtomically(Self.text(keys), to: path)
        } catch {
            throw CommandFailure(
                "key_not_written", "the key file \(path) cannot be written: \(error.description)",
                help: "make its folder writable", exit: .usage)
        }
    }

    /// Removes the file.
    func remove() { _ = try? FileSystem.remove(path) }

    /// A new random key.
    static func fresh() -> SecretKey {
        guard let key = SecretKey(Entropy.bytes(SecretKey.length)) else {
            fatalError("a key has as many bytes as asked")
        }
        return key
    }

    private static func key(_ text: String) -> SecretKey? { Hex.decode(text).flatMap { SecretKey($0) } }

    private static func text(_ keys: [SecretKey]) -> [UInt8] {
        var text =
            "# The key of this user's Batten secrets. Without it they cannot be read; keep it private, and keep a copy.\n"
        for key in keys { text += Hex.encode(key.bytes) + "\n" }
        return Array(text.utf8)
    }

    private func unreadable(_ reason: String) -> CommandFailure {
        CommandFailure(
            "key_unreadable", "the key file \(path) cannot be used: \(reason)",
            help: "put its copy back, or set \(Self.variable)", exit: .usage)
    }
}
