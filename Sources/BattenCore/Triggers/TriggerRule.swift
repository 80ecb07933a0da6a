/// What starts runs of a workflow besides the clock.
public struct TriggerRule: Sendable, Hashable {
    /// What is waited for.
    public enum Source: Sendable, Hashable {
        /// A file that comes into a folder: the folder, and a pattern of names with `*`, `?` and `[…]`.
        case file(folder: String, pattern: String)
        /// The end of a run of another workflow in one of these states.
        case workflow(String, statuses: [RunStatus])
        /// What somebody tells under a name.
        case event(String)
    }

    /// What is waited for.
    public var source: Source
    /// How long a file must stay as it is before it counts.
    public var settle: Duration
    /// Whether files count that were there before the trigger.
    public var takesExisting: Bool
    /// Parameters of its runs; nil where none are written.
    public var parameters: JSONObject?
    /// The name that its author gave it.
    public var name: String?
    /// What it is for.
    public var description: String?

    /// How long a file must stay as it is where nothing is said.
    public static let standardSettling = Duration.seconds(1)
    /// States of a run in which it has ended, by their names.
    public static let statuses = RunStatus.allCases.filter(\.isTerminal)

    /// Reads a trigger as it is written in a workflow.
    ///
    /// - Throws: ``ScheduleError``.
    public init(_ entry: JSONObject) throws(ScheduleError) {
        func text(_ field: String) throws(ScheduleError) -> String? {
            guard let value = entry[field], !value.isNull else { return nil }
            guard let text = value.stringValue, !text.isEmpty else {
                throw ScheduleError("'\(field)' is not a text", help: "write a text that is not empty")
            }
            return text
        }
        switch (try text("file"), try text("workflow"), try text("event")) {
        case (let path?, nil, nil): source = try Self.files(path)
        case (nil, let workflow?, nil): source = .workflow(workflow, statuses: try Self.statuses(entry["status"]))
        case (nil, nil, let event?): source = .event(event)
        case (nil, nil, nil):
            throw ScheduleError(
                "it has neither 'file' nor 'workflow' nor 'event'",
                help: "for example file: \"inbox/*.csv\", workflow: fetch, or event: deploy")
        default: throw ScheduleError("it has more than one of 'file', 'workflow' and 'event'", help: "keep one of them")
        }
        settle = Self.standardSettling
        if let written = try text("settle") {
            guard let duration = try? DurationText.parse(written) else {
                throw ScheduleError("'settle' is '\(written)', which is no duration", help: "write 500ms, 2s or 1m")
            }
            settle = duration
        }
        takesExisting = entry["existing"]?.boolValue ?? false
        parameters = entry["parameters"]?.objectValue
        name = try text("name")
        description = try text("description")
    }

    private static func files(_ path: String) throws(ScheduleError) -> Source {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let pattern = parts.last, !pattern.isEmpty else {
            throw ScheduleError("'file' is '\(path)', a folder", help: "say which files of it: \(path)*")
        }
        let folder = parts.dropLast().joined(separator: "/")
        guard !folder.utf8.contains(where: { "*?[".utf8.contains($0) }) else {
            throw ScheduleError(
                "'file' has '*', '?' or '[' in its folder", help: "only the name of the file may have them")
        }
        return .file(folder: folder.isEmpty && path.hasPrefix("/") ? "/" : folder, pattern: String(pattern))
    }

    private static func statuses(_ value: JSONValue?) throws(ScheduleError) -> [RunStatus] {
        guard let value, !value.isNull else { return [.completed] }
        let words = value.arrayValue?.map(\.stringValue) ?? [value.stringValue]
        var found: [RunStatus] = []
        for word in words {
            guard let status = word.flatMap({ RunStatus(rawValue: $0) }), status.isTerminal else {
                throw ScheduleError(
                    "'status' cannot be \(JSONWriter.string(value))",
                    help: "it is one or some of \(statuses.map(\.rawValue).joined(separator: ", "))")
            }
            if !found.contains(status) { found.append(status) }
        }
        return found.isEmpty ? [.completed] : found
    }

    /// The rule as it is written in a workflow.
    public var json: JSONObject {
        var object = JSONObject()
        if let name { object["name"] = .string(name) }
        if let description { object["description"] = .string(description) }
        switch source {
        case .file(let folder, let pattern):
            object["file"] = .string(folder.isEmpty ? pattern : folder == "/" ? "/\(pattern)" : "\(folder)/\(pattern)")
            object["settle"] = .string(DurationText.format(settle))
            if takesExisting { object["existing"] = true }
        case .workflow(let name, let statuses):
            object["workflow"] = .string(name)
            object["status"] = .array(statuses.map { .string($0.rawValue) })
        case .event(let name): object["event"] = .string(name)
        }
        if let parameters { object["parameters"] = .object(parameters) }
        return object
    }

    /// What is waited for, in words.
    public var words: String {
        switch source {
        case .file: "file \(json["file"]?.stringValue ?? "")"
        case .workflow(let name, let statuses):
            "\(name) \(statuses.map(\.rawValue).joined(separator: ", "))"
        case .event(let name): "event \(name)"
        }
    }
}
