import BattenCore
import CBattenABI

/// Copies a plugin's descriptor out of its memory and holds it against the rules of the ABI.
struct DescriptorReader {
    /// The file the descriptor came from, for messages.
    let path: String
    /// The id that the file's name promises.
    let expectedID: String

    /// Reads a whole descriptor.
    ///
    /// - Throws: ``PluginError`` that names the first rule that is broken.
    func read(_ pointer: UnsafePointer<batten_plugin>) throws(PluginError) -> PluginDescriptor {
        let size = unsafe pointer.pointee.struct_size
        guard unsafe Int(size) >= MemoryLayout<batten_plugin>.size else {
            throw broken(
                unsafe "its batten_plugin has \(size) bytes, version 1.0 has \(MemoryLayout<batten_plugin>.size)")
        }
        let plugin = unsafe pointer.pointee
        guard unsafe plugin.abi_major == UInt16(BATTEN_ABI_MAJOR) else {
            throw PluginError(
                .otherMajor,
                unsafe "\(path) speaks version \(plugin.abi_major) of the plugin ABI, this host version 1",
                help: "build it with the header of this version")
        }
        guard unsafe plugin.min_host_minor <= UInt16(BATTEN_ABI_MINOR) else {
            throw PluginError(
                .hostTooOld,
                unsafe "\(path) needs ABI 1.\(plugin.min_host_minor) or newer, this host has 1.\(BATTEN_ABI_MINOR)",
                help: "use a newer Batten, or an older version of the plugin")
        }
        guard unsafe plugin.reserved0 == 0 else { throw broken("reserved0 of its batten_plugin is not 0") }
        let id = unsafe try required(plugin.id, "its id")
        guard PluginFolders.isName(id) else {
            throw broken("its id \"\(id)\" is not made of lower case letters, digits and _")
        }
        guard id == expectedID else {
            throw broken("its id is \"\(id)\", its file's name says \"\(expectedID)\"")
        }
        let version = unsafe try required(plugin.version, "its version")
        return unsafe PluginDescriptor(
            id: id, version: version, title: try optional(plugin.title, "its title"),
            summary: try optional(plugin.description, "its description"), sdk: try optional(plugin.sdk, "its sdk"),
            abiMinor: Int(plugin.abi_minor), manifest: try object(plugin.manifest_json, "its manifest_json"),
            configSchema: try schema(plugin.config_schema, "its config_schema"),
            executors: try executors(plugin, id: id, version: version),
            life: unsafe PluginLife(start: plugin.start, stop: plugin.stop))
    }

    private func executors(
        _ plugin: batten_plugin, id: String, version: String
    ) throws(PluginError) -> [ExecutorDescriptor] {
        let count = unsafe Int(plugin.executor_count)
        guard count > 0, count <= 1024, let table = unsafe plugin.executors else {
            throw broken("it offers \(count) executors; there must be 1 to 1024")
        }
        var result: [ExecutorDescriptor] = []
        for index in 0..<count {
            guard let executor = unsafe table[index] else { throw broken("executor \(index) is NULL") }
            let read = unsafe try self.executor(executor, index: index, id: id, version: version)
            guard !result.contains(where: { $0.type == read.type }) else {
                throw broken("it offers the executor \(read.type) twice")
            }
            result.append(read)
        }
        return result
    }

    private func executor(
        _ pointer: UnsafePointer<batten_executor>, index: Int, id: String, version: String
    ) throws(PluginError) -> ExecutorDescriptor {
        let (size, needed) = unsafe (Int(pointer.pointee.struct_size), MemoryLayout<batten_executor>.size)
        guard size >= needed else {
            throw broken("executor \(index): its batten_executor has \(size) bytes, version 1.0 has \(needed)")
        }
        let executor = unsafe pointer.pointee
        let type = unsafe try required(executor.type, "the type of executor \(index)")
        guard type.hasPrefix("\(id)."), PluginFolders.isName(type.dropFirst(id.count + 1)) else {
            throw broken("the executor type \"\(type)\" is not \"\(id).\" and a name")
        }
        guard unsafe executor.reserved0 == 0 else { throw broken("\(type): reserved0 is not 0") }
        guard unsafe executor.run != nil || executor.begin != nil else {
            throw broken("\(type) has neither run nor begin")
        }
        let flags = unsafe Int(executor.flags)
        let own = unsafe try optional(executor.version, "\(type): version")
        return unsafe ExecutorDescriptor(
            type: type, version: own.isEmpty ? version : own, title: try optional(executor.title, "\(type): title"),
            summary: unsafe try optional(executor.description, "\(type): description"),
            isIdempotent: flags & (Int(BATTEN_EXECUTOR_IDEMPOTENT) | Int(BATTEN_EXECUTOR_PURE)) != 0,
            isPure: flags & Int(BATTEN_EXECUTOR_PURE) != 0,
            isCancellable: flags & Int(BATTEN_EXECUTOR_CANCELLABLE) != 0,
            isHostProcessOnly: flags & Int(BATTEN_EXECUTOR_HOST_PROCESS_ONLY) != 0,
            maxInFlight: unsafe Int(executor.max_in_flight),
            config: unsafe try schema(executor.config_schema, "\(type): config_schema"),
            input: unsafe try schema(executor.input_schema, "\(type): input_schema"),
            output: unsafe try schema(executor.output_schema, "\(type): output_schema"),
            capabilities: unsafe try capabilities(executor.capabilities, type),
            isAsynchronous: executor.begin != nil,
            functions: unsafe ExecutorFunctions(
                open: executor.open, close: executor.close, run: executor.run, begin: executor.begin,
                cancel: executor.cancel))
    }

    private func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(PluginError) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        guard let text = unsafe String(validatingCString: pointer) else { throw broken("\(name) is not UTF-8") }
        return text
    }

    private func required(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(PluginError) -> String {
        guard let text = unsafe try text(pointer, name) else { throw broken("\(name) is NULL") }
        guard !text.isEmpty else { throw broken("\(name) is empty") }
        return text
    }

    private func optional(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(PluginError) -> String {
        unsafe try text(pointer, name) ?? ""
    }

    private func object(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(PluginError) -> JSONValue {
        guard let text = unsafe try text(pointer, name), !text.isEmpty else { return .object([:]) }
        do throws(JSONError) {
            let value = try JSONReader.parse(text)
            guard value.objectValue != nil else { throw JSONError(code: .syntax, message: "no object", offset: 0) }
            return value
        } catch {
            throw broken("\(name) is not a JSON object (\(error.message))")
        }
    }

    private func capabilities(_ pointer: UnsafePointer<CChar>?, _ type: String) throws(PluginError) -> JSONValue {
        let declared = unsafe try object(pointer, "\(type): capabilities")
        do throws(PluginCapabilities.Failure) {
            _ = try PluginCapabilities(declared)
        } catch {
            throw broken("\(type): its capabilities cannot be used: \(error.description)")
        }
        return declared
    }

    private func schema(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(PluginError) -> JSONSchema {
        guard let text = unsafe try text(pointer, name) else { return .anything }
        let source: JSONValue
        do throws(JSONError) {
            source = try JSONReader.parse(text)
        } catch {
            throw broken("\(name) is not JSON: \(error.description)")
        }
        do throws(SchemaError) {
            return try JSONSchema.compile(source)
        } catch {
            throw broken("\(name) is no JSON Schema: \(error.description)")
        }
    }

    private func broken(_ what: String) -> PluginError {
        PluginError(
            .badDescriptor, "the plugin \(path) breaks the ABI: \(what)",
            help: "this is the plugin's error: tell its author, or run another version of it")
    }
}
