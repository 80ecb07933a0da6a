internal import Glibc

/// What a process sees of the engine's own environment: nothing but what nearly every program needs.
enum CleanEnvironment {
    /// Names that are passed on, together with all of `LC_`.
    private static let names = [
        "PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL", "TERM", "LC_ALL", "LC_ADDRESS",
        "LC_COLLATE", "LC_CTYPE", "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_MESSAGES", "LC_MONETARY", "LC_NAME",
        "LC_NUMERIC", "LC_PAPER", "LC_TELEPHONE", "LC_TIME",
    ]

    /// Reads the allowed variables of this process.
    static func ofThisProcess() -> [(name: String, value: String)] {
        names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
    }

    /// Puts a process's variables together; later lists win.
    static func joined(_ lists: [(name: String, value: String)]...) -> [(name: String, value: String)] {
        var values: [(name: String, value: String)] = []
        var places: [String: Int] = [:]
        for variable in lists.joined() {
            if let place = places[variable.name] {
                values[place].value = variable.value
            } else {
                places[variable.name] = values.count
                values.append(variable)
            }
        }
        return values
    }
}
