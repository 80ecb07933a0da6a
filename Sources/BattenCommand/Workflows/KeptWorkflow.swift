import BattenCore
import BattenStore

/// The workflows that are kept in the store.
enum KeptWorkflow {
    /// Finds a kept workflow; nil when there is none of that name, or no store yet.
    static func find(_ name: String, in context: CommandContext) throws(CommandFailure) -> StoredDefinition? {
        guard let reader = try context.openReader() else { return nil }
        return try orFailure { () throws(StoreError) in try reader.workflow(name) }
    }

    /// Names of the kept workflows, sorted.
    static func names(in context: CommandContext) throws(CommandFailure) -> [String] {
        guard let reader = try context.openReader() else { return [] }
        return try orFailure { () throws(StoreError) in try reader.workflows().map(\.name) }
    }

    /// A kept workflow.
    ///
    /// - Throws: `no_such_workflow` when there is none of that name.
    static func require(_ name: String, in context: CommandContext) throws(CommandFailure) -> StoredDefinition {
        if let found = try find(name, in: context) { return found }
        let near = DidYouMean.help(for: name, in: try names(in: context))
        throw .notFound(
            "no_such_workflow", "no workflow '\(name)' is kept",
            help: near.isEmpty ? "`batten add FILE` keeps one; `batten list` shows them" : near)
    }
}

/// Runs a body whose errors are the store's.
func orFailure<Value>(_ body: () throws(StoreError) -> Value) throws(CommandFailure) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}
