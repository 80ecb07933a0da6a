/// Paths as text: nothing here looks at the file system.
enum PathText {
    /// A path made absolute, with `.` and empty parts removed; `..` is kept, because links may be in the way.
    static func absolute(_ path: String, in directory: String) -> String {
        let full = path.hasPrefix("/") ? path : "\(directory)/\(path)"
        let parts = full.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }

    /// A path below a folder.
    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// The last part of a path.
    static func name(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The folder that an absolute path lies in.
    static func folder(_ path: String) -> String {
        let parts = path.split(separator: "/")
        return "/" + parts.dropLast().joined(separator: "/")
    }

    /// The last part's extension in lower case, without the dot; empty when there is none.
    static func fileExtension(_ path: String) -> String {
        let name = name(path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    /// A path without the extension of its last part.
    static func withoutExtension(_ path: String) -> String {
        let length = fileExtension(path).utf8.count
        return length == 0 ? path : String(path.dropLast(length + 1))
    }

    /// The folder in which a path lies, with a slash at its end; empty when the path has none.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// A path as people read it: below their home with `~`, below the current folder relative.
    static func short(_ path: String, in directory: String, home: String?) -> String {
        if path.hasPrefix(directory + "/") { return String(path.dropFirst(directory.count + 1)) }
        if let home, !home.isEmpty, home != "/", path.hasPrefix(home + "/") { return "~" + path.dropFirst(home.count) }
        return path
    }
}
