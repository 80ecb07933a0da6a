import BattenPlugin
public import CBattenABI
import CTransformJQ

/// The plugin `transform`: turns values into other values, without any effect outside.
///
/// Its executor `transform.jq` is written in C, in the folder beside this one.
struct TransformPlugin: Plugin {
    static var description: PluginDescription {
        PluginDescription(
            id: "transform", version: "1.0.0", title: "Transform values",
            summary: "Turns values into other values, without any effect outside.",
            configSchema: .object([]), manifest: ["licence": "Apache-2.0", "isolation": "worker"],
            executors: [
                .native(transform_jq()), .blocking(TemplateExecutor.self), .blocking(ValidateExecutor.self),
            ])
    }

    init(start: PluginStart) throws {}

    func stop(deadline: MonotonicTime) {
        transform_jq_stop()
    }
}

/// The plugin's one exported function.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? {
    TransformPlugin.entry(hello)
}
