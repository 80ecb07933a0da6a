import BattenCore
import BattenSystem

/// Where a plugin's file lies, which decides how far it is trusted.
public enum PluginOrigin: String, Sendable, Hashable {
    /// It came with Batten and is as trusted as Batten is.
    case bundled
    /// In the user's own plugin folder: it runs once its hash was accepted.
    case installed
    /// In a folder that somebody named for this command, in the environment or in the configuration.
    case named
}

/// A file that offers a plugin.
struct PluginFile: Sendable, Hashable {
    let id: String
    /// The shared object.
    let path: String
    let origin: PluginOrigin
    /// The version that its folder promises; nil for a bare file.
    let folderVersion: String?

    /// A file that lies directly in a plugin folder.
    init(id: String, path: String, isBundled: Bool) {
        self.init(id: id, path: path, origin: isBundled ? .bundled : .named, folderVersion: nil)
    }

    init(id: String, path: String, origin: PluginOrigin, folderVersion: String?) {
        self.id = id
        self.path = path
        self.origin = origin
        self.folderVersion = folderVersion
    }

    var isBundled: Bool { origin == .bundled }

    /// Where its description stands: beside it.
    var sidecar: String {
        let folder = FileSystem.parent(of: path) ?? "."
        return folderVersion == nil ? "\(folder)/libbatten-plugin-\(id).json" : "\(folder)/plugin.json"
    }
}
