public import BattenPlugin

/// A pattern for paths: `*`, `?`, `[a-z]`, `[!a-z]`, `{one,other}`, and `**` for any number of folders.
///
/// A name that begins with a dot is matched only by a pattern that begins with one.
public struct GlobPattern: Sendable {
    /// One component.
    public enum Segment: Sendable, Hashable {
        /// Exactly this name.
        case name(String)
        /// A name that fits.
        case pattern([Piece], showsHidden: Bool)
        /// Any number of folders, also none.
        case anyFolders
    }

    /// A part of a component.
    public enum Piece: Sendable, Hashable {
        /// This character.
        case character(Character)
        /// Any one character.
        case any
        /// Any number of characters.
        case many
        /// One character of some ranges, or of none of them.
        case set([ClosedRange<Character>], isNegated: Bool)
    }

    /// How many alternatives `{…}` may give in all.
    static let mostAlternatives = 256

    /// Takes a pattern apart into one list of components for each alternative.
    ///
    /// - Throws: ``Failure`` for bad input: what is not closed, `..`, or too many alternatives.
    public static func alternatives(_ text: String, field: String) throws(Failure) -> [String] {
        var done: [String] = []
        var open = [text]
        while let next = open.popLast() {
            guard let brace = try braces(next, field) else {
                done.append(next)
                continue
            }
            for choice in brace.choices.reversed() { open.append(brace.before + choice + brace.after) }
            guard done.count + open.count <= mostAlternatives else {
                throw .badInput(field: field, "its braces give more than \(mostAlternatives) alternatives")
            }
        }
        return done
    }

    /// The first pair of braces, with its alternatives.
    private static func braces(
        _ text: String, _ field: String
    ) throws(Failure) -> (before: String, choices: [String], after: String)? {
        let characters = Array(text)
        guard let start = characters.indices.first(where: { characters[$0] == "{" && !isQuoted(characters, $0) }) else {
            return nil
        }
        var depth = 0
        var choices: [String] = [""]
        for index in start..<characters.count {
            let character = characters[index]
            let quoted = isQuoted(characters, index)
            if character == "{", !quoted {
                depth += 1
                if depth == 1 { continue }
            } else if character == "}", !quoted {
                depth -= 1
                if depth == 0 {
                    return (String(characters[..<start]), choices, String(characters[(index + 1)...]))
                }
            } else if character == ",", !quoted, depth == 1 {
                choices.append("")
                continue
            }
            choices[choices.count - 1].append(character)
        }
        throw .badInput(field: field, "'\(text)' has a '{' without its '}'; write '\\{' for the character")
    }

    private static func isQuoted(_ characters: [Character], _ index: Int) -> Bool {
        var count = 0
        var before = index - 1
        while before >= 0, characters[before] == "\\" {
            count += 1
            before -= 1
        }
        return count % 2 == 1
    }

    /// Reads one component of an alternative.
    public static func segment(_ text: String, field: String) throws(Failure) -> Segment {
        if text == "**" { return .anyFolders }
        guard text != ".." else { throw .badInput(field: field, "must not hold '..'") }
        var pieces: [Piece] = []
        var rest = Array(text)[...]
        while let next = rest.popFirst() {
            switch next {
            case "*": if pieces.last != .many { pieces.append(.many) }
            case "?": pieces.append(.any)
            case "\\":
                guard let quoted = rest.popFirst() else {
                    throw .badInput(field: field, "'\(text)' ends with a '\\' that quotes nothing")
                }
                pieces.append(.character(quoted))
            case "[":
                pieces.append(try set(&rest, text, field))
            default: pieces.append(.character(next))
            }
        }
        let name = pieces.compactMap { if case .character(let character) = $0 { character } else { nil } }
        if name.count == pieces.count { return .name(String(name)) }
        return .pattern(pieces, showsHidden: pieces.first == .character("."))
    }

    private static func set(
        _ rest: inout ArraySlice<Character>, _ text: String, _ field: String
    ) throws(Failure) -> Piece {
        var isNegated = false
        if rest.first == "!" || rest.first == "^" {
            isNegated = true
            rest = rest.dropFirst()
        }
        var ranges: [ClosedRange<Character>] = []
        var isFirst = true
        while let next = rest.popFirst() {
            if next == "]", !isFirst { return .set(ranges, isNegated: isNegated) }
            isFirst = false
            if rest.first == "-", let end = rest.dropFirst().first, end != "]" {
                guard next <= end else {
                    throw .badInput(
                        field: field, "'\(text)' has the range \(next)-\(end), which ends before it starts")
                }
                ranges.append(next...end)
                rest = rest.dropFirst(2)
            } else {
                ranges.append(next...next)
            }
        }
        throw .badInput(field: field, "'\(text)' has a '[' without its ']'; write '\\[' for the character")
    }

    /// Whether a name fits a component; `anyFolders` fits none by itself.
    public static func fits(_ name: String, _ segment: Segment) -> Bool {
        switch segment {
        case .name(let wanted): return name == wanted
        case .anyFolders: return false
        case .pattern(let pieces, let showsHidden):
            return (showsHidden || !name.hasPrefix(".")) && fits(Array(name), pieces)
        }
    }

    /// In time proportional to the product of both lengths: only the last `*` is ever gone back to.
    private static func fits(_ name: [Character], _ pieces: [Piece]) -> Bool {
        var at = 0
        var piece = 0
        var star: (piece: Int, at: Int)?
        while at < name.count {
            if piece < pieces.count, pieces[piece] == .many {
                star = (piece, at)
                piece += 1
            } else if piece < pieces.count, fits(name[at], pieces[piece]) {
                at += 1
                piece += 1
            } else if let last = star {
                star = (last.piece, last.at + 1)
                at = last.at + 1
                piece = last.piece + 1
            } else {
                return false
            }
        }
        while piece < pieces.count, pieces[piece] == .many { piece += 1 }
        return piece == pieces.count
    }

    private static func fits(_ character: Character, _ piece: Piece) -> Bool {
        switch piece {
        case .character(let wanted): character == wanted
        case .any: true
        case .many: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(character) } != isNegated
        }
    }
}
