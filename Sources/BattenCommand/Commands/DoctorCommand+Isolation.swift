import BattenSystem

extension DoctorCommand {
    /// What this kernel offers to confine isolated plugins.
    static func isolation() -> [Finding] {
        let kernel = KernelConfinement.current()
        return [landlock(kernel.landlock), seccomp(kernel.filtersCalls), groups(kernel.groups)]
    }

    private static func landlock(_ version: Int) -> Finding {
        let check = "landlock"
        switch version {
        case 0:
            return Finding(
                check: check, status: .note, message: "isolated plugins reach every file of this user",
                help: "needs Linux 5.13 or newer with landlock among its security modules (lsm=landlock,…)")
        case 1...2:
            return Finding(
                check: check, status: .note,
                message: "version \(version): files of isolated plugins, though others can be emptied; no TCP ports",
                help: "Linux 6.2 keeps files from being emptied, 6.7 has TCP ports, 6.12 signals")
        case 3:
            return Finding(
                check: check, status: .note, message: "version 3: files of isolated plugins, no TCP ports and signals",
                help: "Linux 6.7 has TCP ports, 6.12 signals")
        case 4...5:
            return Finding(
                check: check, status: .note,
                message: "version \(version): files and TCP ports of isolated plugins, no signals",
                help: "Linux 6.12 keeps signals of plugins that start processes among those")
        default:
            return Finding(
                check: check, status: .good,
                message: "version \(version): files, TCP ports and signals of isolated plugins")
        }
    }

    private static func seccomp(_ filters: Bool) -> Finding {
        filters
            ? Finding(check: "seccomp", status: .good, message: "system calls of isolated plugins are filtered")
            : Finding(
                check: "seccomp", status: .note,
                message: "isolated plugins may make any system call, start processes and use the network",
                help: "needs a kernel with CONFIG_SECCOMP_FILTER")
    }

    private static func groups(_ groups: ControlGroups) -> Finding {
        let check = "control groups"
        let help =
            "a group is delegated by: systemd-run --user --scope -p Delegate=yes batten …; "
            + "to bound all of it, give that scope limits: -p MemoryMax=4G -p TasksMax=500"
        switch (groups.limit(.processes), groups.limit(.memory)) {
        case (true, true):
            return Finding(
                check: check, status: .good,
                message: "processes and memory of isolated plugins, with all that they start")
        case (true, false):
            return Finding(
                check: check, status: .note,
                message: "processes of isolated plugins are limited, but their memory together is not limited",
                help: help)
        case (false, true):
            return Finding(
                check: check, status: .note,
                message: "memory of isolated plugins is limited, but the number of processes they start is not limited",
                help: help)
        case (false, false):
            return Finding(
                check: check, status: .note,
                message:
                    "none is delegated: what the processes that isolated plugins start use together is not limited",
                help: help)
        }
    }
}
