internal import BattenPlugin

/// The values that a script wrote to the file `$BATTEN_OUTPUT`.
///
/// One line each, `name=value`; a value of several lines as in a shell: `name<<END`, the lines, and a line `END`.
enum OutputValues {
    /// How many bytes the file may have.
    static let largest = 1 << 20
    /// Names that the executor itself gives.
    static let reserved: Set<String> = ["exit_code", "stdout", "stderr", "json"]

    /// Reads the file's text.
    ///
    /// - Throws: ``Failure`` that names the line.
    static func parse(_ text: String) throws(Failure) -> JSONObject {
        var values: JSONObject = [:]
        // A carriage return and a newline are one character of Swift, hence the scalars' view.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in line.last == "\r" ? String(String.UnicodeScalarView(line.dropLast())) : String(line) }
        if lines.last == "" { lines.removeLast() }
        var number = 0
        while number < lines.count {
            let line = lines[number]
            let place = number + 1
            number += 1
            if line.isEmpty { continue }
            let (name, rest) = splitName(line)
            guard isName(name), let first = rest.first else {
                throw broken(
                    place, "write name=value, or name<<END, the lines, and END; a name is letters, digits, _ and -")
            }
            if reserved.contains(name) { throw broken(place, "the name \(name) is the stage's own; use another") }
            if first == "=" {
                values[name] = .string(String(rest.dropFirst()))
                continue
            }
            let end = String(rest.dropFirst(2))
            guard rest.hasPrefix("<<"), !end.isEmpty else {
                throw broken(place, "after \(name) comes = or << and a word that ends the value")
            }
            guard let stop = lines[number...].firstIndex(of: end) else {
                throw broken(place, "the value of \(name) has no end: a line with \(end) is missing")
            }
            values[name] = .string(lines[number..<stop].joined(separator: "\n"))
            number = stop + 1
        }
        return values
    }

    private static func splitName(_ line: String) -> (name: String, rest: Substring) {
        let end = line.firstIndex { $0 == "=" || $0 == "<" } ?? line.endIndex
        return (String(line[..<end]), line[end...])
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
        return text.utf8.allSatisfy { byte in
            isLetter(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func broken(_ line: Int, _ message: String) -> Failure {
        Failure(
            .failed, code: "shell.output_file", "line \(line) of the file $BATTEN_OUTPUT: \(message)",
            effect: .made, details: ["line": .integer(Int64(line))])
    }
}
