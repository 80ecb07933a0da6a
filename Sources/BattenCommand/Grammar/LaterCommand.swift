/// Commands of the product that this version does not have: they are refused by name, with what to do instead.
enum LaterCommand {
    /// What to do instead, by command; empty when nothing takes its place.
    private static let instead: [String: String] = [
        "export": "'batten show NAME' writes a kept workflow",
        "import": "'batten add FILE' keeps a workflow",
        "trust": "name the provider in the user's configuration file",
    ]

    /// The error for a command of a later version; nil for anything else.
    static func failure(_ name: String) -> CommandFailure? {
        guard let help = instead[name] else { return nil }
        return .usage("not_in_this_version", "'batten \(name)' is not part of this version", help: help)
    }
}
