// Shapes that stand in until Schema/ and Expressions/ declare the real ones: whoever adds a real declaration deletes
// the one here, and the file goes with the last of them.

/// A compiled JSON Schema.
public struct JSONSchema: Sendable {}
