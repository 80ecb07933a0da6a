internal import Synchronization

/// A control group of one worker: what is in it shares its limits, and ends with it.
public struct ControlGroup: Sendable, Hashable {
    /// Its folders, one for each hierarchy; a process joins by writing itself into `cgroup.procs` of each.
    public let folders: [String]
    /// What it limits.
    public let controllers: [ControlGroups.Controller]

    /// Makes groups get different names in one process.
    private static let made = Atomic<UInt64>(0)

    /// Makes a group wherever it can limit something that is asked for.
    ///
    /// - Parameters:
    ///   - memory: bytes that its processes may use together, page cache included; nil for no limit.
    ///   - processes: how many processes and threads it may hold; nil for no limit.
    /// - Returns: nil when there is nothing to limit, or no place to do it.
    /// - Throws: ``SystemError`` when the place refuses; nothing is left there.
    public static func make(
        in groups: ControlGroups, memory: Int64?, processes: Int64?
    ) throws(SystemError) -> ControlGroup? {
        var folders: [String] = []
        var controllers: [ControlGroups.Controller] = []
        let number = made.add(1, ordering: .relaxed).newValue
        do throws(SystemError) {
            for place in groups.places {
                var limits: [(controller: ControlGroups.Controller, file: String, value: Int64)] = []
                for controller in place.controllers {
                    switch controller {
                    case .processes: if let processes { limits.append((controller, "pids.max", processes)) }
                    case .memory:
                        if let memory {
                            let file = place.isUnified ? "memory.max" : "memory.limit_in_bytes"
                            limits.append((controller, file, memory))
                        }
                    }
                }
                guard !limits.isEmpty else { continue }
                let folder = "\(place.folder)/batten-\(ProcessEnvironment.processID)-\(number)"
                try ControlGroups.prepare(place)
                sweep(place.folder)
                try FileSystem.makeFolder(folder, mode: 0o755)
                folders.append(folder)
                for limit in limits {
                    try ControlGroups.write("\(limit.value)", to: "\(folder)/\(limit.file)")
                    controllers.append(limit.controller)
                }
            }
        } catch {
            for folder in folders { try? FileSystem.removeFolder(folder) }
            throw error
        }
        return folders.isEmpty ? nil : ControlGroup(folders: folders, controllers: controllers)
    }

    /// Kills every process in it: at once where the kernel can (version 2 of Linux 5.14 and newer), else one by one.
    public func kill() {
        for folder in folders {
            if FileSystem.exists("\(folder)/cgroup.kill") {
                try? ControlGroups.write("1", to: "\(folder)/cgroup.kill")
                continue
            }
            // A process may make another one while the list is read.
            for _ in 0..<20 {
                let left = processes()
                if left.isEmpty { break }
                for process in left { ProcessTable.kill(process) }
            }
        }
    }

    /// Whether the kernel has ended a process of it because all together held as much memory as they may.
    public var ranOutOfMemory: Bool {
        folders.contains { folder in
            ["memory.events", "memory.oom_control"].contains { name in
                guard let bytes = try? FileSystem.read("\(folder)/\(name)") else { return false }
                return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
                    line.hasPrefix("oom_kill ") && line != "oom_kill 0"
                }
            }
        }
    }

    /// Ends what is in it and takes it away; processes that were killed leave it within moments.
    ///
    /// - Returns: false when one is still in it.
    @discardableResult
    public func end() -> Bool {
        for _ in 0..<50 {
            kill()
            if remove() { return true }
            Pause.sleep(microseconds: 1_000)
        }
        return remove()
    }

    /// The processes that are in it.
    public func processes() -> [Int32] {
        var all: Set<Int32> = []
        for folder in folders {
            guard let bytes = try? FileSystem.read("\(folder)/cgroup.procs") else { continue }
            all.formUnion(String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int32($0) })
        }
        return all.sorted()
    }

    /// Takes it away.
    ///
    /// - Returns: false while a process is in it.
    @discardableResult
    public func remove() -> Bool {
        for folder in folders where FileSystem.exists(folder) {
            do throws(SystemError) { try FileSystem.removeFolder(folder) } catch { return false }
        }
        return true
    }

    /// Takes away what hosts left behind that are gone.
    private static func sweep(_ place: String) {
        for name in (try? FileSystem.list(place)) ?? [] where name.hasPrefix("batten-") {
            let parts = name.split(separator: "-")
            guard parts.count == 3, let owner = Int32(parts[1]), !ProcessTable.exists(owner) else { continue }
            // One that still holds a process stays.
            try? FileSystem.removeFolder("\(place)/\(name)")
        }
    }
}
