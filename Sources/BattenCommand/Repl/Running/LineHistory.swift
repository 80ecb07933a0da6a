import BattenCore
import BattenSystem

/// The lines of earlier sessions, in a file of the user's alone.
///
/// Each line is added to the file at once, so that several sessions and one that is killed keep what was typed. A line that
/// begins with a space is not kept.
struct LineHistory {
    private static let greatest = 10_000

    private let path: String
    /// Lines of earlier sessions, oldest first.
    let lines: [String]

    /// Reads the history; a file that cannot be read is none.
    init(path: String) {
        self.path = path
        let bytes = (try? FileSystem.read(path)) ?? []
        let all = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        lines = all.suffix(Self.greatest)
        // A file that has grown to twice what is read is cut down.
        if all.count > 2 * Self.greatest {
            try? FileSystem.writeAtomically(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
        }
    }

    /// Keeps a statement.
    ///
    /// - Returns: the lines that the editor is to remember: a statement of several lines comes back as one where it can.
    func keep(_ statement: [UInt8]) -> [String] {
        guard let first = statement.first, first != 0x20 else { return [] }
        var text = String(decoding: LineShape(statement).cleaned, as: UTF8.self)
        let isOneLine = !statement.contains(0x0A)
        if isOneLine {
            text = String(decoding: statement, as: UTF8.self)
        } else if !Self.breaksText(statement) {
            text = text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ")
        }
        let kept = text.split(separator: "\n").map(String.init)
        if let file = try? FileSystem.open(path, .append, mode: 0o600) {
            try? file.write(Array((kept.joined(separator: "\n") + "\n").utf8))
        }
        return kept
    }

    /// Whether a line ends inside a quoted text.
    private static func breaksText(_ statement: [UInt8]) -> Bool {
        statement.indices.contains { place in
            guard statement[place] == 0x0A, case .quote = LineShape(Array(statement[..<place])).opening else {
                return false
            }
            return true
        }
    }
}
