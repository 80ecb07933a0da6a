import BattenCore

/// A plugin's descriptor as a JSON document: what a probe prints and what sidecars hold.
enum DescriptorDocument {
    /// The version of the document's shape.
    static let format: Int64 = 1

    /// Writes a descriptor.
    static func encode(_ plugin: PluginDescriptor) -> JSONValue {
        .object([
            "format": .int(format), "id": .string(plugin.id), "version": .string(plugin.version),
            "title": .string(plugin.title), "summary": .string(plugin.summary), "sdk": .string(plugin.sdk),
            "abi_minor": .int(Int64(plugin.abiMinor)), "manifest": plugin.manifest,
            "config_schema": plugin.configSchema.source,
            "executors": .array(plugin.executors.map(encode)),
        ])
    }

    private static func encode(_ executor: ExecutorDescriptor) -> JSONValue {
        let flags: [(String, Bool)] = [
            ("idempotent", executor.isIdempotent), ("pure", executor.isPure), ("cancellable", executor.isCancellable),
            ("host_process_only", executor.isHostProcessOnly), ("asynchronous", executor.isAsynchronous),
        ]
        return .object([
            "type": .string(executor.type), "version": .string(executor.version), "title": .string(executor.title),
            "summary": .string(executor.summary),
            "flags": .array(flags.filter(\.1).map { .string($0.0) }),
            "max_in_flight": .int(Int64(executor.maxInFlight)), "config_schema": executor.config.source,
            "input_schema": executor.input.source, "output_schema": executor.output.source,
            "capabilities": executor.capabilities,
        ])
    }
}
