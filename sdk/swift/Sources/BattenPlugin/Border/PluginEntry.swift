public import CBattenABI
internal import Synchronization

extension Plugin {
    /// Answers the host's first question with the plugin's descriptor: the body of `batten_plugin_entry_v1`.
    ///
    /// - Returns: nil refuses a host that speaks another major version.
    public static func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? {
        guard let hello = unsafe hello, unsafe hello.pointee.abi_major == UInt16(BATTEN_ABI_MAJOR) else { return nil }
        return unsafe Border.plugins.withLock { plugins -> Border.Entry? in
            if let known = plugins.first(where: { $0.type == Self.self }) { return known }
            guard plugins.count < Trampolines.count else { return nil }
            let descriptor = unsafe Descriptors.plugin(description, start: Trampolines.start[plugins.count])
            let entry = unsafe Border.Entry(type: Self.self, descriptor: descriptor)
            plugins.append(entry)
            return entry
        }?.descriptor
    }
}

/// Makes the C descriptors, which live as long as the process.
enum Descriptors {
    static func plugin(_ plugin: PluginDescription, start: Trampolines.Start) -> UnsafePointer<batten_plugin> {
        let executors = plugin.executors.prefix(Trampolines.count)
        let pointers = UnsafeMutablePointer<UnsafePointer<batten_executor>?>.allocate(capacity: max(1, executors.count))
        for (number, description) in executors.enumerated() {
            unsafe (pointers + number).initialize(
                to: description.native?.descriptor ?? executor(description, open: Trampolines.open[number]))
        }
        var descriptor = unsafe batten_plugin()
        unsafe descriptor.struct_size = UInt32(MemoryLayout<batten_plugin>.size)
        unsafe descriptor.abi_major = UInt16(BATTEN_ABI_MAJOR)
        unsafe descriptor.abi_minor = UInt16(BATTEN_ABI_MINOR)
        unsafe descriptor.executor_count = UInt32(executors.count)
        unsafe descriptor.id = text(plugin.id)
        unsafe descriptor.version = text(plugin.version)
        unsafe descriptor.title = optional(plugin.title)
        unsafe descriptor.description = optional(plugin.summary)
        unsafe descriptor.sdk = text("swift/1.0.0")
        unsafe descriptor.manifest_json = plugin.manifest.isEmpty ? nil : text(JSON.object(plugin.manifest).text)
        unsafe descriptor.config_schema = plugin.configSchema.map { unsafe text($0.json.text) }
        unsafe descriptor.executors = unsafe UnsafePointer(pointers)
        unsafe descriptor.start = unsafe start
        unsafe descriptor.stop = { state, deadline in
            guard let running = unsafe Border.object(state, Running.self) else { return }
            running.plugin.stop(deadline: MonotonicTime(nanoseconds: deadline))
            running.host.tasks.stop(deadline: MonotonicTime(nanoseconds: deadline))
            unsafe Border.release(state, Running.self)
        }
        return unsafe keep(descriptor)
    }

    private static func executor(
        _ executor: ExecutorDescription, open: Trampolines.Open
    ) -> UnsafePointer<batten_executor> {
        var descriptor = unsafe batten_executor()
        unsafe descriptor.struct_size = UInt32(MemoryLayout<batten_executor>.size)
        unsafe descriptor.flags = executor.traits.rawValue
        unsafe descriptor.max_in_flight = executor.maxInFlight
        unsafe descriptor.type = text(executor.type)
        unsafe descriptor.title = optional(executor.title)
        unsafe descriptor.description = optional(executor.summary)
        unsafe descriptor.config_schema = executor.configSchema.map { unsafe text($0.json.text) }
        unsafe descriptor.input_schema = text(executor.inputSchema.json.text)
        unsafe descriptor.output_schema = text(executor.outputSchema.json.text)
        unsafe descriptor.capabilities = text(executor.capabilities.json.text)
        unsafe descriptor.open = unsafe open
        unsafe descriptor.close = { instance in
            unsafe Border.object(instance, Instance.self)?.close()
            unsafe Border.release(instance, Instance.self)
        }
        if executor.isAsynchronous {
            unsafe descriptor.begin = { instance, call in
                unsafe Border.object(instance, Instance.self)?.begin(call) ?? .BATTEN_RC_BAD_ARGUMENT
            }
        } else {
            unsafe descriptor.run = { instance, call in
                unsafe Border.object(instance, Instance.self)?.run(call)
            }
        }
        unsafe descriptor.cancel = { instance, token, why in
            unsafe Border.object(instance, Instance.self)?.cancel(token, StopReason(number: why.rawValue))
        }
        return unsafe keep(descriptor)
    }

    private static func optional(_ text: String) -> UnsafePointer<CChar>? {
        unsafe text.isEmpty ? nil : Self.text(text)
    }

    private static func text(_ text: String) -> UnsafePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe (copy + index).initialize(to: byte) }
        return unsafe UnsafePointer(copy)
    }

    private static func keep<Value>(_ value: Value) -> UnsafePointer<Value> {
        let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe pointer.initialize(to: value)
        return unsafe UnsafePointer(pointer)
    }
}
