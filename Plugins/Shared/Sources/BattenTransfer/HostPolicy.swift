/// Which hosts a client may connect to.
///
/// An entry is a name (`api.example.org`), a name with all names below it (`*.example.org`), an address or a range
/// of addresses (`10.0.0.0/8`). `deny` wins over `allow`. With an empty `allow` everything is allowed but link-local
/// addresses and the addresses at which clouds offer credentials to their machines; those need an `allow` entry that
/// is an address or range. Loopback and private addresses are allowed like any other.
public struct HostPolicy: Sendable, Hashable {
    /// What the policy says to a connection.
    public enum Verdict: Sendable, Equatable {
        /// Go on.
        case allowed
        /// No, and the reason for people.
        case refused(String)
    }

    private enum Entry: Sendable, Hashable {
        case name(String)
        case below(String)
        case range(NetworkRange)

        func matches(name: String) -> Bool {
            switch self {
            case .name(let own): own == name
            case .below(let suffix): name.hasSuffix(suffix)
            case .range: false
            }
        }

        func matches(_ address: NetworkAddress) -> Bool {
            if case .range(let range) = self { range.contains(address) } else { false }
        }
    }

    private var allow: [Entry] = []
    private var deny: [Entry] = []

    /// The policy of an empty configuration.
    public static let standard = HostPolicy()

    private init() {}

    /// Reads a policy.
    ///
    /// - Throws: ``TransferFailure`` that names the entry which is neither a name nor a range.
    public init(allow: [String], deny: [String]) throws(TransferFailure) {
        self.allow = try Self.entries(allow, field: "network.allow")
        self.deny = try Self.entries(deny, field: "network.deny")
    }

    private static func entries(_ texts: [String], field: String) throws(TransferFailure) -> [Entry] {
        var entries: [Entry] = []
        for text in texts {
            let lower = text.lowercased()
            if let range = NetworkRange(lower) {
                entries.append(.range(range))
            } else if lower.hasPrefix("*."), isName(lower.dropFirst(2)) {
                entries.append(.below(String(lower.dropFirst())))
            } else if isName(lower[...]) {
                entries.append(.name(lower))
            } else {
                throw TransferFailure(
                    .badRequest, code: "network.policy",
                    message: "\(field) holds '\(text)', which is neither a host name, '*.' and a host name, an "
                        + "address, nor a range such as 10.0.0.0/8")
            }
        }
        return entries
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte >= 0x80 || (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 46
                    || byte == 95
            }
    }

    private static let refusedNames: Set<String> = ["metadata.google.internal", "metadata.goog"]
    private static let refusedRanges: [NetworkRange] = [
        // Link-local.
        "169.254.0.0/16", "fe80::/10",
        // Instance metadata: AWS over IPv6, Alibaba, Oracle, Azure's wire server.
        "fd00:ec2::/32", "100.100.100.200", "192.0.0.192", "168.63.129.16",
    ].compactMap { NetworkRange($0) }

    /// Judges the name in a URL, before it is looked up.
    ///
    /// An address in place of a name is judged as one.
    public func judge(host: String) -> Verdict {
        if let address = NetworkAddress(host) { return judge(address, ofHost: host) }
        let name = Self.canonical(host)
        if deny.contains(where: { $0.matches(name: name) }) {
            return .refused("network.deny names host '\(name)'")
        }
        if allow.contains(where: { $0.matches(name: name) }) { return .allowed }
        if Self.refusedNames.contains(name) {
            return .refused("host '\(name)' serves credentials of the machine; allow its address to use it")
        }
        let onlyNames = allow.allSatisfy { if case .range = $0 { false } else { true } }
        if !allow.isEmpty, onlyNames {
            return .refused("network.allow does not name host '\(name)'")
        }
        return .allowed
    }

    /// Judges the address of a connection, made for a URL with this host.
    public func judge(_ address: NetworkAddress, ofHost host: String) -> Verdict {
        if deny.contains(where: { $0.matches(address) }) {
            return .refused("network.deny covers address \(address) of host '\(host)'")
        }
        if allow.contains(where: { $0.matches(address) }) { return .allowed }
        if Self.refusedRanges.contains(where: { $0.contains(address) }) {
            return .refused(
                "address \(address) of host '\(host)' is link-local or serves credentials of the machine; "
                    + "network.allow can name it")
        }
        let name = Self.canonical(host)
        if allow.isEmpty || allow.contains(where: { $0.matches(name: name) }) { return .allowed }
        return .refused("network.allow covers neither host '\(host)' nor its address \(address)")
    }

    /// Lower case, without the dot of the root.
    private static func canonical(_ host: String) -> String {
        let lower = host.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}
