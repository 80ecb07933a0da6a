import BattenSystem

/// What worker processes see of this process's environment.
enum WorkerEnvironment {
    /// Names that are passed on: where programs, libraries and certificates are, and how text and time are shown.
    private static let names = [
        "PATH", "USER", "LANG", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy",
        "no_proxy", "HTTPS_PROXY", "NO_PROXY",
    ]

    /// The variables for a worker, `NAME=value`, sorted.
    ///
    /// - Parameter capabilities: what it may reach, with absolute paths; folders of the user are named only where it may
    ///   look into them, so that no library tries to.
    static func variables(for capabilities: PluginCapabilities) -> [String] {
        passed(for: capabilities).map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// The same variables by name.
    static func passed(for capabilities: PluginCapabilities) -> [String: String] {
        ProcessEnvironment.variables().filter { name, value in
            switch name {
            case "HOME":
                (capabilities.readPaths + capabilities.writePaths).contains { covers($0, value) || covers(value, $0) }
            case "TMPDIR": capabilities.writePaths.contains { covers($0, value) }
            default: names.contains(name) || name.hasPrefix("LC_")
            }
        }
    }

    /// Whether a path is a folder or below it.
    private static func covers(_ folder: String, _ path: String) -> Bool {
        path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    }
}
