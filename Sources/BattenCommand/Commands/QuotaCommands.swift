import BattenCore
import BattenStore

/// `batten quota set`, `list`, `show` and `remove`.
enum QuotaCommands {
    private static let name = ArgumentDescription("NAME", .required, "name of a quota")

    static let set = CommandDescription(
        "quota set", .operating, "limit what runs use: tokens, money, requests, runs",
        details: [
            "What a call may use at most is reserved before it starts, in all runs and processes that work on the store; what it "
                + "really used is booked, and the rest given back. A stage for which there is no room waits, fails with exit "
                + "code 6, or only warns.",
            "The window rolls: --per hour is any 60 minutes. With --calendar it is the hour, day or month of a time zone's "
                + "clock. What the ledger has in the window counts from the start.",
            "A scope is key=pattern with plugin, executor, provider, model, workflow or tag; * stands for any characters. "
                + "Several keys must all fit, of one key any pattern.",
        ],
        arguments: [name],
        options: [
            .value(
                "metric", "METRIC", .text,
                "what is counted: \(QuotaMetric.known.joined(separator: ", ")), or what a plugin counts"),
            .value("limit", "AMOUNT", .text, "the most there may be; dollars for cost_usd, such as 0.20"),
            .value(
                "per", "WINDOW", .choice(QuotaWindow.Unit.allCases.map(\.rawValue) + ["ever"]), "in which time"),
            .value("calendar", "ZONE", .text, "go by the clock of this IANA time zone instead of a rolling window"),
            .value("scope", "KEY=PATTERN", .keyValue, repeated: true, "count only what fits"),
            .value(
                "on-exceed", "RULE", .choice(QuotaRule.OnExceed.allCases.map(\.rawValue)), standard: "wait",
                "what a stage does for which there is no room"),
        ],
        examples: [
            CommandExample(
                "batten quota set tpm --metric tokens --limit 90000 --per minute --scope provider=openai",
                "keeps to a provider's limit"),
            CommandExample(
                "batten quota set month --metric cost_usd --limit 50 --per month --calendar Europe/Oslo --on-exceed fail",
                "spends at most $50 a month"),
        ],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let rule = try rule(context, invocation)
            let files = ZoneFiles(environment: context.environment)
            let store = try context.openStore()
            let existed = try orFailure { () throws(StoreError) in
                try store.set(rule, at: context.now, zones: { try? files.zone(named: $0) })
            }
            guard let stored = try find(rule.name, context) else { return .done }
            if invocation.format.isData {
                context.console.data(json(stored), invocation.format)
                return .done
            }
            let limit = "\(rule.text(rule.limit)) \(rule.window.words)"
            context.console.line("quota \(rule.name) \(existed ? "is now" : "is set to") \(limit)")
            if stored.standing.used > rule.limit {
                context.console.note(
                    "\(rule.text(stored.standing.used)) are used already; nothing that counts starts before there is room"
                )
            }
            return .done
        })

    static let list = CommandDescription(
        "quota list", .operating, "list quotas with how full they are",
        examples: [CommandExample("batten quota list", "lists them by name")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let files = ZoneFiles(environment: context.environment)
            var quotas: [StoredQuota] = []
            if let reader = try context.openReader() {
                quotas = try orFailure { () throws(StoreError) in
                    try reader.quotas(at: context.now, zones: { try? files.zone(named: $0) })
                }
            }
            if invocation.format.isData {
                context.console.data(
                    .object(["items": .array(quotas.map { json($0) }), "next_cursor": .null]),
                    invocation.format)
                return .done
            }
            guard !quotas.isEmpty else {
                context.console.note("no quotas; batten quota set NAME --metric tokens --limit N --per day makes one")
                return .done
            }
            var table = TextTable([
                .fixed("QUOTA"), .flexible("LIMIT", least: 12), .flexible("SCOPE"), .fixed("USED"), .fixed("RESERVED"),
                .fixed("LEFT"), .fixed("WHEN FULL"),
            ])
            for quota in quotas {
                let rule = quota.rule
                let left = max(0, quota.standing.left)
                table.add([
                    rule.name, "\(rule.text(rule.limit)) \(rule.window.words)", scopeText(rule.scope),
                    rule.text(quota.standing.used), rule.text(quota.standing.reserved), rule.text(left),
                    rule.onExceed.rawValue,
                ])
            }
            context.console.write(table.render(context.console.output))
            return .done
        })

    static let show = CommandDescription(
        "quota show", .operating, "show a quota and how full it is",
        arguments: [name],
        examples: [CommandExample("batten quota show tpm", "shows what is used, reserved and left")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let quota = try require(context, invocation)
            if invocation.format.isData {
                context.console.data(json(quota), invocation.format)
                return .done
            }
            let rule = quota.rule
            var lines = [
                "limit: \(rule.text(rule.limit)) \(rule.window.words)", "scope: \(scopeText(rule.scope))",
                "used: \(rule.text(quota.standing.used))", "reserved: \(rule.text(quota.standing.reserved))",
            ]
            if quota.standing.used > rule.limit {
                lines.append("overrun: \(rule.text(quota.standing.overrun))")
            }
            lines.append("when full: \(rule.onExceed.rawValue)")
            for line in lines { context.console.line(line) }
            return .done
        })

    static let remove = CommandDescription(
        "quota remove", .operating, "forget a quota; what waits for it starts",
        arguments: [name],
        examples: [CommandExample("batten quota remove tpm", "forgets it")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let quota = try require(context, invocation)
            let store = try context.openStore()
            _ = try orFailure { () throws(StoreError) in try store.removeQuota(quota.rule.name) }
            if invocation.format.isData {
                context.console.data(
                    .object(["quota": .string(quota.rule.name), "removed": .bool(true)]), invocation.format)
            } else {
                context.console.line("quota \(quota.rule.name) is gone")
            }
            return .done
        })

    // MARK: Reading

    private static func rule(
        _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> QuotaRule {
        let name = invocation.argument("NAME") ?? ""
        guard !name.isEmpty, name.utf8.count <= 100, TextFit.clean(name) == name, name.allSatisfy({ $0 != "'" }) else {
            throw .usage("quota_name", "'\(TextFit.clean(name))' is not a name of a quota", help: "write it like tpm")
        }
        guard let metric = invocation.value("metric") else {
            throw .usage(
                "quota_metric", "--metric is missing", help: "one of: \(QuotaMetric.known.joined(separator: ", "))")
        }
        guard QuotaMetric.isName(metric) else {
            throw .usage(
                "quota_metric", "'\(TextFit.clean(metric))' is not a metric",
                help: "one of \(QuotaMetric.known.joined(separator: ", ")), or the name of what a plugin counts")
        }
        guard let per = invocation.value("per") else {
            throw .usage("quota_window", "--per is missing", help: "minute, hour, day, month or ever")
        }
        let zone = invocation.value("calendar")
        if let zone { _ = try ZoneFiles(environment: context.environment).zone(named: zone) }
        guard let window = QuotaWindow(window: per, calendar: zone) else {
            throw .usage(
                "quota_window", "--calendar does not go with --per \(per)",
                help: "leave out --calendar: all time has no clock")
        }
        return QuotaRule(
            name: name, metric: metric, limit: try limit(invocation.value("limit"), of: metric), window: window,
            scope: try scope(invocation.values("scope")),
            onExceed: invocation.value("on-exceed").flatMap(QuotaRule.OnExceed.init(rawValue:)) ?? .wait)
    }

    /// Reads a limit: a whole number, or dollars for money.
    ///
    /// - Parameter name: what it is called where it is written.
    static func limit(
        _ text: String?, of metric: String, named name: String = "the limit"
    ) throws(CommandFailure) -> Int64 {
        guard let text else { throw .usage("quota_limit", "--limit is missing", help: "the most there may be") }
        let isMoney = metric == QuotaMetric.cost
        let isDigits = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        if let amount = isMoney ? NanoDollars.parse(text) : isDigits ? Int64(text) : nil { return amount }
        throw .usage(
            "quota_limit",
            "\(name) '\(TextFit.clean(text))' is not \(isMoney ? "an amount of dollars" : "a whole number") from 0",
            help: isMoney
                ? "write it like 0.20, at most \(Int64.max / NanoDollars.perDollar)"
                : "write it like 100000, at most \(Int64.max)")
    }

    private static func scope(_ values: [String]) throws(CommandFailure) -> QuotaScope {
        var patterns: [QuotaScope.Pattern] = []
        for value in values {
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let key = QuotaScope.Key(rawValue: parts[0]), !parts[1].isEmpty else {
                let keys = QuotaScope.Key.allCases.map(\.rawValue)
                throw .usage(
                    "quota_scope", "'\(TextFit.clean(value))' is not a scope",
                    help: "write KEY=PATTERN with one of: \(keys.joined(separator: ", "))")
            }
            patterns.append(QuotaScope.Pattern(key, parts[1]))
        }
        return QuotaScope(patterns)
    }

    private static func find(_ name: String, _ context: CommandContext) throws(CommandFailure) -> StoredQuota? {
        guard let reader = try context.openReader() else { return nil }
        let files = ZoneFiles(environment: context.environment)
        return try orFailure { () throws(StoreError) in
            try reader.quota(name, at: context.now, zones: { try? files.zone(named: $0) })
        }
    }

    private static func require(
        _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> StoredQuota {
        let name = invocation.argument("NAME") ?? ""
        if let quota = try find(name, context) { return quota }
        throw CommandFailure(
            "quota_not_found", "there is no quota '\(TextFit.clean(name))'", help: "batten quota list shows them",
            exit: .notFound)
    }

    // MARK: Showing

    private static func scopeText(_ scope: QuotaScope) -> String {
        scope.patterns.isEmpty
            ? "everything" : scope.patterns.map { "\($0.key.rawValue)=\($0.glob)" }.joined(separator: " ")
    }

    /// A quota and how full it is, for programs.
    static func json(_ quota: StoredQuota) -> JSONValue {
        let rule = quota.rule
        func amount(_ value: Int64) -> JSONValue {
            rule.metric == QuotaMetric.cost ? .double(NanoDollars.dollars(value)) : .int(value)
        }
        let stored = rule.window.stored
        let standing = quota.standing
        return .object([
            "name": .string(rule.name), "metric": .string(rule.metric), "limit": amount(rule.limit),
            "per": .string(stored.window), "calendar": stored.calendar.map { .string($0) } ?? .null,
            "scope": rule.scope.json, "on_exceed": .string(rule.onExceed.rawValue), "used": amount(standing.used),
            "reserved": amount(standing.reserved),
            "left": amount(max(0, standing.left)),
            "overrun": amount(standing.overrun),
        ])
    }
}
