internal import CLinux

/// What this kernel offers to take rights away from a process.
public struct KernelConfinement: Sendable, Hashable {
    /// The version of Landlock, which confines files, TCP ports and signals; 0 where there is none.
    public var landlock: Int
    /// Whether system calls can be filtered.
    public var filtersCalls: Bool
    /// Where control groups can be made.
    public var groups: ControlGroups

    /// Describes a kernel.
    public init(landlock: Int, filtersCalls: Bool, groups: ControlGroups) {
        self.landlock = landlock
        self.filtersCalls = filtersCalls
        self.groups = groups
    }

    /// Asks the running kernel; changes nothing.
    public static func current() -> KernelConfinement {
        KernelConfinement(
            landlock: landlockVersion, filtersCalls: canFilterCalls, groups: ControlGroups.delegated())
    }

    /// The version of Landlock that the running kernel offers; 0 when it offers none.
    public static var landlockVersion: Int { Int(linux_landlock_version()) }

    /// Whether the running kernel filters system calls.
    public static var canFilterCalls: Bool { linux_filters_calls() != 0 }
}
