import BattenCore
import BattenSystem

/// Whose signatures plugins must carry.
///
/// A signature is the file `<library>.sig` beside the library: the 64 bytes of ed25519 over the whole library.
public struct SignaturePolicy: Sendable, Hashable {
    /// Whether a plugin without a valid signature of one of the keys is refused.
    public var isRequired: Bool
    /// Files of public keys, in PEM.
    public var keys: [String]

    /// Creates a policy; by default no signature is needed.
    public init(isRequired: Bool = false, keys: [String] = []) {
        self.isRequired = isRequired
        self.keys = keys
    }

    /// Checks the signature of a library.
    ///
    /// - Parameters:
    ///   - bytes: the library.
    ///   - path: its path, beside which the signature stands.
    /// - Returns: the file of the key that signed it; nil when it has no signature and needs none.
    /// - Throws: ``PluginError`` when a signature is wrong, or one is needed and missing.
    func check(_ bytes: [UInt8], at path: String) throws(PluginError) -> String? {
        let file = path + ".sig"
        guard FileSystem.exists(file) else {
            guard isRequired else { return nil }
            throw PluginError(
                .signature, "the plugin \(path) is not signed, and only signed plugins are allowed",
                help: "get \(file) from its author, or set plugin_signatures to optional")
        }
        if keys.isEmpty, !isRequired { return nil }
        let signature = try read(file, of: path)
        for key in keys {
            switch Ed25519.verify(signature, of: bytes, key: try read(key, of: path)) {
            case .valid: return key
            case .invalid: continue
            case .badKey:
                throw PluginError(
                    .signature, "\(key), one of plugin_keys, is no ed25519 public key in PEM",
                    help: "write one with: openssl pkey -in private.pem -pubout -out \(key)")
            }
        }
        throw PluginError(
            .signature, "the signature \(file) is not that of \(path) under any of \(keys.count) known keys",
            help: "get the file again, or add its author's public key to plugin_keys once you trust it")
    }

    private func read(_ file: String, of path: String) throws(PluginError) -> [UInt8] {
        do throws(SystemError) {
            guard let status = try FileSystem.status(file), status.kind == .file, status.bytes <= 64 << 10 else {
                throw SystemError("read \(file)", message: "it is no small file")
            }
            return try FileSystem.read(file)
        } catch {
            throw PluginError(
                .signature, "the signature of \(path) cannot be checked", help: "make \(file) readable",
                cause: error.description)
        }
    }
}
