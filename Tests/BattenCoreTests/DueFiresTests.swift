import BattenCore
import Testing

/// Which due times start runs.
@Suite struct DueFiresTests {
    /// A schedule, up to where it was dealt with, the clock, and what is decided; times are those of 2026-03-01.
    struct Row: Sendable, CustomTestStringConvertible {
        let rule: String
        let position: String
        let now: String
        let fires: [String]
        var missed: [String] = []
        let wakes: String?
        var testDescription: String { "\(rule) from \(position) at \(now)" }
    }

    private static let hourly = #"{"cron": "0 * * * *"}"#
    private static let hourlyLast = #"{"cron": "0 * * * *", "catch_up": "last"}"#
    private static let hourlyAll = #"{"cron": "0 * * * *", "catch_up": "all", "window": "3h"}"#

    static let rows = [
        Row(rule: hourly, position: "00:00:00", now: "00:30:00", fires: [], wakes: "01:00:00"),
        Row(rule: hourly, position: "00:00:00", now: "01:00:00", fires: ["01:00:00"], wakes: "02:00:00"),
        Row(rule: hourly, position: "00:00:00", now: "01:00:59", fires: ["01:00:00"], wakes: "02:00:00"),
        Row(
            rule: hourly, position: "00:00:00", now: "01:01:01", fires: [], missed: ["01:00:00", "01:00:00"],
            wakes: "02:00:00"),
        Row(
            rule: hourly, position: "00:00:00", now: "05:00:10", fires: ["05:00:00"], missed: ["01:00:00", "04:00:00"],
            wakes: "06:00:00"),
        Row(
            rule: hourly, position: "00:00:00", now: "05:30:00", fires: [], missed: ["01:00:00", "05:00:00"],
            wakes: "06:00:00"),
        Row(rule: hourlyLast, position: "00:00:00", now: "01:30:00", fires: ["01:00:00"], wakes: "02:00:00"),
        Row(
            rule: hourlyLast, position: "00:00:00", now: "05:30:00", fires: ["05:00:00"],
            missed: ["01:00:00", "04:00:00"], wakes: "06:00:00"),
        Row(
            rule: hourlyLast, position: "00:00:00", now: "05:00:30", fires: ["05:00:00"],
            missed: ["01:00:00", "04:00:00"], wakes: "06:00:00"),
        Row(
            rule: hourlyAll, position: "00:00:00", now: "02:30:00", fires: ["01:00:00", "02:00:00"], wakes: "03:00:00"),
        Row(
            rule: hourlyAll, position: "00:00:00", now: "05:30:00", fires: ["03:00:00", "04:00:00", "05:00:00"],
            missed: ["01:00:00", "02:00:00"], wakes: "06:00:00"),
        // A clock that was set back: nothing again, and nothing before its time.
        Row(rule: hourly, position: "06:00:00", now: "02:00:00", fires: [], wakes: "07:00:00"),
        Row(
            rule: #"{"at": "2026-03-01T03:00:00Z"}"#, position: "00:00:00", now: "03:00:00", fires: ["03:00:00"],
            wakes: nil),
        Row(
            rule: #"{"at": "2026-03-01T03:00:00Z"}"#, position: "00:00:00", now: "09:00:00", fires: [],
            missed: ["03:00:00", "03:00:00"], wakes: nil),
        Row(
            rule: #"{"at": "2026-03-01T03:00:00Z", "catch_up": "last"}"#, position: "00:00:00", now: "09:00:00",
            fires: ["03:00:00"], wakes: nil),
        Row(
            rule: #"{"every": "20s"}"#, position: "00:00:00", now: "00:01:05",
            fires: ["00:00:20", "00:00:40", "00:01:00"], wakes: "00:01:20"),
        Row(
            rule: #"{"every": "30m", "start": "2026-03-01T00:10:00Z", "end": "2026-03-01T01:00:00Z"}"#,
            position: "00:00:00", now: "00:40:00", fires: ["00:40:00"], missed: ["00:10:00", "00:10:00"], wakes: nil),
    ]

    @Test(arguments: rows) func whatIsDueIsDecidedOnce(_ row: Row) throws {
        func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: "2026-03-01T\(text)Z")) }
        let rule = try ScheduleRule(#require(JSONReader.parse(row.rule).objectValue))
        let times = rule.times(in: .utc)
        let now = try time(row.now)
        let due = DueFires("s", rule, times: times, after: try time(row.position), now: now)
        #expect(due.fires == (try row.fires.map(time)))
        let missed = try row.missed.map(time)
        #expect(due.missed == (missed.isEmpty ? nil : missed[0]...missed[1]))
        #expect(due.wakesAt == (try row.wakes.map(time)))
        // Looked at again, nothing of it comes back.
        let again = DueFires("s", rule, times: times, after: due.position, now: now)
        #expect(again.fires.isEmpty && again.missed == nil && again.wakesAt == due.wakesAt)
    }

    @Test func jitterIsTheSameWhoeverAsks() throws {
        let rule = try ScheduleRule(["every": "1h", "jitter": "10m"])
        let times = rule.times(in: .utc)
        var offsets: Set<Int64> = []
        var position = try #require(Timestamp(rfc3339: "2026-03-01T00:00:00Z"))
        for _ in 0..<50 {
            let sleeping = DueFires("a", rule, times: times, after: position, now: position)
            let wakes = try #require(sleeping.wakesAt)
            let nominal = try #require(times.next(after: position))
            #expect(wakes >= nominal && wakes - nominal < .seconds(600))
            #expect(DueFires("a", rule, times: times, after: position, now: wakes - .nanoseconds(1)).fires.isEmpty)
            let due = DueFires("a", rule, times: times, after: position, now: wakes)
            #expect(due.fires == [nominal])
            offsets.insert(wakes.seconds - nominal.seconds)
            position = due.position
        }
        #expect(offsets.count > 25, "the offsets differ: \(offsets.count)")
        #expect(
            DueFires("a", rule, times: times, after: position, now: position)
                != DueFires("b", rule, times: times, after: position, now: position))
    }

    @Test func aLongAbsenceIsNotGoneThroughSecondBySecond() throws {
        let rule = try ScheduleRule(["every": "1s", "catch_up": "last"])
        let times = rule.times(in: .utc)
        let position = try #require(Timestamp(rfc3339: "1990-01-01T00:00:00Z"))
        let now = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        let due = DueFires("s", rule, times: times, after: position, now: now)
        #expect(due.fires.last == now && due.fires.count == 61)
        #expect(due.missed?.lowerBound == position + .seconds(1))
        #expect(due.missed?.upperBound == now - .seconds(61))
    }

    @Test(arguments: [
        (#"{}"#, "neither"), (#"{"cron": "0 0 * * *", "every": "1h"}"#, "more than one"),
        (#"{"every": "0s"}"#, "shorter"),
        (#"{"every": "1h", "overlap": "maybe"}"#, "overlap"), (#"{"every": "1h", "catch_up": "some"}"#, "catch_up"),
        (#"{"at": "tomorrow"}"#, "not a time"), (#"{"every": 5}"#, "integer"),
        (#"{"cron": "30 2 30 2 *"}"#, "never fires"),
        (#"{"every": "1h", "pause_after": 0}"#, "pause_after"),
    ])
    func whatIsNoScheduleIsTold(_ text: String, _ says: String) throws {
        let entry = try #require(JSONReader.parse(text).objectValue)
        let error = try #require(throws: ScheduleError.self) { try ScheduleRule(entry) }
        #expect(error.message.contains(says), "\(error.message)")
    }

    @Test func aRuleIsWrittenAsItIsRead() throws {
        for text in [
            #"{"cron":"0 6 * * 1-5","timezone":"Europe/Oslo","overlap":"queue_one","catch_up":"all","window":"2h"}"#,
            #"{"every":"90s","jitter":"5s","pause_after":3,"parameters":{"a":[1,null]},"name":"n","description":"d"}"#,
            #"{"at":"2026-03-01T03:00:00.000Z","start":"2026-01-01T00:00:00.000Z","end":"2027-01-01T00:00:00.000Z"}"#,
        ] {
            let rule = try ScheduleRule(#require(JSONReader.parse(text).objectValue))
            #expect(try ScheduleRule(rule.json) == rule, "\(text)")
        }
    }
}
