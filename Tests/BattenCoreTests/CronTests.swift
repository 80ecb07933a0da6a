import BattenSystem
import TestSupport
import Testing

@testable import BattenCore

@Suite struct CronTests {
    /// The rules of a zone as this machine's tzdata has them.
    static func zone(_ name: String) throws -> TimeZoneRules {
        if name == "UTC" { return .utc }
        return try TimeZoneRules(name: name, file: FileSystem.read("/usr/share/zoneinfo/\(name)"))
    }

    static func fires(_ text: String, _ zone: TimeZoneRules, after start: Int64, count: Int) throws -> [Int64] {
        let expression = try CronExpression(text)
        var fires: [Int64] = []
        var instant = try #require(Timestamp(seconds: start))
        while fires.count < count, let next = expression.next(after: instant, in: zone) {
            #expect(next > instant)
            fires.append(next.seconds)
            instant = next
        }
        return fires
    }

    @Test func agreesWithOtherPeoplesLibraries() throws {
        var zones: [String: TimeZoneRules] = [:]
        var cases = 0
        for line in SourceTree.lines(of: "Tests/BattenCoreTests/Data/cron.tsv") where !line.hasPrefix("#") {
            let columns = line.split(separator: "\t")
            guard columns.count == 4 else { continue }
            let name = String(columns[1])
            if zones[name] == nil { zones[name] = try Self.zone(name) }
            let zone = try #require(zones[name])
            let start = try #require(Int64(columns[2]))
            let expected = columns[3].split(separator: " ").compactMap { Int64($0) }
            let fires = try Self.fires(String(columns[0]), zone, after: start, count: expected.count)
            #expect(fires == expected, "\(line)")
            cases += 1
        }
        #expect(cases >= 2_000)
    }

    @Test func changesOfTheClocks() throws {
        // Expression, zone, start (UTC), and the local times of the next fires with their offsets from UTC in minutes.
        let table: [(text: String, zone: String, after: String, fires: [String])] = [
            // Forward at 02:00: a fixed time in the gap runs once, at its end.
            (
                "30 2 * * *", "Europe/Oslo", "2026-03-27T12:00:00Z",
                ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
            ),
            (
                "0,15,30 2 * * *", "Europe/Oslo", "2026-03-29T00:30:00Z",
                ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
            ),
            (
                "30 2,3 * * *", "Europe/Oslo", "2026-03-29T00:30:00Z",
                ["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]
            ),
            // With a step or a range the missing hour is left out.
            (
                "*/30 2 * * *", "Europe/Oslo", "2026-03-29T00:00:00Z",
                ["2026-03-30T02:00:00+02:00", "2026-03-30T02:30:00+02:00"]
            ),
            (
                "0 1-3 * * *", "Europe/Oslo", "2026-03-28T23:30:00Z",
                ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T01:00:00+02:00"]
            ),
            // Back at 03:00: a fixed time runs at the first of the two, with a range both.
            (
                "30 2 * * *", "Europe/Oslo", "2026-10-24T12:00:00Z",
                ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
            ),
            ("30 2 * * *", "Europe/Oslo", "2026-10-25T00:45:00Z", ["2026-10-26T02:30:00+01:00"]),
            (
                "30 1-2 * * *", "Europe/Oslo", "2026-10-24T23:00:00Z",
                ["2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
            ),
            // Half an hour.
            (
                "15 2 * * *", "Australia/Lord_Howe", "2026-10-02T12:00:00Z",
                ["2026-10-03T02:15:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
            ),
            // A day that never was.
            (
                "0 10 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z",
                ["2011-12-31T00:00:00+14:00", "2012-12-30T10:00:00+14:00"]
            ),
            // Midnight does not exist.
            (
                "@daily", "America/Havana", "2026-03-07T12:00:00Z",
                ["2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"]
            ),
            // Beyond the listed years the zone's rule holds.
            (
                "30 2 * * *", "Europe/Oslo", "2099-03-28T12:00:00Z",
                ["2099-03-29T03:00:00+02:00", "2099-03-30T02:30:00+02:00"]
            ),
        ]
        for row in table {
            let start = try #require(Timestamp(rfc3339: row.after))
            let expected = try row.fires.map { try #require(Timestamp(rfc3339: $0)).seconds }
            let fires = try Self.fires(row.text, Self.zone(row.zone), after: start.seconds, count: expected.count)
            #expect(fires == expected, "\(row.text) in \(row.zone) after \(row.after)")
        }
    }

    @Test func daysOfMonthAndWeek() throws {
        let table: [(text: String, days: [String])] = [
            ("0 0 13 * fri", ["2026-01-02", "2026-01-09", "2026-01-13"]),
            ("0 0 L * *", ["2026-01-31", "2026-02-28", "2026-03-31"]),
            ("0 0 L-3 2 *", ["2026-02-25", "2027-02-25", "2028-02-26"]),
            ("0 0 LW * ?", ["2026-01-30", "2026-02-27", "2026-03-31"]),
            ("0 0 1W * ?", ["2026-01-01", "2026-02-02", "2026-03-02"]),
            ("0 0 31W * ?", ["2026-01-30", "2026-03-31", "2026-05-29"]),
            ("0 0 15W 8 ?", ["2026-08-14", "2027-08-16", "2028-08-15"]),
            ("0 0 ? * 5L", ["2026-01-30", "2026-02-27", "2026-03-27"]),
            ("0 0 ? * sun#5", ["2026-03-29", "2026-05-31", "2026-08-30"]),
            ("0 0 ? * 7", ["2026-01-04", "2026-01-11", "2026-01-18"]),
            ("0 0 * * sat-sun", ["2026-01-03", "2026-01-04", "2026-01-10"]),
            ("0 0 29 2 *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
            ("0 0 ? 2 sun#5", ["2032-02-29", "2060-02-29", "2088-02-29"]),
            ("0 0 1 */5 *", ["2026-06-01", "2026-11-01", "2027-01-01"]),
            ("@yearly", ["2027-01-01", "2028-01-01", "2029-01-01"]),
            ("@WEEKLY", ["2026-01-04", "2026-01-11", "2026-01-18"]),
        ]
        let start = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z")).seconds - 1
        for row in table {
            var expected = try row.days.map { try #require(Timestamp(rfc3339: $0)).seconds }
            if row.text == "@yearly" || row.text.hasSuffix("1 */5 *") { expected.insert(start + 1, at: 0) }
            let fires = try Self.fires(row.text, .utc, after: start, count: expected.count)
            let days = fires.compactMap { Timestamp(seconds: $0)?.rfc3339(fractionDigits: 0) }
            #expect(fires == expected, "\(row.text): \(days)")
        }
    }

    @Test func whatIsNoCronExpressionSaysWhy() {
        let table: [(text: String, says: String)] = [
            ("", "has 0"), ("* * * *", "has 4"), ("* * * * * * *", "has 7"), ("60 * * * *", "60 is not within 0 to 59"),
            ("* 24 * * *", "24 is not within 0 to 23"), ("* * 0 * *", "0 is not within 1 to 31"),
            ("* * * 13 *", "13 is not within 1 to 12"), ("* * * * 8", "8 is not within 0 to 7"),
            ("*/0 * * * *", "a step of 1 or more"), ("*/61 * * * *", "longer than the field"),
            ("5-1 * * * *", "backwards"), ("a * * * *", "write numbers from 0 to 59"),
            ("* * * foo *", "a name such as feb"), ("1,,2 * * * *", "empty"), ("-1 * * * *", "write numbers"),
            ("1-2-3 * * * *", "write numbers"), ("? * * * *", "write numbers"), ("* * * * 5#6", "from 1 to 5"),
            ("* * * * L", "5L"), ("* * L-31 * *", "0 to 30"), ("* * 32W * *", "32 is not within"),
            ("0 0 30 2 *", "never fires"), ("0 0 31 4,6,9,11 *", "never fires"), ("@reboot", "no time"),
            ("@every 5m", "every: 5m"), ("@dayly", "@daily"), ("99999999999999999999 * * * *", "write numbers"),
            ("\u{661} * * * *", "write numbers"), ("* * * * *\u{0}", "write numbers"),
        ]
        for row in table {
            let error = #expect(throws: CronError.self, "\(row.text)") { try CronExpression(row.text) }
            #expect(error?.description.contains(row.says) == true, "\(row.text): \(error?.description ?? "")")
        }
    }

    /// The names in the machine's table of zones.
    static func zoneNames() throws -> [String] {
        let text = try String(decoding: FileSystem.read("/usr/share/zoneinfo/tzdata.zi"), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            switch words.first {
            case "Z" where words.count > 1: return String(words[1])
            case "L" where words.count > 2: return String(words[2])
            default: return nil
            }
        }
    }

    @Test func everyZoneOfTheMachineIsRead() throws {
        var seen = 0
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for name in try Self.zoneNames() {
            let zone = try Self.zone(name)
            for _ in 0..<20 {
                let instant = Int64.random(in: -5_000_000_000...9_000_000_000, using: &random)
                let period = zone.period(at: instant)
                #expect(period.start <= instant && instant < period.end, "\(name) at \(instant), seed \(seed)")
                let first = zone.firstInstant(ofLocal: instant + Int64(period.offset))
                #expect(first <= instant, "\(name) at \(instant), seed \(seed)")
                if period.end < .max {
                    #expect(zone.period(at: period.end).start == period.end, "\(name) at \(instant), seed \(seed)")
                }
            }
            seen += 1
        }
        #expect(seen > 300)
    }

    @Test func damagedZoneFilesAreRefused() throws {
        let bytes = try FileSystem.read("/usr/share/zoneinfo/Europe/Oslo")
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: TimeZoneError.self, "cut to \(length)") {
                try TimeZoneRules(name: "x", file: Array(bytes[..<length]))
            }
        }
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let expression = try CronExpression("*/7 3 * * *")
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            // Whatever is read must give an answer, never a trap.
            guard let zone = try? TimeZoneRules(name: "x", file: damaged) else { continue }
            _ = expression.next(after: Timestamp(nanoseconds: 1_800_000_000_000_000_000), in: zone)
        }
        print("damaged zone files: seed \(seed)")
    }
}
