/// A word of a statement, and where it stands.
struct LineWord: Sendable, Hashable {
    var text: String
    var range: Range<Int>
}

/// A line that calls an executor.
struct StageLine: Sendable {
    /// One `key=value`.
    struct Field: Sendable {
        /// The key, without the `@` that makes it a field of the stage.
        var key: LineWord
        /// Whether it was written `@key`.
        var isOfStage: Bool
        /// Where the value stands, without white space around it.
        var value: Range<Int>
    }

    /// The name that is given; nil for a line without one.
    var name: LineWord?
    /// The executor.
    var uses: LineWord
    /// What it is called with.
    var fields: [Field]
}

/// What a line asks for.
enum LineStatement: Sendable {
    /// White space and comments.
    case nothing
    /// `:name rest`.
    case command(LineWord, rest: String)
    /// `name = plugin.executor key=value …`.
    case stage(StageLine, inBackground: Bool)
    /// `name = expression`.
    case value(LineWord, Range<Int>, inBackground: Bool)
    /// An expression whose value is shown.
    case expression(Range<Int>)
}
