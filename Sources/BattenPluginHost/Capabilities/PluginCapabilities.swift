/// What an executor, or all of a plugin's executors together, need of their surroundings.
///
/// Nothing that is not named is granted to an isolated plugin; members that this version does not know grant nothing.
public struct PluginCapabilities: Sendable, Hashable {
    /// What is needed of the network.
    public enum Network: Sendable, Hashable {
        /// No sockets at all.
        case none
        /// TCP connections to these ports, sorted.
        case tcpPorts([UInt16])
        /// Any address, port and protocol.
        case any
    }

    /// Paths that are read, in the order they were named: absolute, or below `~`, or below the call's folder.
    public var readPaths: [String]
    /// Paths that are written, which includes reading; formed like ``readPaths``.
    public var writePaths: [String]
    /// Names of secrets.
    public var secrets: [String]
    /// Whether it starts processes.
    public var startsProcesses: Bool
    /// What is needed of the network.
    public var network: Network

    /// Describes needs; what is left out is not needed.
    public init(
        readPaths: [String] = [], writePaths: [String] = [], secrets: [String] = [], startsProcesses: Bool = false,
        network: Network = .none
    ) {
        self.readPaths = readPaths
        self.writePaths = writePaths
        self.secrets = secrets
        self.startsProcesses = startsProcesses
        self.network = network
    }

    /// Whether a path starts from the folder of each call, so that one process cannot serve calls of two folders.
    public var dependOnCallFolder: Bool {
        (readPaths + writePaths).contains { !$0.hasPrefix("/") && !Self.isBelowHome($0) }
    }

    /// What either of two needs.
    public func union(_ other: PluginCapabilities) -> PluginCapabilities {
        var result = self
        result.readPaths += other.readPaths.filter { !readPaths.contains($0) }
        result.writePaths += other.writePaths.filter { !writePaths.contains($0) }
        result.secrets += other.secrets.filter { !secrets.contains($0) }
        result.startsProcesses = startsProcesses || other.startsProcesses
        switch (network, other.network) {
        case (.any, _), (_, .any): result.network = .any
        case (.none, let needed), (let needed, .none): result.network = needed
        case (.tcpPorts(let own), .tcpPorts(let more)): result.network = .tcpPorts(Set(own + more).sorted())
        }
        return result
    }

    /// The same with absolute paths only.
    ///
    /// - Parameters:
    ///   - home: what `~` stands for, absolute; nil leaves those paths out.
    ///   - callFolder: where relative paths start from, absolute; nil leaves those out.
    public func resolved(home: String?, callFolder: String?) -> PluginCapabilities {
        func absolute(_ path: String) -> String? {
            if path.hasPrefix("/") { return path }
            if Self.isBelowHome(path) { return home.map { $0 + path.dropFirst() } }
            return callFolder.map { path == "." ? $0 : "\($0)/\(path)" }
        }
        var result = self
        result.readPaths = readPaths.compactMap(absolute)
        result.writePaths = writePaths.compactMap(absolute)
        return result
    }

    static func isBelowHome(_ path: String) -> Bool {
        path == "~" || path.hasPrefix("~/")
    }
}
