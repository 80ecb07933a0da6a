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

    /// The kernel writes no core file when this process crashes; programs that it starts can ask for theirs again.
    public static func refuseCoreDumps() throws(SystemError) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_CORE.rawValue)
        try checked("read RLIMIT_CORE") { unsafe getrlimit(resource, &limit) }
        limit.rlim_cur = 0
        try checked("set RLIMIT_CORE") { unsafe setrlimit(resource, &limit) }
    }
}
