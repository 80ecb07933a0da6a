internal import BattenCore
internal import BattenPluginHost
public import BattenSystem
internal import CConfine

/// Takes rights away from this process, for ever.
public enum Confinement {
    /// Confines this process; to be called once, while it has a single thread and before any foreign code is loaded.
    ///
    /// The order matters: limits and control groups while their files are within reach, then the rights of the
    /// super-user, then files, ports and signals, and at last the system calls that all this needs.
    ///
    /// - Returns: what the plugin declared and does not get, for people: paths that are not there.
    /// - Throws: ``SystemError`` when the kernel refuses; the plugin must then not be loaded.
    @discardableResult
    public static func apply(_ request: ConfinementRequest) throws(SystemError) -> [String] {
        let wanted = try WorkerConfinement(capabilities: request.capabilities, settings: request.limits)
        var kernel = KernelConfinement(
            landlock: KernelConfinement.landlockVersion, filtersCalls: KernelConfinement.canFilterCalls,
            groups: ControlGroups())
        if !wanted.groupFolders.isEmpty {
            kernel.groups.places = [
                .init(folder: "", controllers: wanted.groupControllers, isUnified: true)
            ]
        }
        try wanted.check(kernel)
        let threads = confine_threads()
        guard threads == 1 else {
            throw SystemError("confine this process", message: "it has \(threads) threads already, not one")
        }
        for folder in wanted.groupFolders {
            try check("join the control group \(folder)") { unsafe confine_join(folder) }
        }
        try limit(wanted.limits)
        try check("give up the rights of the super-user") { confine_drop_privileges() }
        var notes: [String] = []
        if kernel.landlock > 0 {
            notes = try FileRules(wanted.capabilities, plugin: request.plugin, version: kernel.landlock).enforce()
        }
        if case .tcpPorts = wanted.capabilities.network {
            try check("have names looked up over TCP") { confine_look_up_over_tcp() }
        }
        if kernel.filtersCalls { try filterCalls(wanted.capabilities) }
        return notes
    }

    private static func limit(_ limits: WorkerLimits) throws(SystemError) {
        // 1, not 0, which a pipe in core_pattern does not heed.
        try check("set RLIMIT_CORE") { confine_limit(Int32(CONFINE_CORE), 1, 1) }
        if let memory = limits.memory {
            let bytes = UInt64(clamping: memory)
            try check("limit the memory") { confine_limit(Int32(CONFINE_MEMORY), bytes, bytes) }
        }
        if let time = limits.processorTime {
            // SIGXCPU at the limit names the reason; whoever ignores it is killed soon after.
            let seconds = UInt64(clamping: time.components.seconds)
            try check("limit the processor time") {
                confine_limit(Int32(CONFINE_PROCESSOR_TIME), seconds, seconds &+ 5)
            }
        }
        if let files = limits.files {
            let count = UInt64(clamping: files)
            try check("limit the open files") { confine_limit(Int32(CONFINE_FILES), count, count) }
        }
    }

    private static func filterCalls(_ capabilities: PluginCapabilities) throws(SystemError) {
        let network =
            switch capabilities.network {
            case .none: CONFINE_NO_NETWORK
            case .tcpPorts: CONFINE_TCP_ONLY
            case .any: CONFINE_ANY_NETWORK
            }
        try check("filter system calls") {
            confine_calls(
                capabilities.startsProcesses ? 1 : 0, Int32(network), capabilities.writePaths.isEmpty ? 0 : 1)
        }
    }
}
