import BattenCore
import BattenStore

/// Finds the runs that command lines name, by id, by the beginning of one, or by `-` and `@last`.
enum NamedRun {
    /// Finds a run.
    ///
    /// - Throws: `no_such_run` or `ambiguous_run`, exit code 8.
    static func find(_ name: String, in context: CommandContext) throws(CommandFailure) -> StoredRun {
        guard let reader = try context.openReader() else { throw noStore(context) }
        switch try orFailure({ () throws(StoreError) in try reader.run(name) }) {
        case .found(let run): return run
        case .ambiguous(let ids):
            throw .notFound(
                "ambiguous_run", "'\(name)' begins the ids of several runs: \(ids.joined(separator: ", "))",
                help: "write more of the id")
        case .none:
            throw .notFound("no_such_run", "there is no run '\(name)'", help: "`batten runs` lists them")
        }
    }

    /// The run that has started a run; nil when nobody has, or that one is over.
    static func parent(of run: StoredRun, in context: CommandContext) throws(CommandFailure) -> StoredRun? {
        guard let parent = run.row.parent, let reader = try context.openReader(),
            case .found(let above) = try orFailure({ () throws(StoreError) in try reader.run(parent.run) }),
            !above.row.status.isTerminal
        else { return nil }
        return above
    }

    /// The id of the run that is driven when a run is: its uppermost ancestor that is not over, or itself.
    static func top(of run: StoredRun, in context: CommandContext) throws(CommandFailure) -> String {
        var top = run
        while let above = try parent(of: top, in: context) { top = above }
        return top.row.id
    }

    /// A run as data and for people.
    static func report(of id: String, in context: CommandContext) throws(CommandFailure) -> RunReport {
        guard let reader = try context.openReader() else { throw noStore(context) }
        let run = try find(id, in: context)
        let stages = try orFailure { () throws(StoreError) in try reader.stages(run: run.row.id) }
        let usage = try orFailure { () throws(StoreError) in try reader.usage(run: run.row.id) }
        var report = RunReport(run: run.row, rows: stages, usage: usage)
        if stages.contains(where: { $0.childRun(of: run.row.id) != nil }) {
            let sums = try orFailure { () throws(StoreError) in try reader.usage(below: run.row.id) }
            for sum in sums { report.usageBelow.add(sum) }
        }
        for stage in stages where stage.status != .completed {
            guard let child = stage.childRun(of: run.row.id) else { continue }
            guard case .found(let found) = try orFailure({ () throws(StoreError) in try reader.run(child) }) else {
                continue
            }
            report.children[child] = try self.report(of: found.row.id, in: context)
        }
        return report
    }

    private static func noStore(_ context: CommandContext) -> CommandFailure {
        .notFound("no_such_run", "nothing was run yet", help: "start with: batten run FILE")
    }
}
