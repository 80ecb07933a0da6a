/// Parameters that a schedule or a trigger gives to its runs: texts in them may read what has started the run.
public enum StartParameters {
    /// What they can read of `run`.
    public static let members = ["scheduled_for", "event"]

    /// Why parameters cannot be used; nil when they can.
    public static func problem(_ parameters: JSONObject) -> ScheduleError? {
        let template: TemplateValue
        do throws(ExpressionError) {
            template = try TemplateValue.compile(.object(parameters))
        } catch {
            return ScheduleError("a parameter cannot be read: \(error.message)", help: error.help ?? "correct it")
        }
        for reference in template.references {
            let member = reference.path.count > 1 ? reference.path[1].key : nil
            guard reference.namespace == .run, let member, members.contains(member) else {
                let what =
                    reference.namespace == .run ? member.map { "run.\($0)" } ?? "run" : reference.namespace.rawValue
                return ScheduleError(
                    "a parameter reads '\(what)', which is not known before the run starts",
                    help: "it can read run.scheduled_for and run.event")
            }
        }
        return nil
    }

    /// The parameters of a run.
    ///
    /// - Parameter event: what starts it.
    /// - Throws: ``ExpressionError`` when one has no value.
    public static func render(
        _ parameters: JSONObject, event: JSONObject, now: Timestamp
    ) throws(ExpressionError) -> JSONObject {
        let run: JSONValue = ["scheduled_for": event["due"] ?? .null, "event": .object(event)]
        let scope = ExpressionBindings([.run: run], now: now)
        return try TemplateValue.compile(.object(parameters)).render(in: scope).objectValue ?? [:]
    }
}
