internal import CLinux
internal import Glibc

/// The environment and limits of this process.
public enum ProcessEnvironment {
    /// The value of an environment variable; nil when it is not set.
    public static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// All environment variables by name.
    public static func variables() -> [String: String] {
        var all: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                all[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            unsafe entry += 1
        }
        return all
    }

    /// Processors this process may use, at least 1.
    public static var processors: Int { max(1, Int(linux_available_processors())) }

    /// Id of this process.
    public static var processID: Int32 { getpid() }

    /// Current folder, absolute.
    public static var currentFolder: String {
        guard let path = unsafe getcwd(nil, 0) else { return "/" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// Path of the running executable.
    public static var executablePath: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : ""
    }

    /// Where a symbolic link leads; nil when it is none.
    public static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let length = unsafe readlink(path, &buffer, buffer.count)
        return length >= 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
    }

    /// Raises the number of descriptors this process may open to what the system allows it, up to a bound.
    ///
    /// - Parameter bound: descriptors that suffice.
    /// - Returns: the limit now in force.
    @discardableResult
    public static func raiseDescriptorLimit(to bound: UInt64) -> UInt64 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let wanted = min(UInt64(limit.rlim_max), bound)
        guard wanted > limit.rlim_cur else { return UInt64(limit.rlim_cur) }
        limit.rlim_cur = rlim_t(wanted)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return wanted
    }
}
