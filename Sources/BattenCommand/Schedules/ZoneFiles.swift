import BattenCore
import BattenSystem

/// The time zones that this machine knows.
struct ZoneFiles {
    /// Folder of the compiled zones.
    let folder: String
    private let environment: [String: String]
    private let localLink: String

    /// The zones of the machine.
    ///
    /// - Parameters:
    ///   - environment: `TZDIR` names another folder than `/usr/share/zoneinfo`, `TZ` the local zone.
    ///   - localLink: the symbolic link that names the local zone when `TZ` does not.
    init(environment: [String: String], localLink: String = "/etc/localtime") {
        let named = environment["TZDIR"] ?? ""
        folder = named.isEmpty ? "/usr/share/zoneinfo" : named
        self.environment = environment
        self.localLink = localLink
    }

    /// Reads a zone by its IANA name.
    ///
    /// `UTC` needs no file. A name has letters, digits and `_ + - /`, so that it never leads out of the folder.
    func zone(named name: String) throws(CommandFailure) -> TimeZoneRules {
        if name == "UTC" || name == "Z" { return .utc }
        guard Self.isName(name) else {
            throw .usage(
                "unknown_time_zone", "'\(name)' is not a name of a time zone", help: "write it like Europe/Oslo")
        }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read("\(folder)/\(name)")
        } catch {
            throw unknown(name)
        }
        do throws(TimeZoneError) {
            return try TimeZoneRules(name: name, file: bytes)
        } catch {
            throw .usage(
                "bad_time_zone", "the time zone \(name) in \(folder) cannot be read: \(error.description)",
                help: "reinstall the package tzdata")
        }
    }

    /// The zone of this machine: `TZ`, or where `/etc/localtime` leads; UTC where neither says.
    func local() throws(CommandFailure) -> TimeZoneRules {
        if let written = environment["TZ"], !written.isEmpty {
            let name = written.hasPrefix(":") ? String(written.dropFirst()) : written
            return try zone(named: name)
        }
        guard let target = ProcessEnvironment.linkTarget(localLink), let range = target.range(of: "zoneinfo/") else {
            return .utc
        }
        return try zone(named: String(target[range.upperBound...]))
    }

    private func unknown(_ name: String) -> CommandFailure {
        let names = names()
        guard !names.isEmpty else {
            return .usage(
                "no_time_zones", "there are no time zones in \(folder)", help: "install the package tzdata, or use UTC")
        }
        let near = DidYouMean.help(for: name, in: names)
        return .usage(
            "unknown_time_zone", "there is no time zone '\(name)'",
            help: near.isEmpty ? "the names are below \(folder), like Europe/Oslo" : near)
    }

    /// The names that tzdata's own table has.
    private func names() -> [String] {
        guard let bytes = try? FileSystem.read("\(folder)/tzdata.zi") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            switch words.first {
            case "Z" where words.count > 1: return String(words[1])
            case "L" where words.count > 2: return String(words[2])
            default: return nil
            }
        }
    }

    private static func isName(_ name: String) -> Bool {
        let allowed = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_+-/".utf8.contains(byte)
        }
        return allowed && !name.isEmpty && name.utf8.count <= 64 && !name.hasPrefix("/") && !name.hasSuffix("/")
            && !name.contains("//")
    }
}

extension String {
    /// Where a text first stands in this one.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
