import Testing

@testable import BattenCore

@Suite("Quotas")
struct QuotaTests {
    static let zero = Timestamp(rfc3339: "2026-03-28T12:00:00Z") ?? Timestamp(nanoseconds: 0)

    @Test("A rolling window counts what lies in it, and at most a 120th longer", arguments: QuotaWindow.Unit.allCases)
    func rolling(_ unit: QuotaWindow.Unit) {
        let window = QuotaWindow.rolling(unit)
        let length = QuotaWindow.length(of: unit)
        for offset in stride(from: Int64(0), to: length, by: Int(length / 37)) {
            let used = Self.zero + .nanoseconds(offset)
            let bucket = window.bucket(of: used)
            #expect(bucket <= used.nanoseconds)
            // As long as any window reaches back to it, it counts.
            #expect(window.firstBucket(at: used + .nanoseconds(length), zone: .utc) <= bucket)
            #expect(window.firstBucket(at: used + .nanoseconds(length + length / 120), zone: .utc) > bucket)
            let end = window.end(ofBucket: bucket, now: used, zone: .utc)
            #expect(end.map { window.firstBucket(at: $0, zone: .utc) > bucket } == true)
            #expect(end.map { window.firstBucket(at: $0 - .nanoseconds(1), zone: .utc) <= bucket } == true)
        }
    }

    struct CalendarCase: Sendable, CustomTestStringConvertible {
        let unit: QuotaWindow.Unit
        let zone: String
        let now: String
        let start: String
        let end: String
        var testDescription: String { "\(unit) \(zone) \(now)" }
    }

    @Test(
        "A calendar's periods are those of the zone's clock",
        arguments: [
            CalendarCase(
                unit: .day, zone: "UTC", now: "2026-03-28T12:00:00Z", start: "2026-03-28T00:00:00Z",
                end: "2026-03-29T00:00:00Z"),
            CalendarCase(
                unit: .month, zone: "UTC", now: "2024-02-29T23:59:59Z", start: "2024-02-01T00:00:00Z",
                end: "2024-03-01T00:00:00Z"),
            CalendarCase(
                unit: .hour, zone: "UTC", now: "2026-03-28T12:59:59Z", start: "2026-03-28T12:00:00Z",
                end: "2026-03-28T13:00:00Z"),
            // The day on which the clocks go forward has 23 hours, that on which they go back 25.
            CalendarCase(
                unit: .day, zone: "EU", now: "2026-03-29T12:00:00Z", start: "2026-03-28T23:00:00Z",
                end: "2026-03-29T22:00:00Z"),
            CalendarCase(
                unit: .day, zone: "EU", now: "2026-10-25T12:00:00Z", start: "2026-10-24T22:00:00Z",
                end: "2026-10-25T23:00:00Z"),
            CalendarCase(
                unit: .month, zone: "EU", now: "2026-03-31T21:59:59Z", start: "2026-02-28T23:00:00Z",
                end: "2026-03-31T22:00:00Z"),
            CalendarCase(
                unit: .hour, zone: "Nepal", now: "2026-03-28T12:10:00Z", start: "2026-03-28T11:15:00Z",
                end: "2026-03-28T12:15:00Z"),
        ])
    func calendar(_ one: CalendarCase) throws {
        let zones = [
            "UTC": TimeZoneRules.utc,
            "EU": TimeZoneRules(
                name: "EU", listed: [.init(offset: 3_600, abbreviation: "CET", start: .min, end: .max)],
                rule: try TimeZoneYearRule("CET-1CEST,M3.5.0,M10.5.0/3")),
            "Nepal": TimeZoneRules(
                name: "Nepal", listed: [.init(offset: 20_700, abbreviation: "+0545", start: .min, end: .max)],
                rule: nil),
        ]
        let zone = try #require(zones[one.zone])
        let now = try #require(Timestamp(rfc3339: one.now))
        let period = QuotaWindow.period(one.unit, around: now, zone)
        #expect(Timestamp(nanoseconds: period.start).rfc3339(fractionDigits: 0) == one.start)
        #expect(Timestamp(nanoseconds: period.end).rfc3339(fractionDigits: 0) == one.end)
        // Every period begins with a bucket, so that none is counted in two.
        let window = QuotaWindow.calendar(one.unit, zone: one.zone)
        #expect(window.bucket(of: Timestamp(nanoseconds: period.start)) == period.start)
        #expect(window.firstBucket(at: now, zone: zone) == period.start)
    }

    @Test(
        "Amounts of money are read exactly",
        arguments: [
            ("0.20", 200_000_000), ("0", 0), ("12", 12_000_000_000), ("0.000000001", 1), ("1.5", 1_500_000_000),
            ("-1", nil), ("NaN", nil), ("inf", nil), ("1e3", nil), ("", nil), (".5", nil), ("1.", nil),
            ("0.0000000001", nil), ("99999999999", nil), ("1.2.3", nil), ("१", nil),
        ] as [(String, Int64?)])
    func money(_ text: String, _ nanos: Int64?) {
        #expect(NanoDollars.parse(text) == nanos)
    }

    @Test(
        "Names are held against patterns",
        arguments: [
            ("openai", "openai", true), ("openai", "open*", true), ("openai", "*", true), ("openai", "?penai", true),
            ("openai", "*ai*", true), ("openai", "open", false), ("openai", "penai", false), ("", "*", true),
            ("gpt-4o-mini", "gpt-4*mini", true), ("aaaaab", "*a*a*b", true), ("aaaa", "*b", false),
        ])
    func globs(_ name: String, _ glob: String, _ fits: Bool) {
        #expect(QuotaScope.fits(name, glob) == fits)
    }

    @Test("A scope takes in what fits one pattern of each of its keys")
    func scopes() {
        let use = QuotaUse(
            executor: "llm.chat", subject: "openai/gpt-4o", workflow: "brief", tags: ["daily", "cheap"])
        func takes(_ patterns: [(QuotaScope.Key, String)]) -> Bool {
            QuotaScope(patterns.map { QuotaScope.Pattern($0.0, $0.1) }).takesIn(use)
        }
        #expect(takes([]))
        #expect(takes([(.plugin, "llm"), (.executor, "llm.*"), (.provider, "openai"), (.model, "gpt-*")]))
        #expect(takes([(.model, "openai/gpt-4o"), (.tag, "daily"), (.workflow, "b*")]))
        #expect(takes([(.tag, "weekly"), (.tag, "cheap")]))
        #expect(!takes([(.tag, "weekly")]))
        #expect(!takes([(.plugin, "llm"), (.provider, "anthropic")]))
        let scope = QuotaScope([.init(.tag, "a"), .init(.tag, "b"), .init(.model, "*")])
        #expect(QuotaScope(json: scope.json) == QuotaScope([.init(.model, "*"), .init(.tag, "a"), .init(.tag, "b")]))
    }

    // MARK: Answers

    struct Prices: PriceList {
        func price(of subject: String) -> ModelPrice? {
            guard subject == "p/m" else { return nil }
            return ModelPrice(
                rates: .init(input: 1e-6, output: 2e-6),
                tiers: [.init(above: 1_000, rates: .init(input: 4e-6, output: 8e-6))], maxOutputTokens: 5_000)
        }
    }

    private func demand(
        input: Int64 = 0, output: Int64 = 0, isOpen: Bool = false, subject: String = "p/m", unbounded: Set<String> = []
    ) -> QuotaDemand {
        var amounts = QuotaAmounts(subject: subject)
        if unbounded.isEmpty {
            amounts.inputTokens = input
            amounts.outputTokens = output
            amounts.isOutputOpen = isOpen
        }
        amounts.price = Prices().price(of: subject)
        return QuotaDemand(
            run: "r", stage: "s", use: QuotaUse(executor: "x.y", subject: subject, workflow: "w"), amounts: amounts,
            unbounded: unbounded)
    }

    private func book(
        _ metric: String = "tokens", limit: Int64, used: Int64 = 0, reserved: Int64 = 0,
        window: QuotaWindow = .rolling(.minute), onExceed: QuotaRule.OnExceed = .wait, waiting: Turn? = nil
    ) -> QuotaBook {
        let rule = QuotaRule(key: 1, name: "q", metric: metric, limit: limit, window: window, onExceed: onExceed)
        return QuotaBook(
            [
                QuotaBook.Standing(
                    rule: rule, used: used, reserved: reserved,
                    buckets: used > 0 ? [(window.bucket(of: Self.zero), used)] : [], firstWaiting: waiting)
            ], budgets: window == .run ? ["r": [.init(quota: 1, stage: nil)]] : [:], at: Self.zero, zones: { _ in .utc }
        )
    }

    private func word(_ verdict: QuotaVerdict) -> String {
        switch verdict {
        case .granted(let grant):
            "granted \(grant.parts.map(\.amount))\(grant.outputLimit.map { " of \($0)" } ?? "")"
                + (grant.warnings.isEmpty ? "" : " warned")
        case .wait(let wait):
            wait.until == nil ? "wait" : "wait \(((wait.until ?? Self.zero) - Self.zero).components.seconds)"
        case .refused: "refused"
        }
    }

    @Test("Whether there is room")
    func answers() {
        let cases: [(String, QuotaBook, QuotaDemand, String)] = [
            ("fits", book(limit: 100), demand(input: 40, output: 60), "granted [100]"),
            ("one too many", book(limit: 100, used: 1), demand(input: 40, output: 60), "wait 60"),
            ("reserved", book(limit: 100, reserved: 1), demand(input: 40, output: 60), "wait"),
            ("more than ever", book(limit: 99), demand(input: 40, output: 60), "refused"),
            ("fail", book(limit: 100, used: 1, onExceed: .fail), demand(output: 100), "refused"),
            ("fail, open", book(limit: 100, reserved: 1, onExceed: .fail), demand(output: 100), "wait"),
            ("fail, in vain", book(limit: 100, used: 1, reserved: 9, onExceed: .fail), demand(output: 100), "refused"),
            ("warn", book(limit: 100, used: 100, onExceed: .warn), demand(output: 1), "granted [1] warned"),
            ("overrun", book(limit: 100, used: 150), demand(output: 1), "wait 60"),
            ("budget", book(limit: 100, used: 60, window: .run), demand(output: 41), "refused"),
            ("budget, open", book(limit: 100, used: 9, reserved: 51, window: .run), demand(output: 41), "wait"),
            ("nobody says", book(limit: 100, used: 99), demand(unbounded: ["tokens"]), "granted [0]"),
            ("nobody says, full", book(limit: 100, used: 100), demand(unbounded: ["tokens"]), "wait 60"),
            ("another metric", book("bytes", limit: 0), demand(output: 5), "granted []"),
            ("open", book(limit: 100), demand(input: 40, output: 4_096, isOpen: true), "granted [100] of 60"),
            (
                "open, budget", book(limit: 100, used: 30, window: .run),
                demand(input: 40, output: 4_096, isOpen: true), "granted [70] of 30"
            ),
            (
                "open, nothing left", book(limit: 100, used: 60, window: .run),
                demand(input: 40, output: 4_096, isOpen: true), "refused"
            ),
            ("cost", book("cost_usd", limit: 200_004), demand(output: 100), "granted [200004]"),
            ("cost, above", book("cost_usd", limit: 200_003), demand(output: 100), "refused"),
            // The dearer rates count from 1,001 tokens on.
            ("cost, long", book("cost_usd", limit: 1 << 40), demand(input: 1_001), "granted [4004004]"),
            ("no price", book("cost_usd", limit: 1 << 40), demand(output: 1, subject: "p/other"), "refused"),
            (
                "no price, warn", book("cost_usd", limit: 1, onExceed: .warn), demand(output: 1, subject: "p/other"),
                "granted []"
            ),
            ("starts", book("stage_runs", limit: 1, used: 1), demand(), "wait 60"),
            ("not the first", book("runs", limit: 0), demand(), "granted []"),
            ("enormous", book(limit: .max, used: .max - 1), demand(input: .max, output: .max), "wait 60"),
        ]
        for (name, book, demand, expected) in cases {
            #expect(word(book.answer(demand, turn: nil)) == expected, "\(name)")
        }
    }

    @Test("Who has waited longer goes first")
    func turns() {
        let early = Turn(since: Self.zero, priority: 0)
        let late = Turn(since: Self.zero + .seconds(1), priority: 0)
        let important = Turn(since: Self.zero + .seconds(1), priority: 1)
        #expect(word(book(limit: 100, waiting: early).answer(demand(output: 1), turn: late)) == "wait")
        #expect(word(book(limit: 100, waiting: late).answer(demand(output: 1), turn: early)) == "granted [1]")
        #expect(word(book(limit: 100, waiting: early).answer(demand(output: 1), turn: important)) == "granted [1]")
        #expect(
            word(book(limit: 100).answer(demand(output: 1), turn: late, firstWaiting: { _ in early })) == "wait")
    }

    @Test("A further request is bounded as a whole, and its output cut down no further than it says")
    func furtherRequests() {
        let cases: [(QuotaBook, Int64, String)] = [
            (book(limit: 100, used: 30, window: .run), 20, "granted [70] of 30"),
            (book(limit: 100, used: 40, window: .run), 20, "granted [60] of 20"),
            (book(limit: 100, used: 41, window: .run), 20, "refused"),
            (book(limit: 100, used: 10, reserved: 30, window: .run), 20, "wait"),
            (book(limit: 139, window: .run), 100, "refused"),
            (book(limit: 140, window: .run), 100, "granted [140]"),
            (book("input_tokens", limit: 40), 20, "granted [40] of 100"),
            (book("requests", limit: 2, used: 1), 100, "granted [1]"),
            (book("requests", limit: 1, used: 1, window: .ever), 100, "refused"),
            (book("cost_usd", limit: 1 << 40), 100, "granted [240004]"),
            (book("stage_runs", limit: 0), 100, "granted []"),
            (book(limit: .max), .max, "granted [\(Int64.max)]"),
        ]
        for (book, least, expected) in cases {
            let bound = RequestBound(
                requests: 1, inputTokens: 40, outputTokens: max(100, least), leastOutputTokens: least,
                followsDeclared: true)
            var demand = demand()
            demand.startsAttempt = false
            demand.amounts = QuotaAmounts(bound, subject: "p/m", price: Prices().price(of: "p/m"))
            #expect(word(book.answer(demand, turn: nil)) == expected, "\(book.standings) \(least)")
        }
    }

    @Test("Grants add up")
    func grants() {
        var book = book(limit: 100)
        for _ in 0..<3 {
            guard case .granted(let grant) = book.answer(demand(output: 33), turn: nil) else {
                Issue.record("no room for 99 of 100")
                return
            }
            book.take(grant)
        }
        #expect(word(book.answer(demand(output: 1), turn: nil)) == "granted [1]")
        #expect(word(book.answer(demand(output: 2), turn: nil)) == "wait")
    }

    @Test("What an executor declares bounds a call")
    func bounds() throws {
        let schema = try JSONReader.parse(
            """
            {"x-batten-usage": {"requests": 1, "subject": {"input": ["model", "agent.model"], "config": "default"},
            "input_tokens": {"bytes": ["prompt", "messages"], "plus": 7},
            "output_tokens": {"input": ["max", "agent.max"], "default": 50}}}
            """)
        let bound = try #require(UsageBound(schema: schema))
        func amounts(_ input: JSONValue) -> QuotaAmounts {
            bound.amounts(input: input, config: ["default": "p/m"], prices: Prices())
        }
        #expect(amounts([:]).subject == "p/m")
        #expect(amounts(["agent": ["model": "o/n"]]).subject == "o/n")
        #expect(amounts(["model": "q/r", "agent": ["model": "o/n"]]).subject == "q/r")
        // "abc" with its quotes, and what comes on top.
        #expect(amounts(["prompt": "abc"]).inputTokens == 12)
        #expect(amounts([:]).outputTokens == 5_000)
        #expect(amounts([:]).isOutputOpen)
        #expect(amounts(["model": "o/n"]).outputTokens == 50)
        #expect(amounts(["agent": ["max": 9]]).outputTokens == 9)
        #expect(!amounts(["max": 3]).isOutputOpen)
        #expect(amounts(["max": -3]).outputTokens == 0)
        #expect(bound.outputMember == "max")
    }
}
