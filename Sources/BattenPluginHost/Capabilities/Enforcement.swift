internal import BattenCore
public import BattenSystem

/// What the kernel holds an isolated plugin to, and what it does not.
public struct Enforcement: Sendable, Hashable {
    /// How far one thing is held.
    public enum Degree: String, Sendable, Hashable {
        /// As declared.
        case enforced
        /// With a gap, which the text names.
        case partly
        /// Not at all.
        case missing
        /// The plugin declares it without bounds, so that there is nothing to hold.
        case open
    }

    /// One thing that a plugin is held to.
    public struct Item: Sendable, Hashable {
        /// What it is about: `files`, `network`, `processes`, `signals`, `system calls`, `memory`, `privileges`.
        public let subject: String
        /// How far it is held.
        public let degree: Degree
        /// What holds and what does not, for people.
        public let text: String
    }

    /// Everything, in a fixed order.
    public let items: [Item]

    /// What is not enforced, though it was declared with bounds.
    public var gaps: [Item] { items.filter { $0.degree == .partly || $0.degree == .missing } }

    /// Works out what a kernel enforces of a plugin's capabilities and limits.
    public init(of capabilities: PluginCapabilities, limits: WorkerLimits, on kernel: KernelConfinement) {
        items = [
            Self.files(capabilities, kernel), Self.network(capabilities, kernel), Self.calls(kernel),
            Self.processes(capabilities, limits, kernel), Self.signals(capabilities, kernel),
            Self.memory(capabilities, limits, kernel),
            Item(
                subject: "privileges", degree: .enforced,
                text: "no rights of the super-user, and no program gives it more rights"),
        ]
    }

    private static func files(_ capabilities: PluginCapabilities, _ kernel: KernelConfinement) -> Item {
        if capabilities.writePaths.contains("/") {
            return Item(subject: "files", degree: .open, text: "all files are declared")
        }
        guard kernel.landlock > 0 else {
            return Item(
                subject: "files", degree: .missing,
                text: "every file of the user is within reach: the kernel has no Landlock (Linux 5.13 and newer, "
                    + "with landlock among its security modules)")
        }
        let reach = "the plugin's folder, system libraries and what is declared (Landlock \(kernel.landlock))"
        guard kernel.landlock >= 3 else {
            return Item(
                subject: "files", degree: .partly,
                text: "\(reach); but files elsewhere can be emptied before Linux 6.2")
        }
        return Item(subject: "files", degree: .enforced, text: reach)
    }

    private static func network(_ capabilities: PluginCapabilities, _ kernel: KernelConfinement) -> Item {
        switch capabilities.network {
        case .any: return Item(subject: "network", degree: .open, text: "any address and port is declared")
        case .none:
            guard !kernel.filtersCalls else {
                return Item(subject: "network", degree: .enforced, text: "no sockets")
            }
            return Item(
                subject: "network", degree: kernel.landlock >= 4 ? .partly : .missing,
                text: kernel.landlock >= 4
                    ? "no TCP, but other sockets: the kernel has no seccomp"
                    : "any address and port: the kernel has no seccomp")
        case .tcpPorts(let ports):
            let list = ports.map(\.description).joined(separator: ", ")
            switch (kernel.landlock >= 4, kernel.filtersCalls) {
            case (true, true):
                return Item(
                    subject: "network", degree: .enforced,
                    text: "TCP connections to \(list), and to 53 for name servers")
            case (true, false):
                return Item(
                    subject: "network", degree: .partly,
                    text: "TCP connections to \(list), but any other protocol: the kernel has no seccomp")
            case (false, true):
                return Item(
                    subject: "network", degree: .partly,
                    text: "TCP only, but to any port: ports need Landlock 4 (Linux 6.7)")
            case (false, false):
                return Item(
                    subject: "network", degree: .missing,
                    text: "any address and port: ports need Landlock 4 (Linux 6.7)")
            }
        }
    }

    private static func calls(_ kernel: KernelConfinement) -> Item {
        kernel.filtersCalls
            ? Item(subject: "system calls", degree: .enforced, text: "those of libraries; no tracing, mounts, modules")
            : Item(subject: "system calls", degree: .missing, text: "all: the kernel has no seccomp")
    }

    private static func processes(
        _ capabilities: PluginCapabilities, _ limits: WorkerLimits, _ kernel: KernelConfinement
    ) -> Item {
        guard capabilities.startsProcesses else {
            return kernel.filtersCalls
                ? Item(subject: "processes", degree: .enforced, text: "none are started")
                : Item(subject: "processes", degree: .missing, text: "not limited: the kernel has no seccomp")
        }
        guard let most = limits.processes else {
            return Item(subject: "processes", degree: .open, text: "the limit was lifted")
        }
        return kernel.groups.limit(.processes)
            ? Item(subject: "processes", degree: .enforced, text: "at most \(most) processes and threads")
            : Item(
                subject: "processes", degree: .missing,
                text: "not limited: no control group that counts them is delegated to Batten")
    }

    private static func signals(_ capabilities: PluginCapabilities, _ kernel: KernelConfinement) -> Item {
        if !capabilities.startsProcesses, kernel.filtersCalls {
            return Item(subject: "signals", degree: .enforced, text: "to itself")
        }
        return kernel.landlock >= 6
            ? Item(subject: "signals", degree: .enforced, text: "to itself and the processes it starts")
            : Item(
                subject: "signals", degree: .missing,
                text: "to all processes of the user: keeping them inside needs Landlock 6 (Linux 6.12)")
    }

    private static func memory(
        _ capabilities: PluginCapabilities, _ limits: WorkerLimits, _ kernel: KernelConfinement
    ) -> Item {
        guard let memory = limits.memory else {
            return Item(subject: "memory", degree: .open, text: "the limit was lifted")
        }
        let size = ByteSize.format(memory)
        if kernel.groups.limit(.memory) {
            return Item(subject: "memory", degree: .enforced, text: "at most \(size) for all its processes together")
        }
        return capabilities.startsProcesses
            ? Item(
                subject: "memory", degree: .partly,
                text: "at most \(size) for each process: no control group for all of them is delegated to Batten")
            : Item(subject: "memory", degree: .enforced, text: "at most \(size)")
    }
}
