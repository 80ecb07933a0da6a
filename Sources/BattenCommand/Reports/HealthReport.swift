import BattenCore
import BattenStore
import BattenSystem

/// How everything is doing: who serves, what starts by itself, what waits for somebody, and how much room there is.
struct HealthReport: Sendable {
    /// An engine that serves.
    struct Server: Sendable {
        let record: EngineRecord
        /// What it says of itself; nil when it does not answer.
        let health: JSONObject?
    }

    let home: String
    let at: Timestamp
    let since: Timestamp
    let servers: [Server]
    let overview: Overview
    /// Runs that wait for somebody, the latest first.
    let blocked: [BattenStore.RunSummary]
    /// Quotas of which little is left, by name, and how many there are.
    let quotas: (near: [StoredQuota], count: Int)
    /// Bytes that may still be written beside the store; nil when that is not known.
    let freeBytes: UInt64?

    /// Entries of each list.
    static let limit = 8
    /// How long an engine may take to answer.
    private static let patience = Duration.seconds(2)

    /// Of how many hundredths of a quota at least it is told.
    private static let nearlyFull: Int64 = 80

    /// Reads how things are.
    ///
    /// - Parameter zones: the zones that calendars of quotas go by.
    init(
        _ reader: StoreReader, since: Timestamp, at now: Timestamp, limit: Int = limit, zones: ZoneFiles
    ) throws(StoreError) {
        home = reader.folder.path
        at = now
        self.since = since
        let living = Set(try reader.living(role: EngineRuntime.serving))
        let records = living.isEmpty ? [] : try reader.engines().filter { living.contains($0.id) }
        let folder = reader.folder
        servers = records.map { record in
            let bytes = try? EngineFolder.ask(
                Array(#"{"ask":"health"}"#.utf8), of: record.id, in: folder, within: Self.patience)
            let answer = (bytes ?? nil).flatMap { try? JSONReader.parse($0) }?.objectValue
            return Server(record: record, health: answer?["engine"] == nil ? nil : answer)
        }
        overview = try reader.overview(since: since, limit: limit)
        blocked = try reader.runs(RunFilter(statuses: [.waiting, .paused]), limit: limit).items
        let quotas = try reader.quotas(at: now, zones: { try? zones.zone(named: $0) })
        self.quotas = (quotas.filter(Self.isNearlyFull), quotas.count)
        freeBytes = try? HostMachine.freeBytes(at: reader.folder.path)
    }

    private static func isNearlyFull(_ quota: StoredQuota) -> Bool {
        let taken = quota.standing.used.addingReportingOverflow(quota.standing.reserved)
        return taken.overflow || Double(taken.partialValue) * 100 >= Double(quota.rule.limit) * Double(nearlyFull)
    }

    // MARK: Data

    var json: JSONValue {
        .object([
            "at": .string(at.rfc3339), "home": .string(home), "servers": .array(servers.map(Self.json)),
            "runs": counts(overview.unfinished, [.pending, .running, .waiting, .paused]),
            "ended": ended, "schedules": schedules,
            "triggers": .object([
                "active": .int(Int64(overview.triggers)), "refused": .array(overview.refused.map(Self.json)),
            ]),
            "blocked": .array(
                blocked.map { run in
                    .object([
                        "run": .string(run.id), "workflow": .string(run.workflow),
                        "status": .string(run.status.rawValue),
                        "on": run.waiting.map { .string($0.on) } ?? .null,
                        "detail": run.waiting.map { .string($0.detail) } ?? .null,
                        "since": run.waiting.map { .string($0.since.rfc3339) } ?? .null,
                    ])
                }),
            "quotas": .object([
                "count": .int(Int64(quotas.count)), "near": .array(quotas.near.map(QuotaCommands.json)),
            ]),
            "store": .object([
                "bytes": .int(overview.databaseBytes), "log_bytes": .int(overview.logBytes),
                "free_bytes": freeBytes.map { .int(Int64(clamping: $0)) } ?? .null,
            ]),
        ])
    }

    private var ended: JSONValue {
        guard case .object(var object) = counts(overview.ended, TriggerRule.statuses) else { return .null }
        object["since"] = .string(since.rfc3339)
        return .object(object)
    }

    private func counts(_ counts: [RunStatus: Int], _ statuses: [RunStatus]) -> JSONValue {
        var object = JSONObject()
        for status in statuses { object[status.rawValue] = .int(Int64(counts[status] ?? 0)) }
        return .object(object)
    }

    private var schedules: JSONValue {
        .object([
            "active": .int(Int64(overview.schedules.active)), "paused": .int(Int64(overview.schedules.paused)),
            "next": .array(
                overview.next.map { schedule in
                    .object([
                        "schedule": .string(schedule.name), "workflow": .string(schedule.workflow),
                        "at": schedule.nextAt.map { .string($0.rfc3339) } ?? .null,
                    ])
                }),
            "last": .array(
                overview.last.map { fire, status in
                    .object([
                        "schedule": .string(fire.schedule), "due": .string(fire.at.rfc3339),
                        "outcome": .string(fire.outcome.rawValue), "run": fire.run.map { .string($0) } ?? .null,
                        "status": status.map { .string($0.rawValue) } ?? .null,
                    ])
                }),
            "failing": .array(
                overview.failing.map { failing in
                    .object([
                        "schedule": .string(failing.schedule), "workflow": .string(failing.workflow),
                        "paused": .bool(failing.pause != nil),
                        "why": (failing.pause ?? failing.error).map { .string($0) } ?? .null,
                        "run": failing.run.map { .string($0) } ?? .null,
                    ])
                }),
        ])
    }

    private static func json(_ server: Server) -> JSONValue {
        if let health = server.health { return .object(health) }
        let record = server.record
        return .object([
            "engine": .string(record.id), "pid": .int(Int64(record.pid)), "version": .string(record.version),
            "since": .string(record.startedAt.rfc3339), "state": "silent",
        ])
    }

    private static func json(_ event: TriggerEvent) -> JSONValue {
        .object([
            "trigger": .string(event.trigger), "key": .string(event.key), "at": .string(event.at.rfc3339),
            "why": event.note.map { .string($0) } ?? .null,
        ])
    }

    // MARK: Text

    /// The view on one screen.
    func show(on console: Console) {
        for server in servers { console.line("serving    \(line(server))") }
        if servers.isEmpty {
            console.line("serving    nobody: schedules, triggers and detached runs wait for 'batten serve'")
        }
        console.line("runs       \(runs)")
        let states = overview.schedules
        console.line(
            "schedules  \(states.active) active, \(states.paused) paused; \(overview.triggers) "
                + (overview.triggers == 1 ? "trigger" : "triggers"))
        let room = freeBytes.map { ", \(ByteSize.format(Int64(clamping: $0))) free" } ?? ""
        console.line(
            "store      \(home): \(ByteSize.format(overview.databaseBytes)), log \(ByteSize.format(overview.logBytes))\(room)"
        )
        showTimes(console)
        showTrouble(console)
    }

    private var runs: String {
        let order: [RunStatus] = [.running, .waiting, .paused, .pending]
        let now = order.compactMap { status in overview.unfinished[status].map { "\($0) \(StatusText.word(status))" } }
        let ends = TriggerRule.statuses.compactMap { status in
            overview.ended[status].map { "\($0) \(StatusText.word(status))" }
        }
        let past = ends.isEmpty ? "none has ended" : ends.joined(separator: ", ")
        return "\(now.isEmpty ? "none" : now.joined(separator: ", ")); in \(TimeText.elapsed(at - since)): \(past)"
    }

    private func line(_ server: Server) -> String {
        let record = server.record
        let start = "\(record.id) (pid \(record.pid)) for \(TimeText.elapsed(at - record.startedAt))"
        guard let health = server.health else { return "\(start), but it does not answer: stopped, or far behind" }
        let runs = health["runs"]?.intValue ?? 0
        let waiting = health["waiting"]?.intValue ?? 0
        let last = health["last_commit"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        let wrote = last.map { ", last wrote \(TimeText.relative($0, now: at))" } ?? ""
        let ending = health["state"] == "stopping" ? ", stopping" : ""
        let waits = waiting == 0 ? "" : " (\(waiting) waiting)"
        return "\(start): \(runs) \(runs == 1 ? "run" : "runs")\(waits)\(wrote)\(ending)"
    }

    private func showTimes(_ console: Console) {
        if !overview.next.isEmpty {
            var table = TextTable([.fixed("NEXT"), .fixed("SCHEDULE"), .flexible("WORKFLOW")])
            for schedule in overview.next {
                table.add([
                    schedule.nextAt.map { TimeText.relative($0, now: at) } ?? "–", schedule.name, schedule.workflow,
                ])
            }
            console.line("")
            console.write(table.render(console.output))
        }
        if !overview.last.isEmpty {
            var table = TextTable([
                .fixed("LAST"), .fixed("SCHEDULE"), .fixed("OUTCOME"), .fixed("RUN"), .fixed("STATUS"),
            ])
            for (fire, status) in overview.last {
                table.add(
                    [
                        TimeText.relative(fire.at, now: at), fire.schedule, fire.outcome.rawValue, fire.run ?? "–",
                        status.map { StatusText.word($0) } ?? "–",
                    ], tones: [nil, nil, nil, nil, status.flatMap { StatusText.tone($0) }])
            }
            console.line("")
            console.write(table.render(console.output))
        }
    }

    private func showTrouble(_ console: Console) {
        if !quotas.near.isEmpty {
            var table = TextTable([
                .fixed("NEARLY FULL"), .flexible("LIMIT", least: 12), .fixed("USED"), .fixed("RESERVED"),
                .fixed("WHEN FULL"),
            ])
            for quota in quotas.near {
                let rule = quota.rule
                table.add([
                    rule.name, "\(rule.text(rule.limit)) \(rule.window.words)", rule.text(quota.standing.used),
                    rule.text(quota.standing.reserved), rule.onExceed.rawValue,
                ])
            }
            console.line("")
            console.write(table.render(console.output))
        }
        if !overview.failing.isEmpty {
            var table = TextTable([.fixed("FAILING"), .fixed("WORKFLOW"), .flexible("WHY", least: 20), .fixed("RUN")])
            for failing in overview.failing {
                table.add([
                    failing.schedule, failing.workflow,
                    failing.pause.map { "paused: \($0)" } ?? failing.error ?? "its last run failed", failing.run ?? "–",
                ])
            }
            console.line("")
            console.write(table.render(console.output))
        }
        if !blocked.isEmpty {
            var table = TextTable([
                .fixed("BLOCKED"), .fixed("WORKFLOW"), .flexible("WAITS FOR", least: 20), .fixed("SINCE"),
            ])
            for run in blocked {
                table.add([
                    run.id, run.workflow, run.waiting?.detail ?? StatusText.word(run.status),
                    run.waiting.map { TimeText.relative($0.since, now: at) } ?? "–",
                ])
            }
            console.line("")
            console.write(table.render(console.output))
        }
        if !overview.refused.isEmpty {
            var table = TextTable([.fixed("REFUSED"), .flexible("EVENT"), .flexible("WHY", least: 20), .fixed("CAME")])
            for event in overview.refused {
                table.add([event.trigger, event.key, event.note ?? "", TimeText.relative(event.at, now: at)])
            }
            console.line("")
            console.write(table.render(console.output))
        }
    }
}
