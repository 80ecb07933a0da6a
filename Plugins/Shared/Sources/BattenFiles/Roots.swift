public import BattenPlugin
import CFiles

/// The folders that files may be used in, and the way to files below them.
///
/// A path is first brought into its plain form by its text alone (`.` and `..` taken out), which says the root it is
/// below; the kernel then follows it from that root on and refuses whatever leads out of it, at the moment of use.
public struct Roots: Sendable {
    /// One folder.
    public struct Root: Sendable, Hashable {
        /// Absolute path in its plain form.
        public var path: String
        /// Whether files in it may be made and changed.
        public var isWritable: Bool
    }

    /// The folders, the longest paths first.
    public let all: [Root]
    private let workingDirectory: String
    private let walks: Bool

    /// Takes the folders from a configuration.
    ///
    /// - Parameters:
    ///   - settings: the configuration; without `roots` and `read_only_roots` the folder of the call is the only one.
    ///   - workingDirectory: where relative paths start from: absolute.
    ///   - walks: whether to do without openat2(2) also where the kernel has it.
    public init(_ settings: RootSettings, workingDirectory: String, walks: Bool = false) throws(Failure) {
        guard workingDirectory.hasPrefix("/") else {
            throw Failure(
                .permanent, code: "file.folder",
                "the stage's working directory is '\(workingDirectory)'; it must be an absolute path, such as that of "
                    + "run.workdir", effect: .none)
        }
        self.walks = walks
        self.workingDirectory = workingDirectory
        var found: [Root] = []
        func add(_ path: String, _ isWritable: Bool) {
            let full = path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
            found.append(Root(path: Self.plain(full), isWritable: isWritable))
        }
        for path in settings.roots ?? (settings.readOnlyRoots == nil ? ["."] : []) { add(path, true) }
        for path in settings.readOnlyRoots ?? [] { add(path, false) }
        all = found.sorted { $0.path.utf8.count > $1.path.utf8.count }
    }

    /// A place below a root.
    public struct Place: Sendable {
        /// The root's folder.
        public let root: FileHandle
        /// The root's path.
        public let rootPath: String
        /// The way from the root: components without `.` and `..`; empty for the root itself.
        public let components: [String]
        fileprivate let walks: Bool

        /// The absolute path.
        public var path: String { Roots.joined(rootPath, components) }

        /// The file's name; empty for the root itself.
        public var name: String { components.last ?? "" }

        /// The folder it is in; nil for the root itself.
        public var parent: Place? {
            components.isEmpty
                ? nil : Place(root: root, rootPath: rootPath, components: components.dropLast(), walks: walks)
        }

        /// The root itself.
        public var atRoot: Place { Place(root: root, rootPath: rootPath, components: [], walks: walks) }

        /// What is there, a symbolic link not followed; nil if nothing is.
        public func statusItself() throws(Failure) -> FileHandle.Status? {
            guard let folder = try parent?.openIfThere(.path) else { return nil }
            var status = cfiles_status()
            return cfiles_status_at(folder.number, name, &status) == 0 ? FileHandle.Status(status) : nil
        }

        /// A place in this folder.
        public func appending(_ names: [String]) -> Place {
            Place(root: root, rootPath: rootPath, components: components + names, walks: walks)
        }

        /// Opens what is there; nil if nothing is.
        public func openIfThere(_ access: Access) throws(Failure) -> FileHandle? {
            let code = cfiles_open(
                root.number, components.joined(separator: "/"), access.number, 0o666, walks ? 1 : 0)
            if code >= 0 { return FileHandle(code) }
            if code == -FileFailure.noEntry { return nil }
            throw FileFailure.make(access.verb, path, code)
        }

        /// Opens what is there.
        public func open(_ access: Access) throws(Failure) -> FileHandle {
            guard let handle = try openIfThere(access) else {
                throw FileFailure.make(access.verb, path, FileFailure.noEntry)
            }
            return handle
        }

        /// Opens a regular file for reading and says how it stands; nil if there is none.
        public func openFile() throws(Failure) -> (FileHandle, FileHandle.Status)? {
            guard let handle = try openIfThere(.read) else { return nil }
            let status = try handle.status(path)
            guard status.kind == .regular else { throw FileFailure.notRegular(path, status.kind) }
            return (handle, status)
        }

        /// Opens this folder to make files in it.
        ///
        /// - Parameter makes: whether folders on the way that are missing are made.
        public func openFolder(makes: Bool) throws(Failure) -> FileHandle {
            if let handle = try openIfThere(.path) {
                guard try handle.status(path).kind == .folder else {
                    throw Failure(
                        .failed, code: "file.kind", "'\(path)' is not a folder", effect: .none,
                        details: ["path": .string(path)])
                }
                return handle
            }
            guard makes, let parent else {
                throw Failure(
                    .failed, code: "file.missing",
                    "the folder '\(path)' does not exist; make it, or let create_parents be true", effect: .none,
                    details: ["path": .string(path)])
            }
            let folder = try parent.openFolder(makes: true)
            let code = cfiles_make_folder(folder.number, name)
            guard code == 0 || code == -FileFailure.exists else { throw FileFailure.make("make folder", path, code) }
            return try open(.path)
        }
    }

    /// What a file is opened for.
    public enum Access: Sendable {
        /// Reading.
        case read
        /// Its status, and as a folder to start from.
        case path
        /// The names in a folder.
        case list
        /// Writing at its end; made if it is not there.
        case append

        var number: Int32 {
            switch self {
            case .read: Int32(CFILES_READ.rawValue)
            case .path: Int32(CFILES_PATH.rawValue)
            case .list: Int32(CFILES_LIST.rawValue)
            case .append: Int32(CFILES_APPEND.rawValue)
            }
        }

        var verb: String {
            switch self {
            case .read: "read"
            case .path: "open"
            case .list: "list"
            case .append: "write"
            }
        }
    }

    /// Finds the place of a path.
    ///
    /// - Parameters:
    ///   - field: where the path was given, for messages.
    ///   - writing: whether it will be changed.
    /// - Throws: ``Failure``: bad input if it is no path, `file.outside` if it is below no root.
    public func place(_ path: String, field: String, writing: Bool) throws(Failure) -> Place {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .badInput(field: field, "must be a path; it is empty or holds a NUL character")
        }
        let full = path.hasPrefix("/") ? Self.plain(path) : Self.plain("\(workingDirectory)/\(path)")
        let parts = Self.components(full)
        var isReadOnly = false
        for root in all {
            let above = Self.components(root.path)
            guard parts.starts(with: above) else { continue }
            if writing && !root.isWritable {
                isReadOnly = true
                continue
            }
            let code = cfiles_open_root(root.path)
            guard code >= 0 else { throw FileFailure.make("open root", root.path, code) }
            return Place(
                root: FileHandle(code), rootPath: root.path, components: Array(parts.dropFirst(above.count)),
                walks: walks)
        }
        let names = all.filter { $0.isWritable || !writing }.map { "'\($0.path)'" }.joined(separator: ", ")
        throw Failure(
            .permanent, code: "file.outside",
            "\(field): '\(full)' " + (isReadOnly ? "may only be read" : "is in none of the folders that may be used")
                + "; \(writing ? "to write in" : "to read in"): \(names.isEmpty ? "none" : names) (the plugin's settings "
                + "roots and read_only_roots say which)", effect: .none,
            details: ["field": .string(field), "path": .string(full)])
    }

    /// An absolute path without `.`, `..`, and repeated slashes.
    static func plain(_ path: String) -> String {
        joined("", components(path))
    }

    static func joined(_ root: String, _ components: [String]) -> String {
        let root = root == "/" ? "" : root
        return components.isEmpty ? (root.isEmpty ? "/" : root) : "\(root)/\(components.joined(separator: "/"))"
    }

    static func components(_ path: String) -> [String] {
        var parts: [String] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                _ = parts.popLast()
            } else {
                parts.append(String(part))
            }
        }
        return parts
    }
}

/// The settings of a plugin whose files are kept below some folders.
public struct RootSettings: Decodable, Sendable {
    /// Folders that may be read and written; relative ones start from the call's folder.
    public var roots: [String]?
    /// Folders that may be read.
    public var readOnlyRoots: [String]?

    private enum CodingKeys: String, CodingKey {
        case roots
        case readOnlyRoots = "read_only_roots"
    }

    /// The settings' schema.
    public static var properties: [Schema.Property] {
        [
            .optional(
                "roots",
                .list(
                    of: .string(minLength: 1),
                    """
                    Folders whose files may be read and written. Relative paths start from the stage's working directory. \
                    Without roots and read_only_roots it is that directory alone.
                    """, examples: [[".", "/srv/exchange"]]
                ).titled("Folders")),
            .optional(
                "read_only_roots",
                .list(of: .string(minLength: 1), "Folders whose files may be read.", examples: [["/srv/reference"]])
                    .titled("Folders to read")),
        ]
    }
}
