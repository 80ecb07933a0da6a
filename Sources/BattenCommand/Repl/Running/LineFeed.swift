import BattenCore
import BattenSystem

/// Gives the lines of a script or of standard input, one after the other.
final class LineFeed: Sendable {
    /// What came.
    enum Next: Sendable {
        /// A line without its end.
        case line([UInt8])
        case end
        /// Somebody called ``wake()``.
        case woken
    }

    /// Bytes that one line may have.
    static let greatestLine = 64 << 20

    /// Name for diagnostics.
    let path: String
    private let reader: InputReader?
    private let state: Monitor<State>

    private struct State {
        var bytes: [UInt8]
        var place = 0
        var isAtEnd: Bool
    }

    private init(path: String, bytes: [UInt8], reader: InputReader?) {
        self.path = path
        self.reader = reader
        state = Monitor(State(bytes: bytes, isAtEnd: reader == nil))
    }

    /// Opens a script, or standard input for nil and `-`.
    static func open(_ path: String?, in context: CommandContext) throws(CommandFailure) -> LineFeed {
        if let path, path != "-" {
            let text = try WorkflowText.read(path, in: context)
            return LineFeed(path: path, bytes: text.bytes, reader: nil)
        }
        let reader = try RunSession.asFailure { try InputReader(.input) }
        let isTerminal = StandardStream.input.isTerminal
        return LineFeed(path: isTerminal ? ReplOutput.terminal : "<stdin>", bytes: [], reader: reader)
    }

    /// Ends a wait for input.
    func wake() { reader?.wake() }

    /// The next line; a last one without a line end counts.
    func next() throws(CommandFailure) -> Next {
        while true {
            let found: Next? = state.withLock { state in
                if let end = state.bytes[state.place...].firstIndex(of: 0x0A) {
                    var line = Array(state.bytes[state.place..<end])
                    if line.last == 0x0D { line.removeLast() }
                    state.place = end + 1
                    return .line(line)
                }
                guard state.isAtEnd else {
                    state.bytes.removeFirst(state.place)
                    state.place = 0
                    return nil
                }
                guard state.place < state.bytes.count else { return .end }
                let line = Array(state.bytes[state.place...])
                state.place = state.bytes.count
                return .line(line)
            }
            if let found { return found }
            guard let reader else { return .end }
            switch try RunSession.asFailure({ try reader.read(upTo: 64 << 10) }) {
            case .woken: return .woken
            case .end: state.withLock { $0.isAtEnd = true }
            case .bytes(let bytes):
                let isTooLong = state.withLock { state in
                    state.bytes += bytes
                    return state.bytes.count > Self.greatestLine
                }
                guard !isTooLong else {
                    throw .usage("line_too_long", "a line has more than 64 MiB", help: "read large data from a file")
                }
            }
        }
    }
}
