internal import BattenPluginHost
internal import BattenSystem
internal import CConfine

/// The Landlock rules of a worker: which files, ports and processes stay within reach.
struct FileRules {
    private let capabilities: PluginCapabilities
    private let plugin: String
    private let version: Int32

    init(_ capabilities: PluginCapabilities, plugin: String, version: Int) {
        self.capabilities = capabilities
        self.plugin = plugin
        self.version = Int32(clamping: version)
    }

    /// What loading a library needs, and what libraries read of the machine.
    private static let always = [
        "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
        "/etc/localtime", "/usr/share/zoneinfo", "/usr/share/locale", "/etc/ssl/openssl.cnf", "/proc/self",
        "/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu",
    ]
    private static let devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]
    /// Name servers and certificates.
    private static let forNetwork = [
        "/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf",
        "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki",
        "/usr/share/ca-certificates",
    ]
    /// The system's programs, and what they read.
    private static let forProcesses = [
        "/bin", "/sbin", "/usr", "/proc", "/etc/alternatives", "/etc/passwd", "/etc/group",
    ]

    /// Enforces the rules.
    ///
    /// - Returns: a line for each declared path that is not there.
    func enforce() throws(SystemError) -> [String] {
        var handled = CONFINE_NO_SIGNALS
        if capabilities.network != .any { handled |= CONFINE_NO_TCP | CONFINE_NO_ABSTRACT_SOCKETS }
        let number = confine_rules_begin(version, Int32(handled))
        try check("begin Landlock rules") { number }
        let rules = Descriptor(owning: number)
        let execute = capabilities.startsProcesses ? CONFINE_EXECUTE : 0
        let read = CONFINE_READ | execute
        let write = CONFINE_READ | CONFINE_WRITE | execute

        for path in Self.always + LoadedLibraries.folders() + ownFiles + namedLibraries {
            try allow(path, read, rules)
        }
        for path in Self.devices { try allow(path, CONFINE_READ | CONFINE_WRITE, rules) }
        if capabilities.network != .none {
            for path in Self.forNetwork + Self.paths(in: "SSL_CERT_FILE") + Self.paths(in: "SSL_CERT_DIR") {
                try allow(path, read, rules)
            }
        }
        if capabilities.startsProcesses { for path in Self.forProcesses { try allow(path, read, rules) } }
        var missing: [String] = []
        for (paths, uses) in [(capabilities.readPaths, read), (capabilities.writePaths, write)] {
            for path in paths where try !allow(path, uses, rules) {
                missing.append("the declared path \(path) cannot be found, so it stays out of reach")
            }
        }
        if version >= 4, case .tcpPorts(let ports) = capabilities.network {
            // Names are looked up over TCP as well.
            for port in Set(ports + [53]).sorted() {
                try check("allow the port \(port)") { confine_rules_allow_port(rules.rawValue, port) }
            }
        }
        try check("enforce Landlock rules") { confine_rules_enforce(rules.rawValue) }
        return missing
    }

    /// What the plugin brought along: all of its folder where that is its own, `<id>/<version>/`, else the libraries
    /// beside it.
    private var ownFiles: [String] {
        guard let folder = FileSystem.parent(of: plugin), !folder.hasPrefix("/proc/") else { return [plugin] }
        if let version = folder.split(separator: "/").last, let first = version.utf8.first, first >= 0x30, first <= 0x39
        {
            return [folder]
        }
        return [plugin] + Self.libraries(in: folder)
    }

    /// The libraries in the folders that `LD_LIBRARY_PATH` names: they alone, as such a folder may hold anything.
    private var namedLibraries: [String] {
        Self.paths(in: "LD_LIBRARY_PATH").flatMap(Self.libraries)
    }

    private static func libraries(in folder: String) -> [String] {
        let names = (try? FileSystem.list(folder)) ?? []
        return names.filter { $0.hasSuffix(".so") || $0.contains(".so.") }.map { "\(folder)/\($0)" }
    }

    /// The absolute paths that a variable lists with colons between them.
    private static func paths(in variable: String) -> [String] {
        (ProcessEnvironment.variable(variable) ?? "").split(separator: ":").map(String.init).filter {
            $0.hasPrefix("/")
        }
    }

    /// Allows uses of a path.
    ///
    /// - Returns: false when it is not there or not this user's to look at.
    @discardableResult
    private func allow(_ path: String, _ uses: Int, _ rules: borrowing Descriptor) throws(SystemError) -> Bool {
        let number = rules.rawValue
        do throws(SystemError) {
            try check("allow \(path)") { unsafe confine_rules_allow_path(number, version, path, Int32(uses)) }
            return true
        } catch {
            switch error.number {
            case .noSuchFile, .notAFolder, .accessDenied: return false
            default: throw error
            }
        }
    }
}

/// The libraries of this process.
enum LoadedLibraries {
    /// The folders they came from: a plugin may need others from there, such as more of a language's runtime.
    static func folders() -> [String] {
        guard let maps = try? FileSystem.read("/proc/self/maps") else { return [] }
        var folders: [String] = []
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            // 7f3c…-7f3c… r-xp 00000000 fe:00 131 /usr/lib/x86_64-linux-gnu/libc.so.6
            guard let slash = line.firstIndex(of: UInt8(ascii: "/")) else { continue }
            guard let end = line.lastIndex(of: UInt8(ascii: "/")), isLibrary(line[end...]) else { continue }
            let folder = String(decoding: line[slash..<max(end, slash + 1)], as: UTF8.self)
            if folders.last != folder, !folders.contains(folder) { folders.append(folder) }
        }
        return folders
    }

    /// Whether the last part of a path holds `.so`.
    private static func isLibrary(_ name: ArraySlice<UInt8>) -> Bool {
        name.indices.dropLast(2).contains { place in
            name[place] == UInt8(ascii: ".") && name[place + 1] == UInt8(ascii: "s")
                && name[place + 2] == UInt8(ascii: "o")
        }
    }
}

/// Turns -1 of a C function into an error.
func check(_ operation: @autoclosure () -> String, _ call: () -> Int32) throws(SystemError) {
    guard call() == -1 else { return }
    throw SystemError.ofThisThread(operation())
}
