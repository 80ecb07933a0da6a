import BattenCore
import BattenPluginHost
import BattenSystem
import CBattenABI

/// The plugin that is checked, loaded into this process.
@safe struct CheckSubject {
    /// One of its executors.
    struct Executor {
        let type: String
        let flags: [String]
        /// Names of the secrets that it declares.
        let secrets: [String]
        let config: JSONSchema
        let input: JSONSchema
        let output: JSONSchema

        var isAsynchronous: Bool { flags.contains("asynchronous") }
        var isCancellable: Bool { flags.contains("cancellable") }
    }

    let entry: batten_plugin_entry
    let config: JSONSchema
    let executors: [Executor]
    let document: JSONValue

    /// Loads a plugin.
    init(path: String, copy: String) throws(PluginError) {
        document = try WorkerDescription(path: path, copy: copy).document
        do throws(SystemError) {
            guard let symbol = unsafe try DynamicLibrary(path: copy).symbol(BATTEN_PLUGIN_ENTRY_NAME) else {
                throw SystemError("find \(BATTEN_PLUGIN_ENTRY_NAME)", message: "there is none")
            }
            unsafe entry = unsafe unsafeBitCast(symbol, to: batten_plugin_entry.self)
        } catch {
            throw PluginError(.loadFailed, error.description, help: "")
        }
        func schema(_ value: JSONValue?) -> JSONSchema {
            guard let value, let schema = try? JSONSchema.compile(value) else { return .anything }
            return schema
        }
        config = schema(document["config_schema"])
        executors = (document["executors"]?.arrayValue ?? []).map { executor in
            Executor(
                type: executor["type"]?.stringValue ?? "",
                flags: (executor["flags"]?.arrayValue ?? []).compactMap(\.stringValue),
                secrets: (executor["capabilities"]?["secrets"]?.arrayValue ?? []).compactMap(\.stringValue),
                config: schema(executor["config_schema"]), input: schema(executor["input_schema"]),
                output: schema(executor["output_schema"]))
        }
    }

    /// A configuration that fits a schema: an empty one where that does.
    static func configuration(_ schema: JSONSchema) -> String {
        if schema.validate([:]).isEmpty { return "{}" }
        var maker = ValueMaker(seed: 1, isHostile: false)
        return JSONWriter.string(maker.value(for: schema) ?? [:])
    }
}
