/// A version by the rules of semver.org: three numbers, and perhaps what it is a forerunner of.
public struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// First number.
    public let major: UInt64
    /// Second number.
    public let minor: UInt64
    /// Third number.
    public let patch: UInt64
    /// Parts of the text behind `-`; empty for a release.
    public let forerunner: [String]

    /// Creates a release.
    public init(_ major: UInt64, _ minor: UInt64, _ patch: UInt64) {
        self.major = major
        self.minor = minor
        self.patch = patch
        forerunner = []
    }

    /// Reads `1.2.3`, `1.2.3-rc.1`, `1.2.3+build`; missing numbers are 0 in `1` and `1.2`.
    ///
    /// - Returns: nil for anything else.
    public init?(_ text: String) {
        let release = text.prefix { $0 != "+" }
        let numbers = release.prefix { $0 != "-" }
        let parts = numbers.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), text.utf8.count <= 128 else { return nil }
        var values: [UInt64] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                part == "0" || !part.hasPrefix("0"), let value = UInt64(part)
            else { return nil }
            values.append(value)
        }
        var before: [Substring] = []
        if numbers.endIndex < release.endIndex {
            let rest = release[release.index(after: numbers.endIndex)...]
            before = rest.split(separator: ".", omittingEmptySubsequences: false)
            guard before.allSatisfy({ Self.isIdentifier($0) }) else { return nil }
        }
        if release.endIndex < text.endIndex {
            let build = text[text.index(after: release.endIndex)...]
            guard build.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ Self.isIdentifier($0) })
            else {
                return nil
            }
        }
        major = values[0]
        minor = values.count > 1 ? values[1] : 0
        patch = values.count > 2 ? values[2] : 0
        forerunner = before.map(String.init)
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || $0 == 0x2d
            }
    }

    /// The version without its build text.
    public var description: String {
        "\(major).\(minor).\(patch)" + (forerunner.isEmpty ? "" : "-" + forerunner.joined(separator: "."))
    }

    /// Precedence as semver.org orders it: a forerunner comes before its release.
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let (a, b) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        if a != b { return a < b }
        if left.forerunner.isEmpty || right.forerunner.isEmpty {
            return !left.forerunner.isEmpty && right.forerunner.isEmpty
        }
        for (one, other) in zip(left.forerunner, right.forerunner) where one != other {
            switch (UInt64(one), UInt64(other)) {
            case (let one?, let other?): return one < other
            case (_?, nil): return true
            case (nil, _?): return false
            case (nil, nil): return Array(one.utf8).lexicographicallyPrecedes(Array(other.utf8))
            }
        }
        return left.forerunner.count < right.forerunner.count
    }
}

/// A set of versions, written as a range: `^1.2`, `>=1.2 <2`, `1.x || >=3`.
public struct VersionRange: Sendable, Hashable, CustomStringConvertible {
    /// The text it was read from.
    public let description: String
    /// One of these must hold; within one, every bound.
    private let alternatives: [[Bound]]

    private struct Bound: Sendable, Hashable {
        enum Relation: Sendable, Hashable {
            case less, atMost, atLeast, more, equal
        }
        let relation: Relation
        let version: SemanticVersion

        func holds(for other: SemanticVersion) -> Bool {
            switch relation {
            case .less: other < version
            case .atMost: other <= version
            case .atLeast: other >= version
            case .more: other > version
            case .equal: other == version
            }
        }
    }

    /// Every release.
    public static let any = VersionRange(description: "*", alternatives: [[]])

    private init(description: String, alternatives: [[Bound]]) {
        self.description = description
        self.alternatives = alternatives
    }

    /// Reads a range.
    ///
    /// Bounds with blanks or commas between them hold together, `||` stands between alternatives. A bound is `*`, a version
    /// (`1.2` means all of 1.2, also written `1.2.x`), or one of `=` `>` `>=` `<` `<=` `^` `~` before a version.
    /// - Returns: nil when it is none.
    public init?(_ text: String) {
        guard text.utf8.count <= 512 else { return nil }
        var alternatives: [[Bound]] = []
        for part in Self.split(text) {
            // A blank may stand between the sign and its version.
            var joined = ""
            for character in part.map({ $0 == "," ? " " : $0 }) {
                if character == " ", let last = joined.last, "<>=^~".contains(last) { continue }
                joined.append(character)
            }
            let words = joined.split(separator: " ")
            guard !words.isEmpty else { return nil }
            var bounds: [Bound] = []
            for word in words {
                guard let read = Self.bounds(word) else { return nil }
                bounds += read
            }
            alternatives.append(bounds)
        }
        self.init(description: text, alternatives: alternatives)
    }

    /// Whether a version is in it.
    ///
    /// A forerunner of a release is only in it when a bound names a forerunner of the same release.
    public func contains(_ version: SemanticVersion) -> Bool {
        alternatives.contains { bounds in
            guard bounds.allSatisfy({ $0.holds(for: version) }) else { return false }
            guard !version.forerunner.isEmpty else { return true }
            return bounds.contains { bound in
                let named = bound.version
                return !named.forerunner.isEmpty
                    && (named.major, named.minor, named.patch) == (version.major, version.minor, version.patch)
            }
        }
    }

    private static func split(_ text: String) -> [String] {
        var parts = [""]
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character == "|", rest.first == "|" {
                rest.removeFirst()
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    private static func bounds(_ word: Substring) -> [Bound]? {
        let sign = word.prefix { "<>=^~".contains($0) }
        var rest = word[sign.endIndex...]
        if rest.first == "v" { rest.removeFirst() }
        let numbers = rest.prefix { $0 != "-" && $0 != "+" }
        var fields = numbers.split(separator: ".", omittingEmptySubsequences: false)
        while let last = fields.last, ["*", "x", "X"].contains(last) { fields.removeLast() }
        let isWild = fields.count < numbers.split(separator: ".", omittingEmptySubsequences: false).count
        if fields.isEmpty { return isWild && (sign.isEmpty || sign == ">=" || sign == "=") ? [] : nil }
        let plain = fields.joined(separator: ".") + (isWild ? "" : rest[numbers.endIndex...])
        guard let version = SemanticVersion(plain) else { return nil }
        /// The first version that is no longer in what the given number of fields names.
        func next(_ fields: Int) -> SemanticVersion? {
            let (number, overflow) = [version.major, version.minor, version.patch][fields - 1]
                .addingReportingOverflow(1)
            guard !overflow else { return nil }
            switch fields {
            case 1: return SemanticVersion(number, 0, 0)
            case 2: return SemanticVersion(version.major, number, 0)
            default: return SemanticVersion(version.major, version.minor, number)
            }
        }
        func window(_ fields: Int) -> [Bound]? {
            next(fields).map { [Bound(relation: .atLeast, version: version), Bound(relation: .less, version: $0)] }
        }
        switch sign {
        case "", "=": return fields.count == 3 ? [Bound(relation: .equal, version: version)] : window(fields.count)
        case ">=": return [Bound(relation: .atLeast, version: version)]
        case "<": return [Bound(relation: .less, version: version)]
        case ">":
            if fields.count == 3 { return [Bound(relation: .more, version: version)] }
            return next(fields.count).map { [Bound(relation: .atLeast, version: $0)] }
        case "<=":
            if fields.count == 3 { return [Bound(relation: .atMost, version: version)] }
            return next(fields.count).map { [Bound(relation: .less, version: $0)] }
        case "~": return window(min(2, fields.count))
        case "^":
            // What may not change is everything up to the first number that is not 0.
            if version.major > 0 || fields.count == 1 { return window(1) }
            if version.minor > 0 || fields.count == 2 { return window(2) }
            return window(3)
        default: return nil
        }
    }
}
