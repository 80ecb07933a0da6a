import BattenFiles
import BattenPlugin

/// What inputs and outputs of several executors have in common.
enum FileSchemas {
    static let path = Schema.string(
        "The file. Relative paths start from the stage's working directory.", minLength: 1, examples: ["data/today.csv"]
    ).titled("File")

    static let glob = Schema.string(
        "A pattern in place of a path: *, ?, [a-z], {one,other}, and ** for any number of folders. Names that begin "
            + "with a dot are only matched by a pattern that does.", minLength: 1,

        examples: ["inbox/*.csv", "**/*.log"]
    ).titled("Pattern")

    static let mode = Schema.string(
        "Permission bits, in octal digits.", pattern: "^0?[0-7]{3}$", examples: ["0644", "600"]
    ).titled("Mode")

    static let parents = Schema.boolean(
        "Whether folders on the way that are missing are made.", default: true
    ).titled("Make folders")

    static let ifExists = Schema.choice(
        "What happens if the file is there: replace it, fail, or keep it and write nothing.",
        of: NewFile.IfExists.allCases.map(\.rawValue), default: "replace"
    ).titled("If it exists")

    static func sha256(_ description: String) -> Schema {
        Schema.string(description, pattern: "^[0-9a-fA-F]{64}$").titled("Checksum")
    }

    static let content: [Schema.Property] = [
        .optional("text", .string("The content as text, written as UTF-8.").titled("Text")),
        .optional("base64", .string("The content in base 64.").titled("Bytes in base 64")),
        .optional(
            "json", .anything("The content as a value, written as JSON with a newline at its end.").titled("JSON")),
        .optional(
            "pretty", .boolean("Whether json is written over several lines.", default: false).titled("Pretty")),
    ]

    /// What is said of a file.
    static let fileProperties: [Schema.Property] = [
        .required("path", .string("Absolute path.").titled("File")),
        .required("bytes", .integer("Its size.").titled("Bytes")),
        .required("modified_at", Schema.string("When it was last written.").titled("Modified").volatile()),
        .required("mode", .string("Permission bits in octal digits.", examples: ["0644"]).titled("Mode")),
    ]

    /// The permission bits of a text that fits ``mode``.
    static func bits(_ text: String?) throws(Failure) -> UInt32? {
        guard let text else { return nil }
        guard (3...4).contains(text.utf8.count), let bits = UInt32(text, radix: 8), bits <= 0o777 else {
            throw .badInput(field: "mode", "is '\(text)'; must be three octal digits such as 644 or 0600")
        }
        return bits
    }

    /// A checksum in lower case.
    static func checksum(_ text: String?) throws(Failure) -> String? {
        guard let text else { return nil }
        guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
            throw .badInput(field: "sha256", "must be 64 hexadecimal digits")
        }
        return text.lowercased()
    }

    /// What outputs say of a file.
    static func facts(_ path: String, _ status: FileHandle.Status) -> JSONObject {
        [
            "path": .string(path), "bytes": .integer(status.size),
            "modified_at": .string(InstantText.rfc3339(status.modified)),
            "mode": .string(octal(status.mode)),
        ]
    }

    static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}

/// Points in time as text.
enum InstantText {
    /// RFC 3339 in UTC with microseconds.
    static func rfc3339(_ nanoseconds: Int64) -> String {
        let (seconds, fraction) = divide(nanoseconds, 1_000_000_000)
        let (days, second) = divide(seconds, 86400)
        // Days since 1 March of the year 0, so that a leap day is the last of its year.
        let (era, dayOfEra) = divide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
        return "\(padded(year, 4))-\(padded(calendarMonth, 2))-\(padded(day, 2))T\(padded(second / 3600, 2)):"
            + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(fraction / 1000, 6))Z"
    }

    private static func divide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
        let rest = value % by
        return rest < 0 ? (value / by - 1, rest + by) : (value / by, rest)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
