internal import CLinux
internal import Glibc

/// Rights that this process gives up for good.
public enum ProcessRights {
    /// The user whose rights this process has: its effective user id.
    public static var userID: UInt32 { UInt32(geteuid()) }

    /// No program that this process executes gains privileges by set-user-ID bits or file capabilities.
    public static func refuseNewPrivileges() throws(SystemError) {
        try checked("set no_new_privs") { linux_refuse_new_privileges() }
    }

    /// The kernel writes no core file when this process crashes, nor hands one to a program (`core_pattern` with a pipe);
    /// programs that it starts can ask for theirs again.
    ///
    /// The limit is one byte: for a pipe the kernel does not look at a limit of 0, and takes 1 for "none"
    /// (Linux, fs/coredump.c); for a file both are too little.
    public static func refuseCoreDumps() throws(SystemError) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_CORE.rawValue)
        try checked("read RLIMIT_CORE") { unsafe getrlimit(resource, &limit) }
        limit.rlim_cur = min(1, limit.rlim_max)
        try checked("set RLIMIT_CORE") { unsafe setrlimit(resource, &limit) }
    }
}
