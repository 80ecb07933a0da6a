/// Options that every command takes.
enum GlobalOptions {
    static let home = OptionDescription.value(
        "home", "DIR", .folder, standard: "$XDG_STATE_HOME/batten",
        "folder of the store, its blobs and the engines' locks")
    static let config = OptionDescription.value(
        "config", "FILE", .file, standard: "$XDG_CONFIG_HOME/batten/config.yaml", "the user's configuration file")
    static let color = OptionDescription.value(
        "color", "WHEN", .choice(["auto", "always", "never"]), standard: "auto",
        "whether text is coloured; NO_COLOR is respected")
    static let noColor = OptionDescription.flag("no-color", "the same as --color never")
    static let pluginDirectory = OptionDescription.value(
        "plugin-dir", "DIR", .folder, repeated: true, "a further folder to find plugins in")
    static let inProcessPlugins = OptionDescription.flag(
        "in-process-plugins", "load plugins from outside the bundled folder into this process")
    static let safeMode = OptionDescription.flag("safe-mode", "use no plugins but those that came with Batten")
    static let quiet = OptionDescription.flag("quiet", short: "q", "write results and errors only")
    static let help = OptionDescription.flag("help", short: "h", "show help")

    /// The option that chooses how results are written.
    static func format(_ formats: [OutputFormat]) -> OptionDescription {
        let names = formats.map(\.rawValue)
        return .value("format", "FORMAT", .choice(names), standard: names.first, "how results are written")
    }

    /// All of them for a command that writes the given formats.
    static func all(formats: [OutputFormat]) -> [OptionDescription] {
        (formats.count > 1 ? [format(formats)] : []) + [
            home, config, color, noColor, pluginDirectory, inProcessPlugins, safeMode, quiet, help,
        ]
    }

    /// What may stand before the command's name.
    static var leading: [OptionDescription] {
        all(formats: OutputFormat.allCases) + [.flag("version", "show the version")]
    }
}
