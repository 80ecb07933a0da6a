import BattenCore

/// Where a setting's value came from.
enum SettingOrigin: Sendable, Hashable {
    case standard
    /// A configuration file, with the line.
    case file(path: String, line: Int)
    /// An environment variable.
    case variable(String)
    /// An option of the command line, with its dashes.
    case option(String)

    /// The origin in words: `default`, `/etc/x.yaml:3`, `BATTEN_HOME`, `--home`.
    var text: String {
        switch self {
        case .standard: "default"
        case .file(let path, let line): "\(path):\(line)"
        case .variable(let name): name
        case .option(let name): name
        }
    }
}

/// One setting with its value and where that came from.
struct SettingValue: Sendable, Hashable {
    /// Name with dots; settings of plugins carry theirs (`plugins.llm.providers`).
    let name: String
    /// The value as data; paths absolute.
    let value: JSONValue
    /// Where it came from.
    let origin: SettingOrigin
}

/// The settings, and where each came from.
struct ResolvedSettings: Sendable {
    /// What the program works with.
    let settings: Settings
    /// Every value with its origin, in the order of ``SettingKey/all``.
    let values: [SettingValue]
    /// Configuration files that were read, in order.
    let files: [String]

    /// The origin of a setting, or of the one that holds it.
    func origin(_ name: String) -> SettingOrigin {
        if let value = values.last(where: { $0.name == name }) { return value.origin }
        guard let dot = name.lastIndex(of: ".") else { return .standard }
        return origin(String(name[..<dot]))
    }
}
