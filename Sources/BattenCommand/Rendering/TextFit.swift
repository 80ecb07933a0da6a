import BattenSpec

/// Fits text into columns of a terminal.
enum TextFit {
    /// Columns that a text takes; control characters take none.
    static func width(_ text: String) -> Int {
        var width = 0
        for character in text { width += self.width(character) }
        return width
    }

    /// Columns of one character as people see it: a sequence of joined emoji is one.
    static func width(_ character: Character) -> Int {
        var widest = 0
        for scalar in character.unicodeScalars {
            if DisplayWidth.isUnsafe(scalar) { continue }
            widest = max(widest, scalar.value == 0xFE0F ? 2 : DisplayWidth.of(scalar))
        }
        return widest
    }

    /// A text of one line without anything a terminal would act on: escape sequences gone, tabs as a space.
    static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: DisplayWidth.isUnsafe) else { return text }
        var result = ""
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar.value == 0x1B {
                skipEscape(&scalars)
            } else if scalar == "\t" || scalar == "\n" {
                result.unicodeScalars.append(" ")
            } else if !DisplayWidth.isUnsafe(scalar) {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A text cut to some columns, the cut marked with `…`.
    static func cut(_ text: String, to columns: Int) -> String {
        guard columns > 0 else { return "" }
        var used = 0
        var kept = text.startIndex
        for index in text.indices {
            let width = width(text[index])
            if used + width > columns {
                return String(text[..<kept]) + "…"
            }
            used += width
            if used <= columns - 1 { kept = text.index(after: index) }
        }
        return text
    }

    /// A text filled up with spaces.
    static func pad(_ text: String, to columns: Int, right: Bool = false) -> String {
        let missing = columns - width(text)
        guard missing > 0 else { return text }
        let spaces = String(repeating: " ", count: missing)
        return right ? spaces + text : text + spaces
    }

    /// A text broken at spaces into lines of some columns; a word that is too long is broken anywhere.
    static func wrap(_ text: String, to columns: Int) -> [String] {
        let columns = max(4, columns)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            var used = 0
            for word in paragraph.split(separator: " ") {
                var word = String(word)
                var length = width(word)
                if used > 0, used + 1 + length <= columns {
                    line += " " + word
                    used += 1 + length
                    continue
                }
                if used > 0 { lines.append(line) }
                while length > columns {
                    var head = ""
                    while let first = word.first, width(head) + width(first) <= columns {
                        head.append(word.removeFirst())
                    }
                    lines.append(head)
                    length = width(word)
                }
                (line, used) = (word, length)
            }
            lines.append(line)
        }
        return lines
    }

    /// Skips the rest of an escape sequence: CSI up to its final letter, OSC up to its end, else one character.
    private static func skipEscape(_ scalars: inout Substring.UnicodeScalarView) {
        guard let kind = scalars.popFirst() else { return }
        if kind == "[" {
            while let scalar = scalars.popFirst() {
                if (0x40...0x7E).contains(scalar.value) { return }
            }
        } else if kind == "]" {
            while let scalar = scalars.popFirst() {
                if scalar.value == 0x07 { return }
                if scalar.value == 0x1B {
                    _ = scalars.popFirst()
                    return
                }
            }
        }
    }
}
