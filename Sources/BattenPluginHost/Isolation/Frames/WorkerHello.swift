import BattenCore

/// What a worker is told first: which plugin it serves, and how.
struct WorkerHello: Sendable {
    /// The version of the frames' shapes.
    static let version: Int64 = 1

    /// The plugin's id.
    var plugin: String
    /// The plugin's file.
    var path: String
    /// The version plugins are told.
    var hostVersion: String
    /// What the plugin is started with.
    var config: JSONValue
    /// What the plugin may reach, as data.
    var capabilities: JSONValue
    /// What the process may use, as data.
    var limits: JSONValue
    /// How many blocking calls may run at once.
    var blockingLimit: Int
    /// Whether the plugin is held to the rules of the header while it works.
    var keepsRules = false
    /// A descriptor of this process with the bytes to load; nil is the file itself.
    var copy: Int32?

    /// The document that goes over the socket.
    var json: JSONValue {
        .object([
            "version": .int(Self.version), "plugin": .string(plugin), "path": .string(path),
            "host_version": .string(hostVersion), "config": config, "capabilities": capabilities, "limits": limits,
            "blocking_limit": .int(Int64(blockingLimit)), "keeps_rules": .bool(keepsRules),
        ])
    }
}

extension WorkerHello {
    /// Reads the document; the fault names what is wrong.
    init(_ bytes: UnsafeRawBufferPointer) throws(FrameFault) {
        let document = unsafe try FrameDocument.read(bytes, of: .hello)
        guard document["version"]?.intValue == Self.version else {
            throw FrameFault("the host speaks another version of the frames; install both programs together")
        }
        guard let plugin = document["plugin"]?.stringValue, let path = document["path"]?.stringValue,
            let hostVersion = document["host_version"]?.stringValue, let config = document["config"],
            let capabilities = document["capabilities"], let limits = document["limits"],
            let blocking = document["blocking_limit"]?.intValue, blocking > 0,
            let keepsRules = document["keeps_rules"]?.boolValue
        else { throw FrameFault("a hello frame lacks a field") }
        self.init(
            plugin: plugin, path: path, hostVersion: hostVersion, config: config, capabilities: capabilities,
            limits: limits, blockingLimit: Int(clamping: blocking), keepsRules: keepsRules)
    }
}

/// JSON documents in frames.
enum FrameDocument {
    /// Reads a body that is one.
    static func read(_ bytes: UnsafeRawBufferPointer, of kind: FrameKind) throws(FrameFault) -> JSONValue {
        do throws(JSONError) {
            return unsafe try JSONReader.parse(bytes)
        } catch {
            throw FrameFault("the body of a \(kind) frame is no JSON document: \(error.description)")
        }
    }
}

extension PluginError {
    /// The error as data.
    var json: JSONValue {
        .object([
            "code": .string(code.rawValue), "message": .string(message), "help": .string(help),
            "cause": .string(cause),
        ])
    }

    /// Reads an error that a worker gave; one whose code is not known counts as a refusal to load.
    init?(json: JSONValue) {
        guard let code = json["code"]?.stringValue, let message = json["message"]?.stringValue,
            let help = json["help"]?.stringValue
        else { return nil }
        self.init(
            Code(rawValue: code) ?? .loadFailed, message, help: help, cause: json["cause"]?.stringValue ?? "")
    }
}

extension StageOutcome {
    /// The outcome as data, for the way between worker and host.
    var frameDocument: JSONValue {
        .object([
            "class": .string(outcomeClass.rawValue), "effect": .string(effect.rawValue),
            "retry_after_ns": retryAfter.map { .int($0.nanosecondsOf) } ?? .null, "code": .string(code),
            "message": .string(message), "details": details, "output": output,
        ])
    }

    /// Reads an outcome that a worker stated itself.
    init?(frameDocument document: JSONValue) {
        guard let name = document["class"]?.stringValue, let outcomeClass = OutcomeClass(rawValue: name),
            let effectName = document["effect"]?.stringValue, let effect = Effect(rawValue: effectName),
            let code = document["code"]?.stringValue, let message = document["message"]?.stringValue
        else { return nil }
        self.init(
            outcomeClass, effect: effect,
            retryAfter: document["retry_after_ns"]?.intValue.map { .nanoseconds($0) }, code: code,
            message: message, details: document["details"] ?? .null, output: document["output"] ?? .null)
    }
}

extension Duration {
    fileprivate var nanosecondsOf: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled &+ attoseconds / 1_000_000_000
    }
}
