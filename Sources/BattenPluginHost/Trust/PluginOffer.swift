import BattenCore

/// A plugin that somebody may want to install: everything needed to decide.
public struct PluginOffer: Sendable {
    /// What it says of itself.
    public let plugin: PluginInformation
    /// The file that was looked at.
    public let source: String
    /// Its length in bytes.
    public let bytes: Int
    /// File of the key that signed it; nil when it has no signature that was checked.
    public let signedBy: String?
    /// What was accepted of this version before.
    public let accepted: PluginLock.Entry?
    let descriptor: PluginDescriptor
    let image: PluginImage
    /// The library itself, as it was hashed.
    let content: [UInt8]
    /// Its signature's file; empty when it has none.
    let signature: [UInt8]

    /// The hash of the file.
    public var sha256: String { image.sha256 }

    /// The entry that accepts it.
    ///
    /// - Parameter at: when, in RFC 3339.
    func entry(at: String) -> PluginLock.Entry {
        PluginLock.Entry(
            id: plugin.id, version: plugin.version, sha256: sha256,
            capabilities: JSONObject(descriptor.executors.map { ($0.type, $0.capabilities) }), source: source,
            acceptedAt: at, signedBy: signedBy ?? "")
    }
}
