/// Why a plugin was not found, not loaded or refused.
public struct PluginError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of refusal; the raw value is the code that people and programs see.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// Two folders offer one plugin id.
        case duplicate = "plugin.duplicate"
        /// It lies outside the bundled folder and nobody has allowed it in this process, or everybody may change it.
        case untrusted = "plugin.untrusted"
        /// The file cannot be read.
        case unreadable = "plugin.unreadable"
        /// The file is no shared object.
        case notSharedObject = "plugin.not_shared_object"
        /// It was built for another machine.
        case wrongMachine = "plugin.wrong_machine"
        /// The file ends too early.
        case truncated = "plugin.truncated"
        /// The system's loader refused it.
        case loadFailed = "plugin.load_failed"
        /// It has no entry function.
        case noEntry = "plugin.no_entry"
        /// It speaks another major version of the ABI.
        case otherMajor = "plugin.abi_major"
        /// It needs a newer host.
        case hostTooOld = "plugin.host_too_old"
        /// Its entry function refused this host.
        case refusedHost = "plugin.refused_host"
        /// Its descriptor breaks a rule of the ABI.
        case badDescriptor = "plugin.bad_descriptor"
        /// It refused to start.
        case startFailed = "plugin.start_failed"
        /// Too many of its calls had to be given up.
        case quarantined = "plugin.quarantined"
        /// Settings or a stage ask for less isolation than the plugin may have.
        case tooLittleIsolation = "plugin.too_little_isolation"
        /// It cannot run in a worker process and may not run in this one.
        case hostProcessOnly = "plugin.host_process_only"
        /// Its workers crashed too often.
        case turnedOff = "plugin.turned_off"
        /// The program for isolated plugins is missing.
        case noWorker = "plugin.no_worker"
        /// A worker process could not give up the rights that it should.
        case notConfined = "plugin.not_confined"
        /// Its file is not the one that was accepted.
        case changed = "plugin.changed"
        /// It lies in the user's plugin folder, and nobody has accepted it.
        case notAccepted = "plugin.not_accepted"
        /// No version of it is in the range that the configuration names.
        case noVersion = "plugin.no_version"
        /// Only bundled plugins are allowed.
        case safeMode = "plugin.safe_mode"
        /// Its signature is missing or wrong.
        case signature = "plugin.signature"
        /// It did not describe itself when it was asked in a confined process.
        case probeFailed = "plugin.probe_failed"
        /// The list of accepted plugins cannot be used.
        case lockFile = "plugin.lock_file"
        /// It could not be installed or removed.
        case notInstalled = "plugin.not_installed"
        /// The host has been shut down.
        case shutDown = "plugin.host_shut_down"

        /// Whether what is refused may run as soon as its user has mended something, without another version of it.
        var isMissing: Bool {
            switch self {
            case .changed, .notAccepted, .noVersion, .safeMode, .signature, .lockFile, .untrusted, .noWorker: true
            default: false
            }
        }
    }

    /// The kind of refusal.
    public let code: Code
    /// What happened and where.
    public let message: String
    /// What to do next.
    public let help: String
    /// What a layer below said; empty when there is nothing.
    public let cause: String

    /// Creates an error.
    public init(_ code: Code, _ message: String, help: String, cause: String = "") {
        self.code = code
        self.message = message
        self.help = help
        self.cause = cause
    }

    /// Message, cause and help in one line.
    public var description: String {
        "\(message)\(cause.isEmpty ? "" : ": \(cause)"); \(help)"
    }
}
