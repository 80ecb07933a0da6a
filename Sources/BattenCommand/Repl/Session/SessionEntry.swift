import BattenCore

/// One line of a session that gave, or will give, a value.
struct SessionEntry: Sendable {
    /// How far it is.
    enum State: Sendable {
        /// Its run goes on, or waits for somebody.
        case running
        /// It has these outputs.
        case completed(JSONValue)
        /// It ended without.
        case ended(StageStatus, StageError?)
    }

    /// Where its stage comes from.
    enum Origin: Sendable {
        /// A line, and the names it was read with.
        case line(LineStatement, NameTable)
        /// A call of a declared function inside a line.
        case call(ForeignCall, NameTable)
        /// A workflow that was loaded.
        case file
        /// A run that was attached.
        case run
    }

    /// Name in the session.
    var name: String
    /// Id of the stage in its run.
    var id: String
    /// What was typed.
    var line: LineSource
    /// The stage as it was checked, the names of the session resolved.
    var definition: StageDefinition
    /// The output that the name stands for; nil for all outputs.
    var member: String?
    /// What it reads of the session.
    var usage: LineUsage
    /// Where its stage comes from.
    var origin: Origin
    /// Its run; empty for outputs that were given with `:mock`.
    var run: String
    /// How far it is.
    var state: State
    /// How long it took.
    var elapsed: Duration?

    /// The outputs; nil unless it has completed.
    var outputs: JSONValue? {
        if case .completed(let outputs) = state { return outputs }
        return nil
    }

    /// What the name stands for; nil unless it has completed.
    var value: JSONValue? { member.map { outputs?[$0] } ?? outputs }

    /// Whether it is a call inside another line.
    var isInner: Bool {
        if case .call = origin { return true }
        return false
    }

    /// Whether its run has not ended.
    var isRunning: Bool {
        if case .running = state { return true }
        return false
    }
}
