import BattenSystem

/// How a stream shows text: how wide it is, and whether it has colours.
struct TextProfile: Sendable {
    /// Whether it is a terminal.
    let isTerminal: Bool
    /// Whether text is coloured.
    let hasColor: Bool
    /// Asks for the columns anew, because a window may change its size.
    let currentWidth: @Sendable () -> Int

    /// The columns now, at least 20.
    var width: Int { max(20, currentWidth()) }

    init(isTerminal: Bool, hasColor: Bool, width: @escaping @Sendable () -> Int) {
        self.isTerminal = isTerminal
        self.hasColor = hasColor
        currentWidth = width
    }

    /// Text without colours, of a fixed width.
    static func plain(width: Int = 80) -> TextProfile {
        TextProfile(isTerminal: false, hasColor: false, width: { width })
    }

    /// What a stream of this process shows.
    ///
    /// - Parameters:
    ///   - stream: the stream.
    ///   - environment: `NO_COLOR`, `TERM` and `COLUMNS` are read.
    ///   - color: `always`, `never` or `auto`.
    static func of(_ stream: StandardStream, environment: [String: String], color: String) -> TextProfile {
        let isTerminal = stream.isTerminal
        let columns = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? min($0, 10_000) : nil }
        let hasColor: Bool =
            switch color {
            case "always": true
            case "never": false
            default: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
            }
        return TextProfile(isTerminal: isTerminal, hasColor: hasColor) {
            if isTerminal, let size = stream.windowSize { return size.columns }
            return columns ?? 80
        }
    }

    /// Text in a tone, where there are colours.
    func paint(_ text: String, _ tones: Tone...) -> String {
        guard hasColor, !tones.isEmpty, !text.isEmpty else { return text }
        return "\u{1B}[\(tones.map(\.rawValue).joined(separator: ";"))m\(text)\u{1B}[0m"
    }
}

/// A tone of text; it never says anything that the text does not.
enum Tone: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case magenta = "35"
    case cyan = "36"
}
