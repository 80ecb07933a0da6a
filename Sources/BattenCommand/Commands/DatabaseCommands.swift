import BattenCore
import BattenStore

/// `batten db`: the store itself.
enum DatabaseCommands {
    /// `batten db info`.
    static let info = CommandDescription(
        "db info", .operating, "show what the store holds and how large it is",
        examples: [CommandExample("batten db info", "shows bytes, rows and the oldest row of each table")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let info = try existing(context) { administration throws(StoreError) in try administration.info() }
            let rows = info.rows.map { table -> JSONValue in
                .object([
                    "table": .string(table.table), "rows": .int(table.count),
                    "bytes": table.bytes.map { .int($0) } ?? .null, "oldest": RunReport.instant(table.oldest),
                ])
            }
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "path": .string(info.path), "schema_version": .int(Int64(info.schemaVersion)),
                        "latest_version": .int(Int64(info.latestVersion)), "journal_mode": .string(info.journalMode),
                        "page_size": .int(info.pageSize), "pages": .int(info.pages), "free_pages": .int(info.freePages),
                        "database_bytes": .int(info.databaseBytes), "log_bytes": .int(info.logBytes),
                        "free_bytes": .int(info.freePages * info.pageSize), "incremental_vacuum": .bool(info.givesBack),
                        "blob_folder": .string(info.blobFolder), "blobs": .int(info.blobs),
                        "blob_bytes": .int(info.blobBytes), "tables": .array(rows),
                        "oldest_run": RunReport.instant(info.oldestRun),
                        "newest_run": RunReport.instant(info.newestRun),
                        "last_sweep": RunReport.instant(info.lastSweep),
                    ]), invocation.format)
                return .done
            }
            let console = context.console
            console.line("file     \(info.path)")
            console.line("schema   \(info.schemaVersion) of \(info.latestVersion), \(info.journalMode)")
            console.line(
                "size     \(ByteSize.format(info.databaseBytes)) with \(ByteSize.format(info.freePages * info.pageSize)) "
                    + "free, log \(ByteSize.format(info.logBytes))")
            console.line(
                "blobs    \(info.blobFolder): \(info.blobs) large values, \(ByteSize.format(info.blobBytes))")
            if !info.givesBack {
                console.line("space    is kept by the file until it is written anew: batten db vacuum")
            }
            if let oldest = info.oldestRun, let newest = info.newestRun {
                console.line(
                    "runs     from \(TimeText.relative(oldest, now: context.now)) to "
                        + TimeText.relative(newest, now: context.now))
            }
            if let swept = info.lastSweep {
                console.line("swept    \(TimeText.relative(swept, now: context.now))")
            }
            var table = TextTable([
                .fixed("TABLE"), .fixed("ROWS", right: true), .fixed("SIZE", right: true), .fixed("OLDEST"),
            ])
            for row in info.rows where row.count > 0 {
                table.add([
                    row.table, String(row.count), row.bytes.map { ByteSize.format($0) } ?? "",
                    row.oldest.map { TimeText.relative($0, now: context.now) } ?? "",
                ])
            }
            console.write(table.render(console.output))
            return .done
        })

    /// `batten db check`.
    static let check = CommandDescription(
        "db check", .operating, "read the whole store and tell what is wrong with it",
        details: ["Nothing is changed. The exit code is 10 when something is wrong."],
        examples: [CommandExample("batten db check", "checks structure, references, large values and states")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let check = try existing(context) { administration throws(StoreError) in try administration.check() }
            if invocation.format.isData {
                let problems = check.problems.map { problem -> JSONValue in
                    .object(["kind": .string(problem.kind.rawValue), "message": .string(problem.message)])
                }
                context.console.data(
                    .object([
                        "ok": .bool(check.problems.isEmpty), "problems": .array(problems),
                        "values_checked": .int(Int64(check.valuesChecked)),
                        "unused_files": .array(check.unusedFiles.map { .string($0) }),
                    ]), invocation.format)
            } else if check.problems.isEmpty {
                context.console.line("the store is sound; \(check.valuesChecked) large values were read")
                if !check.unusedFiles.isEmpty {
                    context.console.line(
                        "\(check.unusedFiles.count) files of large values are not used; they do no harm")
                }
            } else {
                for problem in check.problems {
                    context.console.line("\(problem.kind.rawValue): \(TextFit.clean(problem.message))")
                }
                context.console.note("restore a backup, or save what is left with: batten db backup FILE")
            }
            return check.problems.isEmpty ? .done : .store
        })

    /// `batten db backup`.
    static let backup = CommandDescription(
        "db backup", .operating, "copy the store while it is in use",
        details: ["Large values go to a folder FILE.blobs beside the copy. An existing file is not replaced."],
        arguments: [ArgumentDescription("FILE", .required, .file, "the copy to write")],
        examples: [CommandExample("batten db backup batten-monday.db", "writes a copy that shows one moment")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let path = context.absolute(invocation.argument("FILE") ?? "")
            let copy = try existing(context) { administration throws(StoreError) in try administration.backup(to: path)
            }
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "file": .string(copy.file), "bytes": .int(copy.bytes),
                        "blob_folder": copy.blobFolder.map { .string($0) } ?? .null, "blobs": .int(Int64(copy.blobs)),
                    ]), invocation.format)
            } else {
                context.console.line("\(copy.file): \(ByteSize.format(copy.bytes))")
                if let folder = copy.blobFolder { context.console.line("\(folder): \(copy.blobs) large values") }
            }
            return .done
        })

    /// `batten db migrate`.
    static let migrate = CommandDescription(
        "db migrate", .operating, "bring the store to another version of its schema",
        details: [
            "Opening a store brings it up by itself; this command is for going down before an older Batten is used, and "
                + "for seeing first what would happen."
        ],
        options: [
            .value("to", "VERSION", .integer(0...10_000), "version to reach; the latest when not given"),
            .flag("dry-run", "tell what would be done and change nothing"),
        ],
        examples: [CommandExample("batten db migrate --to 1 --dry-run", "tells what going down to version 1 loses")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let target = invocation.integer("to")
            let isDry = invocation.has("dry-run")
            let plan = try existing(context) { administration throws(StoreError) in
                isDry ? try administration.migrationPlan(to: target) : try administration.migrate(to: target)
            }
            if invocation.format.isData {
                let steps = plan.steps.map { step -> JSONValue in
                    .object(["version": .int(Int64(step.version)), "title": .string(step.title)])
                }
                context.console.data(
                    .object([
                        "from": .int(Int64(plan.from)), "to": .int(Int64(plan.target)), "dry_run": .bool(isDry),
                        "lost_rows": .int(plan.lostRows), "steps": .array(steps),
                    ]), invocation.format)
                return .done
            }
            guard !plan.steps.isEmpty else {
                context.console.line("the store is at version \(plan.from) already")
                return .done
            }
            for step in plan.steps {
                context.console.line("to version \(step.version): \(step.title)")
                for loss in step.losses where loss.rows > 0 {
                    context.console.line("  loses \(loss.rows) rows of \(loss.table)")
                }
            }
            context.console.note(isDry ? "dry run: nothing was changed" : "done")
            return .done
        })

    static func existing<Value>(
        _ context: CommandContext, _ body: (StoreAdministration) throws(StoreError) -> Value
    ) throws(CommandFailure) -> Value {
        let folder = try context.stateFolder()
        guard folder.hasStore else {
            throw .notFound(
                "no_store", "there is no store in \(folder.path) yet", help: "the first run makes one: batten run FILE")
        }
        return try orFailure { () throws(StoreError) in try body(StoreAdministration(folder)) }
    }
}

/// `batten query`.
enum QueryCommand {
    static let description = CommandDescription(
        "query", .operating, "ask the store with SQL that only reads",
        details: [
            "Views for people: active_runs, workflow_stats, recent_events, usage_by_day, blocked. Every table can be read, "
                + "none written."
        ],
        arguments: [ArgumentDescription("SQL", .required, "one SELECT, WITH, VALUES or EXPLAIN")],
        options: [.value("limit", short: "n", "COUNT", .integer(1...1_000_000), standard: "1000", "rows at most")],
        formats: [.text, .json, .ndjson, .yaml],
        examples: [
            CommandExample("batten query 'SELECT * FROM workflow_stats'", "shows a view"),
            CommandExample("batten query 'SELECT status, count(*) FROM runs GROUP BY 1'", "counts runs by state"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            guard let reader = try context.openReader() else {
                throw .notFound("no_store", "there is no store yet", help: "the first run makes one: batten run FILE")
            }
            let sql = invocation.argument("SQL") ?? ""
            let result: QueryResult
            do throws(StoreError) {
                result = try reader.query(sql, limit: invocation.integer("limit") ?? 1_000)
            } catch {
                guard error.code == .misuse else { throw CommandFailure(error) }
                throw .usage("bad_query", error.message, help: error.help)
            }
            show(result, context)
            return .done
        })

    private static func show(_ result: QueryResult, _ context: CommandContext) {
        let format = context.invocation.format
        if format.isData {
            let items = result.rows.map { row -> JSONValue in
                .object(JSONObject(zip(result.columns, row).map { ($0, $1) }))
            }
            if format == .ndjson {
                for item in items { context.console.line(JSONWriter.string(item)) }
            } else {
                context.console.data(.object(["items": .array(items), "next_cursor": .null]), format)
            }
            return
        }
        var table = TextTable(result.columns.map { .flexible($0, least: 6) })
        for row in result.rows { table.add(row.map { $0.stringValue ?? ($0.isNull ? "" : JSONWriter.string($0)) }) }
        context.console.write(table.render(context.console.output))
        if result.isCut { context.console.note("there are more rows; ask with a larger --limit") }
    }
}
