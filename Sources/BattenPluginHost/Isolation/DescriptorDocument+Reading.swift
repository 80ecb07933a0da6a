import BattenCore

extension DescriptorDocument {
    /// Reads a descriptor back; whatever wrote the document is not trusted.
    ///
    /// - Parameters:
    ///   - document: the document.
    ///   - path: the plugin's file, for messages.
    ///   - expectedID: the id that the file's name promises.
    /// - Returns: a descriptor without functions: nothing of the plugin is in this process.
    /// - Throws: ``PluginError`` that names the first field that is wrong.
    static func decode(_ document: JSONValue, path: String, expectedID: String) throws(PluginError) -> PluginDescriptor
    {
        let fields = Fields(object: document, place: "", path: path)
        guard try fields.integer("format", 1...1) == format else { throw fields.wrong("format", "is not \(format)") }
        let id = try fields.text("id")
        guard PluginFolders.isName(id), id == expectedID else {
            throw fields.wrong("id", "is \"\(id)\", the file's name says \"\(expectedID)\"")
        }
        let version = try fields.text("version")
        guard !version.isEmpty else { throw fields.wrong("version", "is empty") }
        let list = try fields.list("executors")
        guard (1...1024).contains(list.count) else {
            throw fields.wrong("executors", "has \(list.count) entries; there must be 1 to 1024")
        }
        var executors: [ExecutorDescriptor] = []
        for (index, entry) in list.enumerated() {
            let executor = try executor(Fields(object: entry, place: "executors[\(index)].", path: path), id: id)
            guard !executors.contains(where: { $0.type == executor.type }) else {
                throw fields.wrong("executors", "has \(executor.type) twice")
            }
            executors.append(executor)
        }
        return PluginDescriptor(
            id: id, version: version, title: try fields.text("title"), summary: try fields.text("summary"),
            sdk: try fields.text("sdk"), abiMinor: try fields.integer("abi_minor", 0...0xffff),
            manifest: try fields.object("manifest"), configSchema: try fields.schema("config_schema"),
            executors: executors, life: unsafe PluginLife(start: nil, stop: nil))
    }

    private static func executor(_ fields: Fields, id: String) throws(PluginError) -> ExecutorDescriptor {
        let type = try fields.text("type")
        guard type.hasPrefix("\(id)."), PluginFolders.isName(type.dropFirst(id.count + 1)) else {
            throw fields.wrong("type", "is \"\(type)\", not \"\(id).\" and a name")
        }
        var flags: Set<String> = []
        for flag in try fields.list("flags") {
            guard let flag = flag.stringValue else { throw fields.wrong("flags", "has something that is no text") }
            flags.insert(flag)
        }
        return ExecutorDescriptor(
            type: type, version: try fields.text("version"), title: try fields.text("title"),
            summary: try fields.text("summary"),
            isIdempotent: flags.contains("idempotent") || flags.contains("pure"), isPure: flags.contains("pure"),
            isCancellable: flags.contains("cancellable"), isHostProcessOnly: flags.contains("host_process_only"),
            maxInFlight: try fields.integer("max_in_flight", 0...Int64(UInt32.max)),
            config: try fields.schema("config_schema"), input: try fields.schema("input_schema"),
            output: try fields.schema("output_schema"), capabilities: try fields.capabilities(),
            isAsynchronous: flags.contains("asynchronous"),
            functions: unsafe ExecutorFunctions(open: nil, close: nil, run: nil, begin: nil, cancel: nil))
    }

    /// The members of one object of the document.
    private struct Fields {
        let object: JSONValue
        /// What stands before a field's name in messages.
        let place: String
        let path: String

        func text(_ name: String) throws(PluginError) -> String {
            guard let text = object[name]?.stringValue else { throw wrong(name, "is no text") }
            guard text.utf8.count <= 1 << 20, !text.utf8.contains(0) else { throw wrong(name, "is too long") }
            return text
        }

        func integer(_ name: String, _ range: ClosedRange<Int64>) throws(PluginError) -> Int {
            guard let number = object[name]?.intValue, range.contains(number) else {
                throw wrong(name, "is no whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return Int(clamping: number)
        }

        func list(_ name: String) throws(PluginError) -> [JSONValue] {
            guard let list = object[name]?.arrayValue else { throw wrong(name, "is no list") }
            return list
        }

        func object(_ name: String) throws(PluginError) -> JSONValue {
            guard let value = object[name], value.objectValue != nil else { throw wrong(name, "is no object") }
            return value
        }

        func capabilities() throws(PluginError) -> JSONValue {
            let declared = try object("capabilities")
            do throws(PluginCapabilities.Failure) {
                _ = try PluginCapabilities(declared)
            } catch {
                throw wrong("capabilities", "cannot be used: \(error.description)")
            }
            return declared
        }

        func schema(_ name: String) throws(PluginError) -> JSONSchema {
            guard let source = object[name] else { throw wrong(name, "is missing") }
            do throws(SchemaError) {
                return try JSONSchema.compile(source)
            } catch {
                throw wrong(name, "is no JSON Schema: \(error.description)")
            }
        }

        func wrong(_ name: String, _ what: String) -> PluginError {
            PluginError(
                .badDescriptor, "the description of the plugin \(path) cannot be used: \(place)\(name) \(what)",
                help: "take the description away, so that the plugin is asked again, or tell the plugin's author")
        }
    }
}
