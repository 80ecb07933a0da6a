import BattenCore
import BattenSystem

/// The folders in which plugins are looked for.
///
/// A plugin is `<folder>/libbatten-plugin-<id>.so`, or `<folder>/<id>/<version>/libbatten-plugin-<id>.so` so that several
/// versions can stand side by side. Files are known by their names; looking for them opens none.
struct PluginFolders: Sendable {
    /// Folder of the trusted plugins.
    let bundled: String?
    /// The user's own folder.
    let user: String?
    /// Further folders, in order.
    let others: [String]

    /// All folders that are searched, in order.
    var searched: [String] {
        [bundled, user].compactMap { $0 } + others
    }

    private var places: [(folder: String, origin: PluginOrigin)] {
        (bundled.map { [($0, .bundled)] } ?? []) + (user.map { [($0, .installed)] } ?? [])
            + others.map { ($0, .named) }
    }

    /// All plugin files by id; a folder that is not there has none.
    ///
    /// - Returns: the files, and for each folder that could not be listed why.
    func scan() -> (files: [String: [PluginFile]], problems: [String]) {
        var files: [String: [PluginFile]] = [:]
        var problems: [String] = []
        var seen: Set<FileIdentity> = []
        for (folder, origin) in places {
            do throws(SystemError) {
                guard let status = try FileSystem.status(folder) else { continue }
                let identity = FileIdentity(device: status.device, inode: status.inode)
                guard seen.insert(identity).inserted else { continue }
                for name in try FileSystem.list(folder) {
                    if let id = Self.pluginID(ofFile: name) {
                        let path = "\(folder)/\(name)"
                        // A copy counts when it is whole: who waits for it is woken when its writer has closed it.
                        if origin == .named, Self.isBeingWritten(path) { continue }
                        files[id, default: []].append(
                            PluginFile(id: id, path: path, origin: origin, folderVersion: nil))
                    } else if origin != .bundled, Self.isName(name) {
                        files[name, default: []] += try versions(of: name, in: folder, origin)
                    }
                }
            } catch {
                problems.append(error.description)
            }
        }
        return (files.filter { !$0.value.isEmpty }, problems)
    }

    private func versions(
        of id: String, in folder: String, _ origin: PluginOrigin
    ) throws(SystemError) -> [PluginFile] {
        var found: [PluginFile] = []
        guard try FileSystem.status("\(folder)/\(id)")?.kind == .folder else { return [] }
        for version in try FileSystem.list("\(folder)/\(id)") where SemanticVersion(version) != nil {
            let path = "\(folder)/\(id)/\(version)/\(Self.fileName(id))"
            guard FileSystem.exists(path) else { continue }
            found.append(PluginFile(id: id, path: path, origin: origin, folderVersion: version))
        }
        return found
    }

    private static func isBeingWritten(_ path: String) -> Bool {
        guard let file = try? FileSystem.open(path) else { return false }
        return FileSystem.hasWriter(file) == true
    }

    /// The plugin id in a file's name; nil when the name is no plugin's.
    ///
    /// Cargo writes `_` for `-` in the names of libraries, which is taken for the same.
    static func pluginID(ofFile name: String) -> String? {
        let isCargos = name.hasPrefix(cargosPrefix)
        guard isCargos || name.hasPrefix(prefix), name.hasSuffix(suffix),
            name.utf8.count > prefix.utf8.count + suffix.utf8.count
        else { return nil }
        return String(name.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// The name of a plugin's file.
    static func fileName(_ id: String) -> String { prefix + id + suffix }

    /// Whether a text is a well-formed plugin id or executor name: a lower case letter, then those, digits and `_`.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, first >= 0x61, first <= 0x7a, text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f }
    }

    private static let prefix = "libbatten-plugin-"
    /// As long as the other one.
    private static let cargosPrefix = "libbatten_plugin_"
    private static let suffix = ".so"
}

/// What tells two paths to one folder from two folders.
private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
}
