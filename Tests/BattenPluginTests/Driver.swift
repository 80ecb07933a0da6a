import CBattenABI
import Glibc

@testable import BattenPlugin

/// Goes through a plugin's life as a host does, through nothing but its C functions.
final class Driver {
    let host: FakeHost
    let plugin: UnsafePointer<batten_plugin>
    private(set) var state: OpaquePointer?
    private var instances: [String: OpaquePointer] = [:]

    struct Refused: Error, Equatable {
        let code: Int32
        let why: String
    }

    init(_ type: any Plugin.Type, host: FakeHost = FakeHost(), config: String = "") throws {
        self.host = host
        var hello = batten_hello(struct_size: UInt32(MemoryLayout<batten_hello>.size), abi_major: 1, abi_minor: 0)
        guard let plugin = type.entry(&hello) else { throw Refused(code: -1, why: "no descriptor") }
        self.plugin = plugin
        var state: OpaquePointer?
        try Self.attempt { why in
            withSpan(config) { config in
                plugin.pointee.start?(host.table, config, &state, why) ?? .BATTEN_RC_UNSUPPORTED
            }
        }
        self.state = state
    }

    static func attempt(_ body: (UnsafeMutablePointer<batten_buffer>) -> batten_rc) throws {
        var text = [UInt8](repeating: 0, count: 400)
        var length = 0
        let code = text.withUnsafeMutableBufferPointer { bytes in
            var buffer = batten_buffer(ptr: bytes.baseAddress, capacity: UInt64(bytes.count), length: 0)
            let code = body(&buffer)
            length = Int(buffer.length)
            return code
        }
        guard code == .BATTEN_RC_OK else {
            throw Refused(code: code.rawValue, why: String(decoding: text[..<length], as: UTF8.self))
        }
    }

    func executor(_ type: String) -> batten_executor {
        for index in 0..<Int(plugin.pointee.executor_count) {
            if let executor = plugin.pointee.executors?[index],
                executor.pointee.type.map({ String(cString: $0) }) == type
            {
                return executor.pointee
            }
        }
        fatalError("no executor \(type)")
    }

    func instance(_ type: String, config: String = "{}") throws -> OpaquePointer? {
        if let known = instances[type + config] { return known }
        var instance: OpaquePointer?
        try Self.attempt { why in
            withSpan(config) { config in
                executor(type).open?(state, config, &instance, why) ?? .BATTEN_RC_UNSUPPORTED
            }
        }
        instances[type + config] = instance
        return instance
    }

    /// Makes a call; a loop executor has begun when this returns.
    func call(
        _ type: String, _ input: String, blob: UInt64 = 0, token: UInt64 = 1, config: String = "{}", env: String = ""
    ) throws {
        let instance = try instance(type, config: config)
        let executor = executor(type)
        withSpan(input) { input in
            withSpan(env) { env in
                withSpan("stage-1") { stage in
                    let none = batten_span(ptr: nil, len: 0)
                    var call = batten_call(
                        struct_size: UInt32(MemoryLayout<batten_call>.size), attempt: 2, token: token, host: host.table,
                        run_id: none, stage_id: stage, idempotency_key: none, traceparent: none,
                        deadline_ns: .max, grace_ns: 5_000_000_000,
                        input: batten_payload(bytes: input, media_type: none, blob: blob, reserved: 0),
                        checkpoint: none, env_json: env, working_directory: none)
                    if let begin = executor.begin {
                        _ = begin(instance, &call)
                    } else {
                        executor.run?(instance, &call)
                    }
                }
            }
        }
    }

    func cancel(_ type: String, token: UInt64, config: String = "{}") throws {
        executor(type).cancel?(try instance(type, config: config), token, .BATTEN_STOP_CANCELLED)
    }

    func stop() throws {
        for (key, instance) in instances {
            let type = String(key.prefix { $0 != "{" })
            executor(type).close?(instance)
        }
        instances = [:]
        plugin.pointee.stop?(state, 0)
        state = nil
    }
}
