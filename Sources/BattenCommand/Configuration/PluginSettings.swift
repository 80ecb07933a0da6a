import BattenCore
import BattenPluginHost
import BattenSystem

/// What stands under `plugins.<id>` in the configuration: some of it is for the host, the rest is the plugin's own.
enum PluginSettings {
    /// Names that the host keeps for itself; a plugin never sees them.
    static let reserved = ["version", "isolation", "limits", "recycle"]

    /// What the plugin is started with.
    static func own(_ configuration: JSONValue) -> JSONValue {
        guard var own = configuration.objectValue else { return configuration }
        for name in reserved { own.removeValue(forKey: name) }
        return .object(own)
    }

    /// The versions that may be used, by plugin id: `plugins.<id>.version`.
    static func versions(_ resolved: ResolvedSettings) throws(CommandFailure) -> [String: VersionRange] {
        var versions: [String: VersionRange] = [:]
        for (id, configuration) in resolved.settings.plugins {
            guard let value = configuration.objectValue?["version"] else { continue }
            guard let text = value.stringValue, let range = VersionRange(text) else {
                let name = "plugins.\(id).version"
                throw .usage(
                    "bad_setting", "\(resolved.origin(name).text): '\(name)' is no range of versions: \(value)",
                    help: "for example \">=1.2 <2\", \"^1.2\" or \"1.4.0\"; a range is a text, so quote it")
            }
            versions[id] = range
        }
        return versions
    }

    /// Where a plugin's calls are carried out, by plugin id: `plugins.<id>.isolation`.
    static func isolation(_ resolved: ResolvedSettings) throws(CommandFailure) -> [String: IsolationMode] {
        var modes: [String: IsolationMode] = [:]
        for (id, configuration) in resolved.settings.plugins {
            guard let value = configuration.objectValue?["isolation"] else { continue }
            guard let mode = IsolationMode(value) else {
                let name = "plugins.\(id).isolation"
                throw .usage(
                    "bad_setting", "\(resolved.origin(name).text): '\(name)' is no isolation: \(value)",
                    help: "one of \(IsolationMode.choices)")
            }
            modes[id] = mode
        }
        return modes
    }

    /// When a plugin's workers are replaced, by plugin id: `plugins.<id>.recycle`.
    static func recycling(_ resolved: ResolvedSettings) throws(CommandFailure) -> [String: WorkerRecycling] {
        var recycling: [String: WorkerRecycling] = [:]
        for (id, configuration) in resolved.settings.plugins {
            guard let value = configuration.objectValue?["recycle"] else { continue }
            guard let members = value.objectValue, let read = WorkerRecycling(members) else {
                let name = "plugins.\(id).recycle"
                throw .usage(
                    "bad_setting", "\(resolved.origin(name).text): '\(name)' cannot be used: \(value)",
                    help: "for example {calls: 100000, growth: 512 MiB, idle: 5m}; none instead of a value is never")
            }
            recycling[id] = read
        }
        return recycling
    }

    /// What a plugin's workers may use, by plugin id: `plugins.<id>.limits`.
    ///
    /// - Parameter groups: where control groups can be made; asked only when processes are to be counted.
    static func limits(
        _ resolved: ResolvedSettings, groups: () -> ControlGroups = { ControlGroups.delegated() }
    ) throws(CommandFailure) -> [String: WorkerLimits] {
        var limits: [String: WorkerLimits] = [:]
        for (id, configuration) in resolved.settings.plugins {
            guard let value = configuration.objectValue?["limits"] else { continue }
            if let processes = value["processes"], processes.stringValue != "none", !groups().limit(.processes) {
                let name = "plugins.\(id).limits.processes"
                throw .usage(
                    "bad_setting",
                    "\(resolved.origin(name).text): '\(name)' cannot be held: no control group that counts "
                        + "processes is delegated to this process",
                    help: "leave it out, or have one delegated: systemd-run --user --scope -p Delegate=yes batten …")
            }
            do throws(WorkerLimits.Failure) {
                limits[id] = try WorkerLimits(value)
            } catch {
                let name = "plugins.\(id).limits"
                throw .usage(
                    "bad_setting", "\(resolved.origin(name).text): '\(name)': \(error.description)",
                    help: "for example {memory: 512 MiB, cpu: 10m, files: 256}")
            }
        }
        return limits
    }
}
