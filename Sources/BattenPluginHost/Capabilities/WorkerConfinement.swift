public import BattenCore
public import BattenSystem

/// What one worker process is held to.
///
/// These are a plugin's capabilities with absolute paths, limits, and what the operator asks of the kernel. The host
/// decides it and the worker applies it, so that it travels as data.
public struct WorkerConfinement: Sendable, Hashable {
    /// How much of it the kernel must be able to enforce.
    public enum Requirement: String, Sendable, Hashable, CaseIterable {
        /// What this kernel has.
        case available
        /// Everything; a worker does not start with less.
        case full
    }

    /// What the plugin may reach; absolute paths only.
    public var capabilities: PluginCapabilities
    /// What it may use.
    public var limits: WorkerLimits
    /// Folders of the control group that the worker joins.
    public var groupFolders: [String]
    /// What that group limits.
    public var groupControllers: [ControlGroups.Controller]
    /// How much of it must be enforced.
    public var requirement: Requirement

    /// Creates a confinement.
    public init(
        capabilities: PluginCapabilities, limits: WorkerLimits = .standard, groupFolders: [String] = [],
        groupControllers: [ControlGroups.Controller] = ControlGroups.Controller.allCases,
        requirement: Requirement = .available
    ) {
        self.capabilities = capabilities
        self.limits = limits
        self.groupFolders = groupFolders
        self.groupControllers = groupControllers
        self.requirement = requirement
    }

    /// What a plugin's worker is held to.
    ///
    /// - Parameters:
    ///   - granted: what each executor may reach, by type; a worker serves them all, so that each has what one has.
    ///   - settings: limits of the plugin, and what the operator requires.
    ///   - callFolder: where relative paths start from; nil leaves those out of reach.
    static func of(
        _ plugin: String, granted: JSONObject, settings: HostSettings, callFolder: String? = nil
    ) -> WorkerConfinement {
        var needs = PluginCapabilities()
        // What cannot be read was refused with the plugin's description; a grant that was tampered with grants nothing.
        for (_, value) in granted { needs = needs.union((try? PluginCapabilities(value)) ?? PluginCapabilities()) }
        return WorkerConfinement(
            capabilities: needs.resolved(home: ProcessEnvironment.variable("HOME"), callFolder: callFolder),
            limits: settings.limits[plugin] ?? .standard, requirement: settings.requirement)
    }

    /// Whether a control group holds more than the limits of a single process do: where processes may be started, or limits
    /// were asked for.
    ///
    /// - Parameters:
    ///   - isBundled: whether the plugin came with Batten.
    ///   - hasSettings: whether the user's settings limit it.
    func needsGroup(isBundled: Bool, hasSettings: Bool) -> Bool {
        hasSettings || (capabilities.startsProcesses && !isBundled)
    }

    /// Limits, groups and requirement as data; the capabilities travel beside them.
    public var settings: JSONValue {
        var members = limits.json.objectValue ?? [:]
        members["groups"] = .array(groupFolders.map(JSONValue.string))
        members["group_limits"] = .array(groupControllers.map { .string($0.rawValue) })
        members["require"] = .string(requirement.rawValue)
        return .object(members)
    }

    /// Reads what a host sent; an empty object leaves the defaults.
    ///
    /// - Throws: ``SystemError`` that names what cannot be read.
    public init(capabilities: JSONValue, settings: JSONValue) throws(SystemError) {
        do throws(PluginCapabilities.Failure) {
            self.init(capabilities: try PluginCapabilities(capabilities))
        } catch {
            throw SystemError("read the plugin's capabilities", message: error.description)
        }
        guard var members = settings.objectValue else {
            throw SystemError("read the worker's limits", message: "they are no object")
        }
        if let groups = members.removeValue(forKey: "groups") {
            groupFolders = (groups.arrayValue ?? []).compactMap(\.stringValue)
        }
        if let limited = members.removeValue(forKey: "group_limits") {
            groupControllers = (limited.arrayValue ?? []).compactMap(\.stringValue).compactMap(
                ControlGroups.Controller.init(rawValue:))
        }
        if let require = members.removeValue(forKey: "require") {
            guard let known = require.stringValue.flatMap(Requirement.init(rawValue:)) else {
                throw SystemError("read the worker's limits", message: "require is \(require)")
            }
            requirement = known
        }
        do throws(WorkerLimits.Failure) {
            limits = try WorkerLimits(.object(members))
        } catch {
            throw SystemError("read the worker's limits", message: error.description)
        }
    }

    /// Refuses a kernel that does not enforce everything, if everything is required.
    public func check(_ kernel: KernelConfinement) throws(SystemError) {
        guard requirement == .full else { return }
        let gaps = Enforcement(of: capabilities, limits: limits, on: kernel).gaps
        guard gaps.isEmpty else {
            throw SystemError(
                "confine the plugin fully",
                message: gaps.map { "\($0.subject): \($0.text)" }.joined(separator: "; "))
        }
    }
}
