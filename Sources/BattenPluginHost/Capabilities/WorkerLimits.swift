public import BattenCore

/// What one worker process may use; a limit that is nil does not exist.
public struct WorkerLimits: Sendable, Hashable {
    /// Bytes of memory.
    ///
    /// The kernel refuses to map more private memory, and the host ends a worker whose resident memory is larger.
    public var memory: Int64?
    /// Processor time over the worker's whole life, in whole seconds of at least 1.
    public var processorTime: Duration?
    /// Open descriptors.
    public var files: Int64?
    /// Processes and threads together, where control groups are delegated.
    public var processes: Int64?

    /// What holds for a plugin without settings of its own.
    public static let standard = WorkerLimits(memory: 1 << 30, processorTime: nil, files: 4096, processes: 512)

    /// Sets limits.
    public init(memory: Int64?, processorTime: Duration?, files: Int64?, processes: Int64?) {
        self.memory = memory
        self.processorTime = processorTime
        self.files = files
        self.processes = processes
    }

    /// A limit that cannot be used: its name and what is wrong with it.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Name of the limit.
        public let limit: String
        /// What is wrong with it.
        public let reason: String

        /// Limit and reason in one line.
        public var description: String { "\(limit) \(reason)" }
    }

    /// The least that a worker can start with.
    private static let least: (memory: Int64, files: Int64, processes: Int64) = (64 << 20, 32, 16)

    /// Reads `{memory: 512 MiB, cpu: 10m, files: 256, processes: 64}`; what is left out has its default, and the
    /// word `none` lifts a limit.
    ///
    /// - Throws: `Failure` for the first limit that is wrong.
    public init(_ json: JSONValue) throws(Failure) {
        guard let members = json.objectValue else { throw Failure(limit: "limits", reason: "is no mapping") }
        self = .standard
        for (name, value) in members {
            let isLifted = value.stringValue == "none"
            switch name {
            case "memory":
                memory = isLifted ? nil : try Self.size(value)
            case "cpu":
                processorTime = isLifted ? nil : try Self.time(value)
            case "files":
                files = isLifted ? nil : try Self.count(name, value, from: Self.least.files)
            case "processes":
                processes = isLifted ? nil : try Self.count(name, value, from: Self.least.processes)
            default:
                throw Failure(limit: name, reason: "is no limit; there are memory, cpu, files and processes")
            }
        }
    }

    /// The limits as they are written in settings, in bytes and nanoseconds.
    public var json: JSONValue {
        func number(_ value: Int64?) -> JSONValue { value.map(JSONValue.int) ?? "none" }
        return .object([
            "memory": number(memory),
            "cpu": processorTime.map { .string(DurationText.format($0)) } ?? "none",
            "files": number(files), "processes": number(processes),
        ])
    }

    private static func size(_ value: JSONValue) throws(Failure) -> Int64 {
        guard let bytes = value.intValue ?? value.stringValue.flatMap(ByteSize.parse) else {
            throw Failure(limit: "memory", reason: "needs a size such as '512 MiB', or none, not \(value)")
        }
        guard bytes >= least.memory else {
            throw Failure(
                limit: "memory", reason: "must be at least \(ByteSize.format(least.memory)): a worker needs it")
        }
        return bytes
    }

    private static func time(_ value: JSONValue) throws(Failure) -> Duration {
        let time: Duration?
        if let text = value.stringValue { time = try? DurationText.parse(text) } else { time = nil }
        guard let time, time >= .seconds(1) else {
            throw Failure(limit: "cpu", reason: "needs a duration of at least 1s, such as 10m, or none, not \(value)")
        }
        return time
    }

    private static func count(_ name: String, _ value: JSONValue, from least: Int64) throws(Failure) -> Int64 {
        guard let number = value.intValue, (least...1 << 20).contains(number) else {
            throw Failure(
                limit: name, reason: "needs a whole number from \(least) to \(1 << 20), or none, not \(value)")
        }
        return number
    }
}
