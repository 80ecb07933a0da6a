import BattenSystem

/// A file that offers a plugin.
struct PluginFile: Sendable, Hashable {
    let id: String
    let path: String
    let isBundled: Bool
}

/// The folders in which plugins are looked for.
///
/// Files are known by their names, `libbatten-plugin-<id>.so`; looking for them opens none.
struct PluginFolders: Sendable {
    /// Folder of the trusted plugins.
    let bundled: String?
    /// Further folders, in order.
    let others: [String]

    /// All folders that are searched, in order.
    var searched: [String] {
        (bundled.map { [$0] } ?? []) + others
    }

    /// All plugin files by id; a folder that is not there has none.
    ///
    /// - Returns: the files, and for each folder that could not be listed why.
    func scan() -> (files: [String: [PluginFile]], problems: [String]) {
        var files: [String: [PluginFile]] = [:]
        var problems: [String] = []
        var seen: Set<FileIdentity> = []
        for folder in searched {
            do throws(SystemError) {
                guard let status = try FileSystem.status(folder) else { continue }
                let identity = FileIdentity(device: status.device, inode: status.inode)
                guard seen.insert(identity).inserted else { continue }
                for name in try FileSystem.list(folder).sorted() {
                    guard let id = Self.pluginID(ofFile: name) else { continue }
                    files[id, default: []].append(
                        PluginFile(id: id, path: "\(folder)/\(name)", isBundled: folder == bundled))
                }
            } catch {
                problems.append(error.description)
            }
        }
        return (files, problems)
    }

    /// The plugin id in a file's name; nil when the name is no plugin's.
    static func pluginID(ofFile name: String) -> String? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.utf8.count > prefix.utf8.count + suffix.utf8.count
        else { return nil }
        return String(name.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// Whether a text is a well-formed plugin id or executor name: a lower case letter, then those, digits and `_`.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, first >= 0x61, first <= 0x7a, text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f }
    }

    private static let prefix = "libbatten-plugin-"
    private static let suffix = ".so"
}

/// What tells two paths to one folder from two folders.
private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
}
