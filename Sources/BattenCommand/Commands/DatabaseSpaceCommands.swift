import BattenCore
import BattenStore
import BattenSystem

/// `batten db gc` and `batten db vacuum`: what keeps the store from growing for ever.
extension DatabaseCommands {
    /// `batten db gc`.
    static let gc = CommandDescription(
        "db gc", .operating, "remove history that is beyond the retention",
        details: [
            "A run goes with its stages, attempts, events and logs when it ended longer ago than retention.days, or when "
                + "its workflow has more than retention.runs_per_workflow newer ones. Runs that have not ended stay, and "
                + "those with an idempotency key for 30 days. Usage stays: after 32 days as sums by day.",
            "The same is done a little at the end of each run. This command does all of it, in small steps: others go on "
                + "meanwhile, and it may be stopped at any time.",
        ],
        options: [
            .flag("dry-run", "tell what would be removed and change nothing"),
            .value(
                "older-than", "DURATION", .duration, "remove what ended longer ago than this, in place of the setting"),
        ],
        examples: [
            CommandExample("batten db gc --dry-run", "tells how many runs are beyond the retention"),
            CommandExample("batten db gc --older-than 7d", "removes what ended more than a week ago"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let settings = try context.settings()
            var policy = settings.retention
            if let age = invocation.duration("older-than") { policy.age = age }
            return invocation.has("dry-run")
                ? try planRemoval(policy, context) : try collect(policy, settings, context)
        })

    private static func planRemoval(
        _ policy: RetentionPolicy, _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let now = context.now
        let plan = try existing(context) { administration throws(StoreError) in
            try administration.removalPlan(policy, now: now)
        }
        if context.invocation.format.isData {
            context.console.data(
                .object([
                    "dry_run": true, "runs": .int(plan.oldRuns + plan.surplusRuns), "old_runs": .int(plan.oldRuns),
                    "surplus_runs": .int(plan.surplusRuns), "oldest_run": RunReport.instant(plan.oldest),
                    "unused_files": .int(Int64(plan.unusedFiles)),
                ]), context.invocation.format)
            return .done
        }
        context.console.line(
            "would remove \(plan.oldRuns) runs that are too old, and \(plan.surplusRuns) that are too many of their "
                + "workflow")
        if let oldest = plan.oldest {
            context.console.line("the oldest of them is from \(TimeText.relative(oldest, now: now))")
        }
        if plan.unusedFiles > 0 {
            context.console.line("would remove \(plan.unusedFiles) files of large values that nothing names")
        }
        context.console.note("dry run: nothing was changed")
        return .done
    }

    private static func collect(
        _ policy: RetentionPolicy, _ settings: Settings, _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let removed = try existing(context) { administration throws(StoreError) in
            let options = StoreOptions(
                durability: StoreOptions.Durability(rawValue: settings.synchronous.rawValue) ?? .full)
            let keeper = try HistoryKeeper(
                administration.folder, policy: policy, options: options, isThorough: true,
                now: { Timestamp(nanoseconds: WallClock.now()) })
            // A pause after each step: who waits for the write lock gets it.
            while try keeper.step() { Pause.sleep(microseconds: 500) }
            var removed = keeper.removed
            let unused = try administration.removeUnusedFiles(now: context.now)
            removed.files += unused.files
            removed.fileBytes += unused.bytes
            administration.shortenLog()
            return removed
        }
        let pageBytes = try existing(context) { administration throws(StoreError) in try administration.pageBytes() }
        let given = removed.pages * pageBytes
        if context.invocation.format.isData {
            context.console.data(
                .object([
                    "dry_run": false, "runs": .int(Int64(removed.runs)), "engines": .int(Int64(removed.engines)),
                    "definitions": .int(Int64(removed.definitions)), "files": .int(Int64(removed.files)),
                    "file_bytes": .int(removed.fileBytes), "usage_reports": .int(Int64(removed.usageReports)),
                    "bytes_given_back": .int(given),
                ]), context.invocation.format)
            return .done
        }
        context.console.line(
            "removed \(removed.runs) runs, \(removed.engines) records of engines, \(removed.definitions) definitions, "
                + "\(removed.files) files (\(ByteSize.format(removed.fileBytes)))")
        if removed.usageReports > 0 {
            context.console.line("summed up \(removed.usageReports) reports of usage by day")
        }
        context.console.line("gave back \(ByteSize.format(given)) of the database")
        return .done
    }

    /// `batten db vacuum`.
    static let vacuum = CommandDescription(
        "db vacuum", .operating, "give free space of the store back to the file system",
        details: [
            "It is done in small steps while others go on. A store of an earlier Batten that was not made for that is "
                + "written anew once, as every store is with --rebuild; no engine may be running then."
        ],
        options: [.flag("rebuild", "write the whole file anew, which also puts its parts in order")],
        examples: [CommandExample("batten db vacuum", "makes the file as small as what it holds")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let vacuum = try existing(context) { administration throws(StoreError) in
                try administration.vacuum(rebuild: invocation.has("rebuild"))
            }
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "bytes_before": .int(vacuum.bytesBefore), "bytes_after": .int(vacuum.bytesAfter),
                        "rebuilt": .bool(vacuum.isRebuilt),
                    ]), invocation.format)
            } else {
                context.console.line(
                    "\(ByteSize.format(vacuum.bytesBefore)) before, \(ByteSize.format(vacuum.bytesAfter)) after"
                        + (vacuum.isRebuilt ? "; the file was written anew" : ""))
            }
            return .done
        })
}
