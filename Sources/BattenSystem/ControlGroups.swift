/// Where this process may make control groups, and for which resources.
///
/// A group limits all the processes in it together, which no limit of a single process can.
public struct ControlGroups: Sendable, Hashable {
    /// The resources that are limited.
    public enum Controller: String, Sendable, Hashable, CaseIterable {
        case processes = "pids"
        case memory
    }

    /// A folder of a control group file system in which groups can be made.
    public struct Place: Sendable, Hashable {
        /// The folder.
        public var folder: String
        /// What its groups limit.
        public var controllers: [Controller]
        /// Whether it belongs to the unified hierarchy (version 2).
        public var isUnified: Bool
        /// Whether the processes in it must first move into a group of their own, because in the unified hierarchy a
        /// group with processes passes no limits on.
        public var needsLeaf: Bool

        /// Describes a place.
        public init(folder: String, controllers: [Controller], isUnified: Bool, needsLeaf: Bool = false) {
            self.folder = folder
            self.controllers = controllers
            self.isUnified = isUnified
            self.needsLeaf = needsLeaf
        }
    }

    /// Name of the group into which the host moves itself.
    private static let leaf = "batten-host"

    /// The places, at most one for each resource.
    public var places: [Place]

    /// Names places.
    public init(places: [Place] = []) {
        self.places = places
    }

    /// Whether groups can limit a resource.
    public func limit(_ controller: Controller) -> Bool {
        places.contains { $0.controllers.contains(controller) }
    }

    /// Looks for places below which this process may make groups; makes none.
    ///
    /// - Parameter root: where `/proc` and the mounts begin.
    public static func delegated(root: String = "") -> ControlGroups {
        guard let groups = text("\(root)/proc/self/cgroup"), let mounts = text("\(root)/proc/self/mountinfo") else {
            return ControlGroups()
        }
        let mounted = mounts.split(separator: "\n").compactMap { Mount(String($0)) }
        var places: [Place] = []
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let names = fields[1].split(separator: ",").map(String.init)
            let isUnified = fields[0] == "0" && names.isEmpty
            for mount in mounted where isUnified ? mount.isUnified : mount.controllers.contains(where: names.contains) {
                guard let folder = mount.folder(of: String(fields[2])).map({ root + $0 }) else { continue }
                let place =
                    isUnified
                    ? unified(folder)
                    : Place(
                        folder: folder, controllers: names.compactMap(Controller.init(rawValue:)), isUnified: false)
                guard var place, FileSystem.isWritable(place.folder) else { continue }
                place.controllers.removeAll { controller in places.contains { $0.controllers.contains(controller) } }
                guard !place.controllers.isEmpty else { continue }
                places.append(place)
                break
            }
        }
        return ControlGroups(places: places)
    }

    /// The place that a group of the unified hierarchy offers its processes.
    ///
    /// - Returns: nil unless it was delegated: it passes resources on already, or holds this process alone.
    private static func unified(_ folder: String) -> Place? {
        let parent = folder.hasSuffix("/\(leaf)") ? String(folder.dropLast(leaf.utf8.count + 1)) : folder
        let enabled = controllers("\(parent)/cgroup.subtree_control")
        if !enabled.isEmpty { return Place(folder: parent, controllers: enabled, isUnified: true) }
        let offered = controllers("\(folder)/cgroup.controllers")
        let inside = (text("\(folder)/cgroup.procs") ?? "").split(separator: "\n").map(String.init)
        guard !offered.isEmpty, inside == ["\(ProcessEnvironment.processID)"] else { return nil }
        return Place(folder: folder, controllers: offered, isUnified: true, needsLeaf: true)
    }

    private static func controllers(_ path: String) -> [Controller] {
        (text(path) ?? "").split { $0 == " " || $0 == "\n" }.compactMap { Controller(rawValue: String($0)) }
    }

    /// Has a place pass its resources on to the groups that are made in it.
    static func prepare(_ place: Place) throws(SystemError) {
        guard place.needsLeaf, controllers("\(place.folder)/cgroup.subtree_control").isEmpty else { return }
        try FileSystem.makeFolder("\(place.folder)/\(leaf)", mode: 0o755)
        for process in (text("\(place.folder)/cgroup.procs") ?? "").split(separator: "\n") {
            try write(String(process), to: "\(place.folder)/\(leaf)/cgroup.procs")
        }
        let names = place.controllers.map { "+\($0.rawValue)" }.joined(separator: " ")
        try write(names, to: "\(place.folder)/cgroup.subtree_control")
    }

    /// Writes a line to a file of the control group file system.
    static func write(_ line: String, to path: String) throws(SystemError) {
        do throws(SystemError) {
            try FileSystem.open(path, .overwrite).write(Array("\(line)\n".utf8))
        } catch {
            throw SystemError("write \(path)", code: error.code)
        }
    }

    private static func text(_ path: String) -> String? {
        (try? FileSystem.read(path)).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A control group file system that is mounted.
private struct Mount {
    /// The group that is at the mount point.
    let group: String
    let point: String
    let isUnified: Bool
    let controllers: [String]

    /// Reads a line of `mountinfo`; nil when it is about something else.
    init?(_ line: String) {
        // 31 23 0:26 /group /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
        let fields = line.split(separator: " ").map(String.init)
        guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3 else { return nil }
        guard ["cgroup", "cgroup2"].contains(fields[dash + 1]), !fields[4].contains("\\") else { return nil }
        group = fields[3]
        point = fields[4]
        isUnified = fields[dash + 1] == "cgroup2"
        controllers = fields[dash + 3].split(separator: ",").map(String.init)
    }

    /// Where a group is found; nil when it lies outside of what is mounted.
    func folder(of path: String) -> String? {
        guard !path.hasPrefix("/..") else { return nil }
        if group == "/" { return path == "/" ? point : point + path }
        if path == group { return point }
        return path.hasPrefix(group + "/") ? point + path.dropFirst(group.count) : nil
    }
}
