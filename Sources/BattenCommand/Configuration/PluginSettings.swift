import BattenCore
import BattenPluginHost

/// What stands under `plugins.<id>` in the configuration: some of it is for the host, the rest is the plugin's own.
enum PluginSettings {
    /// Names that the host keeps for itself; a plugin never sees them.
    static let reserved = ["version", "isolation", "limits"]

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

    /// What a plugin's workers may use, by plugin id: `plugins.<id>.limits`.
    static func limits(_ resolved: ResolvedSettings) throws(CommandFailure) -> [String: WorkerLimits] {
        var limits: [String: WorkerLimits] = [:]
        for (id, configuration) in resolved.settings.plugins {
            guard let value = configuration.objectValue?["limits"] else { continue }
            do throws(WorkerLimits.Failure) {
                limits[id] = try WorkerLimits(value)
            } catch {
                let name = "plugins.\(id).limits"
                throw .usage(
                    "bad_setting", "\(resolved.origin(name).text): '\(name)': \(error.description)",
                    help: "for example {memory: 512 MiB, cpu: 10m, files: 256, processes: 64}")
            }
        }
        return limits
    }
}
