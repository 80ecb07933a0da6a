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
    /// - Returns: the line that the editor is to remember; a statement of several lines comes back as one.
    func keep(_ statement: [UInt8]) -> String? {
        guard let first = statement.first, first != 0x20 else { return nil }
        let line = Self.joined(statement)
        if let file = try? FileSystem.open(path, .append, mode: 0o600) {
            try? file.write(Array((line + "\n").utf8))
        }
        return line
    }

    /// A statement in one line that means the same: line breaks in quotes become `\n`, others a space.
    private static func joined(_ statement: [UInt8]) -> String {
        guard statement.contains(0x0A) else { return String(decoding: statement, as: UTF8.self) }
        var line: [UInt8] = []
        var isIndent = false
        for (place, byte) in LineShape(statement).cleaned.enumerated() {
            if isIndent, byte == 0x20 { continue }
            isIndent = false
            if byte != 0x0A {
                line.append(byte)
            } else if case .quote = LineShape(Array(statement[..<place])).opening {
                line += Array(#"\n"#.utf8)
            } else {
                while line.last == 0x20 { line.removeLast() }
                line.append(0x20)
                isIndent = true
            }
        }
        return String(decoding: line, as: UTF8.self)
    }
}
