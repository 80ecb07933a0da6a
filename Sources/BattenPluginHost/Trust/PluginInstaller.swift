import BattenCore
import BattenSystem

/// Puts plugins into the user's plugin folder, takes them out, and keeps the list of what was accepted.
public struct PluginInstaller: Sendable {
    private let settings: HostSettings
    private let folder: String
    private let lockFile: String

    /// Creates an installer.
    ///
    /// - Throws: ``PluginError`` when the settings name no folder for the user's plugins.
    public init(_ settings: HostSettings) throws(PluginError) {
        guard let folder = settings.userFolder, let lockFile = settings.lockFile else {
            throw PluginError(
                .notInstalled, "there is no folder for the user's plugins", help: "set HOME or XDG_DATA_HOME")
        }
        self.settings = settings
        self.folder = folder
        self.lockFile = lockFile
    }

    // MARK: Looking

    /// Looks at a plugin without installing it; nothing of it runs outside a confined process.
    ///
    /// - Parameter source: a file named `libbatten-plugin-<id>.so`, a folder that holds one, or a tar archive of one.
    /// - Throws: ``PluginError`` when there is no plugin, or it is refused.
    public func examine(_ source: String) throws(PluginError) -> PluginOffer {
        let kind: FileSystem.Status.Kind?
        do throws(SystemError) {
            kind = try FileSystem.status(source)?.kind
        } catch {
            throw PluginError(.unreadable, error.description, help: "make it readable")
        }
        switch kind {
        case nil: throw PluginError(.unreadable, "there is no '\(source)'", help: "name a file, a folder or an archive")
        case .folder: return try examine(file: try library(in: source), from: source)
        case _ where PluginArchive.isArchive(source):
            return try PluginArchive.unpacked(source) { folder throws(PluginError) in
                try examine(file: try library(in: folder), from: source)
            }
        default: return try examine(file: source, from: source)
        }
    }

    private func library(in folder: String) throws(PluginError) -> String {
        do throws(SystemError) {
            let names = try FileSystem.list(folder).filter { PluginFolders.pluginID(ofFile: $0) != nil }
            guard names.count != 1 else { return "\(folder)/\(names[0])" }
            // A folder inside it, as archives of a package have it.
            let inner = try FileSystem.list(folder).filter {
                (try? FileSystem.status("\(folder)/\($0)"))?.kind == .folder
            }
            if names.isEmpty, inner.count == 1, inner[0].first != "." {
                let below = "\(folder)/\(inner[0])"
                let names = try FileSystem.list(below).filter { PluginFolders.pluginID(ofFile: $0) != nil }
                if names.count == 1 { return "\(below)/\(names[0])" }
            }
            throw SystemError(
                "find a plugin in \(folder)",
                message: names.isEmpty
                    ? "there is no file libbatten-plugin-<id>.so in it"
                    : "there are \(names.count) in it: \(names.joined(separator: ", "))")
        } catch {
            throw PluginError(
                .notInstalled, "\(folder) offers no plugin to install", help: "name the plugin's file itself",
                cause: error.description)
        }
    }

    private func examine(file path: String, from source: String) throws(PluginError) -> PluginOffer {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let id = PluginFolders.pluginID(ofFile: name), PluginFolders.isName(id) else {
            throw PluginError(
                .badDescriptor, "\(path) is not named like a plugin",
                help: "a plugin's file is libbatten-plugin-<id>.so, the id of lower case letters, digits and _")
        }
        let file = PluginFile(id: id, path: path, origin: .named, folderVersion: nil)
        let (image, bytes) = try PluginImage.read(path, isToBeRun: false)
        let signedBy = try settings.signatures.check(bytes, at: path)
        let descriptor = try PluginProbe(workerPath: settings.workerPath).describe(file, image)
        guard SemanticVersion(descriptor.version) != nil else {
            throw PluginError(
                .badDescriptor, "the plugin \(path) says it is version \"\(descriptor.version)\"",
                help: "a version has three numbers, such as 1.2.0: tell the plugin's author")
        }
        let accepted = try PluginLock.read(lockFile).entry(id, descriptor.version)
        let verified = VerifiedPlugin(
            file, descriptor, image: image, trust: accepted?.sha256 == image.sha256 ? .accepted : .named,
            granted: JSONObject(descriptor.executors.map { ($0.type, $0.capabilities) }))
        return PluginOffer(
            plugin: PluginInformation(.init(file: file, descriptor: descriptor, verified: verified)), source: source,
            bytes: image.length, signedBy: signedBy, accepted: accepted, descriptor: descriptor, image: image,
            content: bytes, signature: (try? FileSystem.read(path + ".sig")) ?? [])
    }

    // MARK: Changing

    /// Installs what was examined, in place of the same version if it is there, and accepts it.
    ///
    /// - Parameter at: when, in RFC 3339.
    /// - Returns: the path of the installed library.
    public func install(_ offer: PluginOffer, at: String) throws(PluginError) -> String {
        let (id, version) = (offer.plugin.id, offer.plugin.version)
        let parent = "\(folder)/\(id)"
        do throws(SystemError) {
            try FileSystem.makeFolder(folder, mode: 0o755)
            try FileSystem.makeFolder(parent, mode: 0o755)
            let fresh = try FileSystem.makeTemporaryFolder(prefix: "\(parent)/.new-")
            do throws(SystemError) {
                let name = PluginFolders.fileName(id)
                try put(offer.content, "\(fresh)/\(name)", mode: 0o755)
                if !offer.signature.isEmpty { try put(offer.signature, "\(fresh)/\(name).sig", mode: 0o644) }
                let sidecar = PluginSidecar.document(offer.descriptor, image: offer.image)
                try put(JSONWriter.bytes(sidecar, style: .pretty) + [0x0a], "\(fresh)/plugin.json", mode: 0o644)
                try FileSystem.setMode(fresh, 0o755)
                try FileSystem.synchronizeFolder(fresh)
                let target = "\(parent)/\(version)"
                if FileSystem.exists(target) {
                    try FileSystem.exchange(fresh, target)
                    try FileSystem.removeTree(fresh)
                } else {
                    try FileSystem.rename(fresh, to: target)
                }
                try FileSystem.synchronizeFolder(parent)
            } catch {
                _ = try? FileSystem.removeTree(fresh)
                throw error
            }
        } catch {
            throw PluginError(
                .notInstalled, "the plugin \(id) \(version) cannot be copied to \(parent)",
                help: "check the folder's permissions and the free space", cause: error.description)
        }
        try accept(offer, at: at)
        return "\(parent)/\(version)/\(PluginFolders.fileName(id))"
    }

    private func put(_ bytes: [UInt8], _ path: String, mode: UInt32) throws(SystemError) {
        let file = try FileSystem.open(path, .create, mode: mode)
        try file.write(bytes)
        try file.synchronize()
        try FileSystem.setMode(path, mode)
    }

    /// Looks at a plugin that lies in a plugin folder already, to accept its file as it is now.
    public func examine(_ listing: PluginListing) throws(PluginError) -> PluginOffer {
        try WriteAccess.check(listing.path)
        return try examine(file: listing.path, from: listing.path)
    }

    /// Accepts the file as it was examined, where it is.
    public func accept(_ offer: PluginOffer, at: String) throws(PluginError) {
        do throws(SystemError) {
            try FileSystem.makeFolder(folder, mode: 0o755)
        } catch {
            throw PluginError(
                .lockFile, "the folder \(folder) for the list of accepted plugins cannot be made",
                help: "check its permissions", cause: error.description)
        }
        let entry = offer.entry(at: at)
        try PluginLock.change(lockFile) { $0.accept(entry) }
    }

    /// Takes an installed plugin away and forgets that it was accepted.
    ///
    /// - Parameters:
    ///   - listing: a file in the user's plugin folder.
    ///   - version: the version under which it may have been accepted; nil when that is not known.
    public func remove(_ listing: PluginListing, version: String?) throws(PluginError) {
        guard listing.origin == .installed else {
            throw PluginError(
                .notInstalled, "the plugin \(listing.path) does not lie in the plugin folder \(folder)",
                help: listing.isBundled ? "it is a part of Batten" : "remove the file itself")
        }
        do throws(SystemError) {
            if let version = listing.folderVersion {
                // Out of sight in one step, then away.
                let gone = try FileSystem.makeTemporaryFolder(prefix: "\(folder)/\(listing.id)/.old-")
                try FileSystem.rename("\(folder)/\(listing.id)/\(version)", to: "\(gone)/\(version)")
                try FileSystem.removeTree(gone)
                // Only an empty folder goes.
                _ = try? FileSystem.removeFolder("\(folder)/\(listing.id)")
            } else {
                try FileSystem.remove(listing.path)
                _ = try? FileSystem.remove(listing.path + ".sig")
                _ = try? FileSystem.remove("\(folder)/libbatten-plugin-\(listing.id).json")
            }
        } catch {
            throw PluginError(
                .notInstalled, "the plugin \(listing.path) cannot be removed", help: "check the folder's permissions",
                cause: error.description)
        }
        guard let version = listing.folderVersion ?? version else { return }
        try PluginLock.change(lockFile) { $0.remove(listing.id, version) }
    }
}
