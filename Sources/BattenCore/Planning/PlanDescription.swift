extension Plan {
    /// The plan as data, for people and programs: `{workflow, version, levels, stages, finally, hooks, unsupported}`.
    ///
    /// Levels hold the ids of main stages that can run in parallel; stages stand in the order of the definition.
    public var description: JSONValue {
        .object([
            "workflow": .string(definition.name), "version": .string(definition.version), "definition": .string(hash),
            "levels": .array(levels.map { level in .array(level.map { .string(stages[$0].id) }) }),
            "max_parallel": definition.maxParallel.map { .int(Int64($0)) } ?? .null,
            "timeout_ms": definition.timeout.map { .milliseconds($0) } ?? .null,
            "stages": .array(stages[..<finallyStart].map { stage(describing: $0) }),
            "finally": .array(stages[finallyStart...].map { stage(describing: $0) }),
            "hooks": .object(
                JSONObject(
                    hookParts.map { part in
                        (part.event.rawValue, .array(part.stages.map { stage(describing: $0) }))
                    })),
            "unsupported": .array(
                unsupported.map {
                    .object(["feature": .string($0.feature), "stage": $0.stage.map { .string($0) } ?? .null])
                }),
        ])
    }

    private func stage(describing stage: PlannedStage) -> JSONValue {
        .object([
            "id": .string(stage.id), "name": stage.definition.name.map { .string($0) } ?? .null,
            "uses": .string(stage.definition.uses), "level": .int(Int64(stage.level)),
            "depends_on": .array(stage.dependencies.map { .string(planned($0).id) }),
            "condition": stage.condition.map { .string($0.text) } ?? .null,
            "timeout_ms": .milliseconds(stage.timeout),
            "deadline_ms": stage.deadline.map { .milliseconds($0) } ?? .null, "retry": stage.retry.description,
            "on_failure": .string(stage.onFailure.rawValue), "items": stage.fanOut?.description ?? .null,
            "fallback": body(describing: stage.fallback), "compensate": body(describing: stage.compensate),
        ])
    }

    private func body(describing body: PlannedBody?) -> JSONValue {
        guard let body else { return .null }
        return .object([
            "uses": .string(body.uses), "timeout_ms": .milliseconds(body.timeout), "retry": body.retry.description,
        ])
    }
}

extension RetryPolicy {
    /// The rule as data, keys as in the language, durations in milliseconds.
    var description: JSONValue {
        .object([
            "max_attempts": .int(Int64(maxAttempts)), "backoff": .string(backoff.rawValue),
            "initial_ms": .milliseconds(initial), "factor": .double(factor), "max_ms": .milliseconds(max),
            "jitter": .string(jitter.rawValue),
            "on": .array(OutcomeClass.allCases.filter { on.contains($0) }.map { .string($0.rawValue) }),
        ])
    }
}

extension JSONValue {
    /// A duration in milliseconds, cut to whole ones.
    fileprivate static func milliseconds(_ duration: Duration) -> JSONValue {
        .int(duration.saturatedNanoseconds / 1_000_000)
    }
}
