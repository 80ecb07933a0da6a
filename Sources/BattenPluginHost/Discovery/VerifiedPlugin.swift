import BattenCore

/// A plugin outside this process that was found, described and held against what the user has accepted.
final class VerifiedPlugin: Sendable {
    let file: PluginFile
    /// What it says of itself; without functions, since nothing of it was loaded here.
    let descriptor: PluginDescriptor
    /// The bytes that were hashed, to be loaded here or in a worker.
    let image: PluginImage
    /// Whether its hash was accepted, and what came of comparing.
    let trust: PluginTrust
    /// What its executors may reach: their declared capabilities, less what was not granted, by type.
    let granted: JSONObject

    init(
        _ file: PluginFile, _ descriptor: PluginDescriptor, image: PluginImage, trust: PluginTrust,
        granted: JSONObject
    ) {
        self.file = file
        self.descriptor = descriptor
        self.image = image
        self.trust = trust
        self.granted = granted
    }
}

/// How a plugin's file stands to what the user has accepted.
public enum PluginTrust: Sendable, Hashable {
    /// It came with Batten.
    case bundled
    /// Its hash is the one that was accepted.
    case accepted
    /// Nobody has accepted it, and nobody needs to: it lies in a folder that was named.
    case named
    /// It lies in the user's plugin folder and nobody has accepted it.
    case notAccepted
    /// Another file was accepted under its id and version; the hash of that one.
    case changed(accepted: String)

    /// Whether it may run.
    public var mayRun: Bool {
        switch self {
        case .bundled, .accepted, .named: true
        case .notAccepted, .changed: false
        }
    }

    /// The state in a word, as data shows it.
    public var word: String {
        switch self {
        case .bundled: "bundled"
        case .accepted: "accepted"
        case .named: "named"
        case .notAccepted: "not_accepted"
        case .changed: "changed"
        }
    }
}
