import BattenSystem

/// Looks who else may change a file: then nobody knows what it will be when it is used.
enum WriteAccess {
    /// Checks a file and every folder above it, both as it is written and with links resolved.
    ///
    /// Nobody but this user and root may be able to change any of them. A folder in which everybody may make files, but
    /// touch only their own (`/tmp`), may stand above them. The group of the user alone, which has the user's own number,
    /// may write.
    /// - Parameter what: names the file in messages.
    /// - Throws: ``PluginError`` that names the first path that others can change.
    static func check(_ path: String, what: String = "the plugin") throws(PluginError) {
        var resolved = path
        do throws(SystemError) {
            resolved = try HostMachine.resolvedPath(path)
        } catch {
            throw PluginError(
                .unreadable, "\(what) \(path) cannot be read", help: "check the file and its permissions",
                cause: error.description)
        }
        for start in path == resolved ? [path] : [path, resolved] {
            var next: String? = start
            var isInside = true
            while let current = next {
                try check(current, of: "\(what) \(path)", isOwn: isInside)
                // The file's folder must be closed to others itself; from there on up, it must not be replaceable.
                isInside = current == start
                next = FileSystem.parent(of: current)
            }
        }
    }

    /// Whether nobody but this user and root may write to what a status describes.
    static func isClosed(_ status: FileSystem.Status) -> Bool {
        (status.owner == 0 || status.owner == ProcessRights.userID) && status.mode & 0o002 == 0
            && (status.mode & 0o020 == 0 || status.group == status.owner)
    }

    private static func check(_ path: String, of name: String, isOwn: Bool) throws(PluginError) {
        let status: FileSystem.Status
        do throws(SystemError) {
            guard let found = try FileSystem.status(path) else { return }
            status = found
        } catch {
            throw PluginError(
                .unreadable, "\(name) cannot be checked", help: "check the permissions of \(path)",
                cause: error.description)
        }
        guard status.owner == 0 || status.owner == ProcessRights.userID else {
            throw PluginError(
                .untrusted, "\(name) is not used because \(path) belongs to another user",
                help: "copy it to a folder of your own, or as root: chown root \(path)")
        }
        let isSticky = status.mode & 0o1000 != 0
        if isSticky, !isOwn { return }
        let isPrivateGroup = status.group == status.owner
        let (who, word): (String, String) =
            if status.mode & 0o002 != 0 {
                ("everybody", "o-w")
            } else if status.mode & 0o020 != 0, !isPrivateGroup {
                ("its group", "g-w")
            } else {
                ("", "")
            }
        guard !who.isEmpty else { return }
        throw PluginError(
            .untrusted, "\(name) is not used because \(who) may write to \(path)",
            help: "take that right away: chmod \(word) \(path)")
    }
}
