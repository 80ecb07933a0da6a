import BattenCore
import BattenSpec
import BattenSystem

/// Reads one configuration file into settings, each with its line.
enum ConfigurationFile {
    /// One setting as a file gives it.
    struct Entry: Sendable {
        let key: SettingKey
        /// The value; paths absolute.
        let value: JSONValue
        /// File it stands in.
        let path: String
        /// Line, from 1.
        let line: Int
    }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: the file, absolute.
    ///   - isProject: whether it is a project's `batten.yaml`, which may set less.
    static func read(_ path: String, isProject: Bool) throws(CommandFailure) -> [Entry] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path)
        } catch {
            throw .usage("unreadable_file", error.description, help: "make '\(path)' readable")
        }
        let document = try DocumentFile.parse(path, bytes)
        guard let root = document.root, !root.isNull else { return [] }
        var reader = Reader(document: document, isProject: isProject)
        try reader.visit(root, prefix: "")
        return reader.entries
    }

    /// Configuration of plugins over several files, one value for each of a plugin's own keys; later files win.
    static func mergedPlugins(_ entries: [Entry]) -> [SettingValue] {
        var values: [SettingValue] = []
        for entry in entries {
            for (id, configuration) in entry.value.objectValue ?? [:] {
                for (name, value) in configuration.objectValue ?? [:] {
                    let full = "plugins.\(id).\(name)"
                    let merged = values.first { $0.name == full }.flatMap { merge($0.value, value) } ?? value
                    values.removeAll { $0.name == full }
                    values.append(
                        SettingValue(name: full, value: merged, origin: .file(path: entry.path, line: entry.line)))
                }
            }
        }
        return values
    }

    /// Two mappings one over the other; nil when one of them is none.
    private static func merge(_ below: JSONValue, _ above: JSONValue) -> JSONValue? {
        guard var result = below.objectValue, let above = above.objectValue else { return nil }
        for (key, value) in above { result[key] = value }
        return .object(result)
    }

    /// Walks a file's mappings down to settings.
    private struct Reader {
        let document: DocumentFile
        let isProject: Bool
        var entries: [Entry] = []

        mutating func visit(_ node: SourceNode, prefix: String) throws(CommandFailure) {
            guard let members = node.members else {
                throw document.failure(
                    node.range,
                    "\(prefix.isEmpty ? "the file" : "'\(prefix)'") must be a mapping, not \(node.described)",
                    help: "`batten config` shows all settings")
            }
            for member in members {
                let name = prefix.isEmpty ? member.key : "\(prefix).\(member.key)"
                if let key = SettingKey.named(name) {
                    try add(key, member)
                } else if SettingKey.all.contains(where: { $0.name.hasPrefix(name + ".") }) {
                    try visit(member.value, prefix: name)
                } else {
                    let near = DidYouMean.help(for: name, in: SettingKey.all.map(\.name))
                    throw document.failure(
                        member.keyRange, "there is no setting '\(name)'",
                        help: [near, "`batten config` shows all settings"].joined(" "), code: "unknown_setting")
                }
            }
        }

        private mutating func add(_ key: SettingKey, _ member: SourceNode.Member) throws(CommandFailure) {
            if isProject, !key.isForProjects {
                throw document.failure(
                    member.keyRange, "a project's file may not set '\(key.name)'",
                    help: "set it in the user's configuration file, or as an option", code: "untrusted_setting")
            }
            if isProject, key.name == "plugins" { try checkProjectPlugins(member.value) }
            let value = member.value.value
            if let trouble = key.trouble(with: value) {
                throw document.failure(member.value.range, "'\(key.name)' \(trouble.message)", help: trouble.help)
            }
            let line = document.source.position(at: member.keyRange.lowerBound).line
            entries.append(Entry(key: key, value: absolute(value, key), path: document.source.path, line: line))
        }

        /// Where plugins run, with what rights, and in which version is the user's to say.
        private func checkProjectPlugins(_ plugins: SourceNode) throws(CommandFailure) {
            for plugin in plugins.members ?? [] {
                for setting in plugin.value.members ?? [] where PluginSettings.reserved.contains(setting.key) {
                    throw document.failure(
                        setting.keyRange, "a project's file may not set 'plugins.\(plugin.key).\(setting.key)'",
                        help: "set it in the user's configuration file", code: "untrusted_setting")
                }
            }
        }

        /// Paths in a file start from the file's folder.
        private func absolute(_ value: JSONValue, _ key: SettingKey) -> JSONValue {
            let folder = FileSystem.parent(of: document.source.path) ?? "/"
            switch key.kind {
            case .path: return value.stringValue.map { .string(PathText.absolute($0, in: folder)) } ?? value
            case .paths:
                let paths = value.arrayValue ?? []
                return .array(paths.compactMap(\.stringValue).map { .string(PathText.absolute($0, in: folder)) })
            default: return value
            }
        }
    }
}
