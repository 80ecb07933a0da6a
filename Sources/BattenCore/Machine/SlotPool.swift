/// Which slots the attempts of a stage use.
public struct StagePool: Sendable, Hashable {
    /// Plugin id; empty for the engine's own kinds, which use no slot.
    public let plugin: String
    /// Whether its attempts hold no thread.
    public let isAsynchronous: Bool

    /// The slots of a kind of stage.
    public init(_ kind: StageKind) {
        switch kind {
        case .executor(let info):
            plugin = String(info.type.prefix { $0 != "." })
            isAsynchronous = info.isAsynchronous
        case .set, .sleep, .gate, .signal, .unsupported:
            plugin = ""
            isAsynchronous = true
        }
    }
}

/// How many attempts may run at once over all runs of an engine: a value that machines take from and give back to.
public struct SlotPool: Sendable {
    private var limits: [String: Int]
    private var used: [String: Int] = [:]
    private static let blocking = ".blocking"
    private static let asynchronous = ".asynchronous"

    /// Creates a pool with all slots free.
    ///
    /// - Parameters:
    ///   - blocking: attempts at once that hold a thread; at least 1.
    ///   - asynchronous: attempts at once that hold none; at least 1.
    ///   - plugins: limits of single plugins, by id; such a plugin does not use the other two.
    public init(blocking: Int, asynchronous: Int, plugins: [String: Int] = [:]) {
        limits = plugins.mapValues { max(1, $0) }
        limits[Self.blocking] = max(1, blocking)
        limits[Self.asynchronous] = max(1, asynchronous)
    }

    /// A pool that never runs out.
    public static let unlimited = SlotPool(blocking: .max, asynchronous: .max)

    /// Whether an attempt can start.
    public func hasRoom(_ pool: StagePool) -> Bool {
        let name = name(of: pool)
        return (used[name] ?? 0) < (limits[name] ?? .max)
    }

    /// How many slots are taken in all.
    var taken: Int { used.values.reduce(0, +) }

    /// Takes a slot; also beyond the limit, for an attempt that runs already.
    mutating func take(_ pool: StagePool) {
        used[name(of: pool), default: 0] += 1
    }

    /// Gives a slot back.
    mutating func free(_ pool: StagePool) {
        let name = name(of: pool)
        if let count = used[name] { used[name] = max(0, count - 1) }
    }

    /// Why an attempt cannot start, for people.
    func detail(_ pool: StagePool) -> String {
        let name = name(of: pool)
        let whose =
            switch name {
            case Self.blocking: "for blocking executors"
            case Self.asynchronous: "for asynchronous executors"
            default: "of \(name)"
            }
        return "all \(limits[name] ?? 0) slots \(whose) are taken"
    }

    private func name(of pool: StagePool) -> String {
        if limits[pool.plugin] != nil { return pool.plugin }
        return pool.isAsynchronous ? Self.asynchronous : Self.blocking
    }
}
