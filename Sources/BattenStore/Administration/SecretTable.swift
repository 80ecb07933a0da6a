public import BattenCore

/// A secret as it is stored: its value is sealed.
public struct StoredSecret: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What the value was sealed with, once.
    public var nonce: [UInt8]
    /// Ciphertext and tag.
    public var ciphertext: [UInt8]
    /// Id of the key that opens it.
    public var keyID: String
    /// Whether its value is so short that masking it hides other words too.
    public var isShort: Bool
    /// When it was set first.
    public var createdAt: Timestamp
    /// When it was set last.
    public var updatedAt: Timestamp

    /// Creates a secret.
    public init(
        name: String, nonce: [UInt8], ciphertext: [UInt8], keyID: String, isShort: Bool, createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.name = name
        self.nonce = nonce
        self.ciphertext = ciphertext
        self.keyID = keyID
        self.isShort = isShort
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// The statements on secrets.
private enum SecretTable {
    static let columns = "SELECT name, nonce, ciphertext, key_id, is_short, created_at, updated_at FROM secrets"

    static func read(_ row: Statement) -> StoredSecret {
        StoredSecret(
            name: row.text(0), nonce: row.bytes(1), ciphertext: row.bytes(2), keyID: row.text(3),
            isShort: row.int(4) != 0, createdAt: Timestamp(nanoseconds: row.int(5)),
            updatedAt: Timestamp(nanoseconds: row.int(6)))
    }

    static func write(_ secret: StoredSecret, _ connection: Connection) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO secrets (name, nonce, ciphertext, key_id, is_short, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET nonce = excluded.nonce, ciphertext = excluded.ciphertext,
                key_id = excluded.key_id, is_short = excluded.is_short, updated_at = excluded.updated_at
            """)
        statement.bind(1, secret.name)
        statement.bind(2, blob: secret.nonce)
        statement.bind(3, blob: secret.ciphertext)
        statement.bind(4, secret.keyID)
        statement.bind(5, secret.isShort ? 1 : 0)
        statement.bind(6, secret.createdAt)
        statement.bind(7, secret.updatedAt)
        try statement.run()
    }
}

extension StoreReader {
    /// All secrets, by name.
    public func secrets() throws(StoreError) -> [StoredSecret] {
        try rows("\(SecretTable.columns) ORDER BY name", { _ in }, { SecretTable.read($0) })
    }

    /// A secret; nil when there is none of this name.
    public func secret(_ name: String) throws(StoreError) -> StoredSecret? {
        try rows("\(SecretTable.columns) WHERE name = ?1", { $0.bind(1, name) }, { SecretTable.read($0) }).first
    }
}

extension SQLiteStore {
    /// Keeps a secret, in place of the one of its name.
    public func keep(_ secret: StoredSecret) throws(StoreError) {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                try SecretTable.write(secret, writer.connection)
            }
        }
    }

    /// Removes a secret.
    ///
    /// - Returns: false when there was none of this name.
    public func removeSecret(_ name: String) throws(StoreError) -> Bool {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                let remove = try writer.connection.statement("DELETE FROM secrets WHERE name = ?1")
                remove.bind(1, name)
                try remove.run()
                return writer.connection.changes == 1
            }
        }
    }

    /// Replaces all secrets in one transaction.
    ///
    /// - Parameter change: gives each secret anew; nil stops, and nothing is changed.
    /// - Returns: how many were replaced; nil when `change` stopped.
    public func replaceSecrets(_ change: (StoredSecret) -> StoredSecret?) throws(StoreError) -> Int? {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                let statement = try writer.connection.statement(SecretTable.columns)
                var changed: [StoredSecret] = []
                while try statement.step() {
                    guard let secret = change(SecretTable.read(statement)) else {
                        statement.reset()
                        return nil
                    }
                    changed.append(secret)
                }
                statement.reset()
                for secret in changed { try SecretTable.write(secret, writer.connection) }
                return changed.count
            }
        }
    }
}
