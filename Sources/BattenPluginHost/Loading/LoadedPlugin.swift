import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// A plugin in this process, with its host table and its executors.
///
/// It is never released: the plugin may keep the table's address in threads that nobody knows.
@safe final class LoadedPlugin: @unchecked Sendable {
    // SAFETY: `table` is written once, before any other thread sees it, and never freed; everything else guards itself.

    /// How far the plugin's life has come.
    private enum Life {
        case loaded
        case started(OpenedInstance)
        case refused(PluginError)
        case stopped
    }

    let file: PluginFile
    let descriptor: PluginDescriptor
    /// What was checked before it was loaded, with the memory it was loaded from; nil for a bundled plugin.
    let verified: VerifiedPlugin?
    let host: PluginHost
    /// What the plugin is given as its host.
    let table: UnsafePointer<batten_host>
    /// Given-up calls that have not ended.
    let outstanding = Atomic<Int>(0)
    private(set) var executors: [String: HostedExecutor] = [:]
    /// Serialises what the header tags `[control]`.
    private let life = Mutex(Life.loaded)

    init(_ file: PluginFile, _ descriptor: PluginDescriptor, verified: VerifiedPlugin?, host: PluginHost) {
        self.file = file
        self.descriptor = descriptor
        self.verified = verified
        self.host = host
        let made = unsafe HostTable.make(version: host.settings.hostVersion)
        unsafe table = unsafe UnsafePointer(made)
        for executor in descriptor.executors {
            executors[executor.type] = HostedExecutor(executor, plugin: self)
        }
        unsafe made.pointee.context = unsafe Unmanaged.passRetained(self).toOpaque()
    }

    /// Opens an instance, starting the plugin before its first one.
    ///
    /// - Returns: what the plugin's functions said, in the host's terms. May block as long as they do.
    func open(_ instance: ExecutorInstance) -> ExecutorInstance.Stage {
        let executor = instance.executor.descriptor
        if let violation = executor.config.violation(of: instance.config) {
            return .refused(HostOutcome.badConfig(executor.type, violation))
        }
        return life.withLock { life in
            let state: OpenedInstance
            switch start(&life) {
            case .success(let started): state = started
            case .failure(let error): return .refused(HostOutcome.refused(error))
            }
            guard let open = unsafe executor.functions.open else { return unsafe .open(OpenedInstance(pointer: nil)) }
            var pointer: OpaquePointer?
            let (rc, why) = host.leavingProcess("open of \(executor.type)", of: self) {
                unsafe Self.asking(JSONWriter.bytes(instance.config)) { config, buffer in
                    unsafe open(state.pointer, config, &pointer, buffer)
                }
            }
            host.examine("open of \(executor.type)", rc == .BATTEN_RC_OK, why, by: self)
            guard rc != .BATTEN_RC_OK else { return unsafe .open(OpenedInstance(pointer: pointer)) }
            return .refused(
                StageOutcome(
                    .permanent, effect: .none, code: "plugin.open_failed",
                    message: "\(executor.type) refuses its configuration: \(why.shown)"))
        }
    }

    private func start(_ life: inout Life) -> Result<OpenedInstance, PluginError> {
        switch life {
        case .started(let state): return .success(state)
        case .refused(let error): return .failure(error)
        case .stopped:
            return .failure(PluginError(.shutDown, "the plugin host has been shut down", help: "use a new process"))
        case .loaded: break
        }
        let config = host.settings.configurations[descriptor.id] ?? .object([:])
        func refuse(_ reason: String) -> Result<OpenedInstance, PluginError> {
            let error = PluginError(
                .startFailed, "the plugin \(descriptor.id) did not start", help: "check its configuration",
                cause: reason)
            life = .refused(error)
            return .failure(error)
        }
        if let violation = descriptor.configSchema.violation(of: config) {
            return refuse("its configuration does not fit its schema: \(violation)")
        }
        var pointer: OpaquePointer?
        if let start = unsafe descriptor.life.start {
            let (rc, why) = host.leavingProcess("start", of: self) {
                unsafe Self.asking(JSONWriter.bytes(config)) { config, buffer in
                    unsafe start(table, config, &pointer, buffer)
                }
            }
            host.examine("start", rc == .BATTEN_RC_OK, why, by: self)
            guard rc == .BATTEN_RC_OK else { return refuse(why.shown) }
        }
        let state = unsafe OpenedInstance(pointer: pointer)
        life = .started(state)
        return .success(state)
    }

    /// Closes all instances and stops the plugin, as far as no given-up call stands in the way.
    func end(by deadline: Int64) {
        life.withLock { life in
            guard case .started(let state) = life else { return life = .stopped }
            life = .stopped
            let left = outstanding.load(ordering: .relaxed)
            guard left == 0 else {
                let reason = "\(left) given-up calls are still inside it"
                return host.settings.report(.notStopped(plugin: descriptor.id, reason: reason))
            }
            host.leavingProcess("close and stop", of: self) { close(state, deadline) }
            guard let rules = host.rules else { return }
            for broken in rules.leftovers(of: descriptor.id) + rules.remains(of: descriptor.id) {
                host.breaks(broken.rule, broken.what, by: self)
            }
        }
    }

    private func close(_ state: OpenedInstance, _ deadline: Int64) {
        for executor in executors.values {
            for instance in executor.allInstances {
                guard let opened = instance.takeForClosing() else { continue }
                if unsafe executor.descriptor.functions.open != nil {
                    unsafe executor.descriptor.functions.close?(opened.pointer)
                }
            }
        }
        unsafe descriptor.life.stop?(state.pointer, deadline)
    }

    /// What a plugin wrote into the buffer for the reason of a refusal.
    struct Reason {
        /// The text, as far as it fits.
        var text: String
        /// Bytes that the plugin says it wrote.
        var length: UInt64
        /// Bytes that there was room for.
        var capacity: UInt64
        var isUTF8: Bool

        /// The text for people.
        var shown: String { text.isEmpty ? "it gave no reason" : text }
    }

    /// Calls one of the plugin's functions that takes a configuration and a buffer for the reason of a refusal.
    private static func asking(
        _ config: [UInt8], _ body: (batten_span, UnsafeMutablePointer<batten_buffer>) -> batten_rc
    ) -> (batten_rc, Reason) {
        var room = [UInt8](repeating: 0, count: 4096)
        var length: UInt64 = 0
        let rc = unsafe config.withUnsafeBufferPointer { config in
            unsafe room.withUnsafeMutableBufferPointer { room in
                var buffer = unsafe batten_buffer(ptr: room.baseAddress, capacity: UInt64(room.count), length: 0)
                let rc = unsafe body(batten_span(ptr: config.baseAddress, len: UInt64(config.count)), &buffer)
                length = unsafe buffer.length
                return rc
            }
        }
        let bytes = room.prefix(Int(clamping: length))
        let reason = Reason(
            text: String(decoding: bytes, as: UTF8.self), length: length, capacity: UInt64(room.count),
            isUTF8: String(validating: bytes, as: UTF8.self) != nil)
        return (rc, reason)
    }
}

/// Opens an instance on a thread that may block, then lets the calls go that waited for it.
final class OpenJob: PoolJob {
    private let instance: ExecutorInstance

    init(_ instance: ExecutorInstance) {
        self.instance = instance
    }

    func runOnPool() {
        let plugin = instance.executor.plugin
        plugin.host.finishOpening(instance, plugin.open(instance))
    }
}
