internal import CBattenABI
internal import Synchronization

/// What the C functions of all plugins do.
enum Border {
    /// The plugins of this process that were written with this library, by number.
    static let plugins = Mutex<[Entry]>([])

    /// One plugin type with its descriptor.
    @safe
    struct Entry: @unchecked Sendable {
        // SAFETY: the descriptor is never changed and never freed.
        let type: any Plugin.Type
        let descriptor: UnsafePointer<batten_plugin>
    }

    static func start(
        _ number: Int, _ table: UnsafePointer<batten_host>, _ config: batten_span,
        _ state: UnsafeMutablePointer<OpaquePointer?>, _ why: UnsafeMutablePointer<batten_buffer>
    ) -> batten_rc {
        guard unsafe table.pointee.struct_size >= UInt32(MemoryLayout<batten_host>.size) else {
            unsafe say("the host's table is shorter than version 1.0 of the plugin ABI", why)
            return .BATTEN_RC_BAD_ARGUMENT
        }
        do {
            let type = plugins.withLock { $0[number].type }
            let count = type.description.executors.count
            guard (1...Trampolines.count).contains(count) else {
                throw Failure(
                    .bug, code: "plugin.executors",
                    "the plugin offers \(count) executors; it must be from 1 to \(Trampolines.count)")
            }
            let host = unsafe Host(table)
            let config = unsafe config.len == 0 ? .object([:]) : try JSON(parsing: config.copy)
            let plugin = try type.init(start: PluginStart(config: config, host: host))
            let running = Running(plugin: plugin, host: host, executors: type.description.executors)
            unsafe state.pointee = OpaquePointer(Unmanaged.passRetained(running).toOpaque())
            return .BATTEN_RC_OK
        } catch {
            unsafe say(reason(error), why)
            return .BATTEN_RC_REFUSED
        }
    }

    static func open(
        _ number: Int, _ state: OpaquePointer?, _ config: batten_span,
        _ instance: UnsafeMutablePointer<OpaquePointer?>, _ why: UnsafeMutablePointer<batten_buffer>
    ) -> batten_rc {
        guard let running = unsafe object(state, Running.self), number < running.executors.count else {
            unsafe say("the plugin was not started", why)
            return .BATTEN_RC_BAD_ARGUMENT
        }
        do {
            let config = unsafe config.len == 0 ? .object([:]) : try JSON(parsing: config.copy)
            let opened = try running.executors[number].open(running.plugin, config, running.host)
            unsafe instance.pointee = OpaquePointer(Unmanaged.passRetained(opened).toOpaque())
            return .BATTEN_RC_OK
        } catch {
            unsafe say(reason(error), why)
            return .BATTEN_RC_REFUSED
        }
    }

    /// The object behind a pointer that the host passes back.
    static func object<Object: AnyObject>(_ pointer: OpaquePointer?, _ type: Object.Type) -> Object? {
        unsafe pointer.map { unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    /// Gives up the hold that the host's pointer had on an object.
    static func release<Object: AnyObject>(_ pointer: OpaquePointer?, _ type: Object.Type) {
        unsafe pointer.map { unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer($0)).release() }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let failure as Failure: failure.message
        case is DecodingError: Failure.fromDecoding(error).message
        default: "\(error)"
        }
    }

    /// Writes as much of a text as fits.
    private static func say(_ text: String, _ buffer: UnsafeMutablePointer<batten_buffer>) {
        guard let start = unsafe buffer.pointee.ptr else { return }
        var length = 0
        for byte in text.utf8 where unsafe UInt64(length) < buffer.pointee.capacity {
            unsafe start[length] = byte
            length += 1
        }
        unsafe buffer.pointee.length = UInt64(length)
    }
}

/// A plugin that was started.
final class Running: Sendable {
    let plugin: any Plugin
    let host: Host
    let executors: [ExecutorDescription]

    init(plugin: any Plugin, host: Host, executors: [ExecutorDescription]) {
        self.plugin = plugin
        self.host = host
        self.executors = executors
    }
}
