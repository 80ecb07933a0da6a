/// What keeps a hostile file from costing more than it is worth.
public struct ReadLimits: Sendable, Hashable {
    /// Bytes of one file.
    public var bytes: Int
    /// Lists and mappings open at once.
    public var depth: Int
    /// Values that aliases stand for, all together.
    public var aliasNodes: Int
    /// Stages of one workflow.
    public var stages: Int

    /// 8 MiB, depth 100, 100,000 values through aliases, 50,000 stages.
    public static let standard = ReadLimits()

    /// Creates limits.
    public init(bytes: Int = 8 << 20, depth: Int = 100, aliasNodes: Int = 100_000, stages: Int = 50_000) {
        self.bytes = bytes
        self.depth = depth
        self.aliasNodes = aliasNodes
        self.stages = stages
    }
}
