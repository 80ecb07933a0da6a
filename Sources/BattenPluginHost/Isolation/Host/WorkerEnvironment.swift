import BattenSystem

/// What worker processes see of this process's environment.
enum WorkerEnvironment {
    /// Names that are passed on: where programs, libraries, files and certificates are, and how text and time are shown.
    private static let names = [
        "PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY",
    ]

    /// The variables, `NAME=value`, sorted.
    static var variables: [String] {
        let all = ProcessEnvironment.variables()
        return all.filter { names.contains($0.key) || $0.key.hasPrefix("LC_") }.map { "\($0.key)=\($0.value)" }.sorted()
    }
}
