public import BattenCore

extension PluginCapabilities {
    /// A declaration that cannot be used: the member and what is wrong with it.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Name of the member, with dots.
        public let member: String
        /// What is wrong with it.
        public let reason: String

        /// Member and reason in one line.
        public var description: String { "\(member) \(reason)" }
    }

    /// How many paths, secrets or ports one declaration may name.
    private static let mostNames = 256
    /// Bytes of one path or name.
    private static let mostBytes = 4096

    /// Reads the JSON object that an executor declares.
    ///
    /// - Throws: `Failure` for the first member that is wrong.
    public init(_ json: JSONValue) throws(Failure) {
        guard let members = json.objectValue else { throw Failure(member: "capabilities", reason: "is no object") }
        self.init()
        if let paths = members["paths"] {
            guard let paths = paths.objectValue else { throw Failure(member: "paths", reason: "is no object") }
            readPaths = try Self.paths(paths["read"], "paths.read")
            writePaths = try Self.paths(paths["write"], "paths.write")
        }
        secrets = try Self.texts(members["secrets"], "secrets")
        if let process = members["process"] {
            guard let flag = process.boolValue else { throw Failure(member: "process", reason: "is not true or false") }
            startsProcesses = flag
        }
        network = try Self.network(members["network"])
    }

    /// The declaration as an executor writes it; what is not needed is left out.
    public var json: JSONValue {
        var members: JSONObject = [:]
        var paths: JSONObject = [:]
        if !readPaths.isEmpty { paths["read"] = .array(readPaths.map(JSONValue.string)) }
        if !writePaths.isEmpty { paths["write"] = .array(writePaths.map(JSONValue.string)) }
        if !paths.isEmpty { members["paths"] = .object(paths) }
        if !secrets.isEmpty { members["secrets"] = .array(secrets.map(JSONValue.string)) }
        if startsProcesses { members["process"] = true }
        switch network {
        case .none: break
        case .any: members["network"] = "any"
        case .tcpPorts(let ports): members["network"] = ["tcp_ports": .array(ports.map { .int(Int64($0)) })]
        }
        return .object(members)
    }

    private static func paths(_ value: JSONValue?, _ member: String) throws(Failure) -> [String] {
        let paths = try texts(value, member)
        for path in paths where path.split(separator: "/").contains("..") {
            throw Failure(member: member, reason: "names \(path): a path may not lead upwards")
        }
        return paths
    }

    private static func texts(_ value: JSONValue?, _ member: String) throws(Failure) -> [String] {
        guard let value else { return [] }
        guard let list = value.arrayValue, list.count <= mostNames else {
            throw Failure(member: member, reason: "is no list of at most \(mostNames) texts")
        }
        var texts: [String] = []
        for (index, element) in list.enumerated() {
            guard let text = element.stringValue, !text.isEmpty, text.utf8.count < mostBytes, !text.utf8.contains(0)
            else {
                throw Failure(member: "\(member)[\(index)]", reason: "is no text of 1 to \(mostBytes - 1) bytes")
            }
            if !texts.contains(text) { texts.append(text) }
        }
        return texts
    }

    private static func network(_ value: JSONValue?) throws(Failure) -> Network {
        guard let value else { return .none }
        switch value.stringValue {
        case "none": return .none
        case "any": return .any
        default: break
        }
        guard let list = value["tcp_ports"]?.arrayValue, value.objectValue?.count == 1, list.count <= mostNames else {
            throw Failure(
                member: "network", reason: "is neither \"none\" nor \"any\" nor {\"tcp_ports\": [port…]}")
        }
        var ports: Set<UInt16> = []
        for element in list {
            guard let number = element.intValue, let port = UInt16(exactly: number), port > 0 else {
                throw Failure(member: "network.tcp_ports", reason: "has \(element), which is no port")
            }
            ports.insert(port)
        }
        return ports.isEmpty ? .none : .tcpPorts(ports.sorted())
    }
}
