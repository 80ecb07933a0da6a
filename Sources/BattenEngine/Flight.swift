import BattenCore

/// A call in flight whose result is kept, and the attempts of other stages that wait for the same one.
struct Flight {
    /// An attempt that waits for the result instead of calling.
    struct Passenger {
        let run: Int
        let start: StageStart
        let call: RenderedCall
        /// When the attempt's time is up, nanoseconds of the monotonic clock.
        let deadline: Int64
    }

    /// Run, stage and attempt that make the call.
    let run: Int
    let stage: Int
    let attempt: Int
    /// How long its result is good for.
    let ttl: Duration?
    /// Those that wait, oldest first.
    var passengers: [Passenger] = []

    private static let timerPrefix = "flight:"

    /// Name of the timer that ends a passenger's wait.
    static func timer(ofStage stage: Int) -> String { timerPrefix + String(stage) }

    /// The stage that a timer is for; nil for timers of the machine's.
    static func stage(ofTimer key: String) -> Int? {
        key.hasPrefix(timerPrefix) ? Int(key.dropFirst(timerPrefix.count)) : nil
    }
}

extension RenderedCall {
    /// Digest of everything that makes a call the same one: executor, version of its plugin, what that is configured
    /// with, input, environment, folder, and what the author wrote.
    func cacheDigest(
        _ cacheKey: String, pluginVersion: String, configuration: JSONValue, directory: String
    ) -> [UInt8] {
        var parts: [JSONValue] = [
            "batten.cache/1", .string(executor), .string(pluginVersion), input,
            .array(environment.map { .array([.string($0.name), .string($0.value)]) }),
            .string(workingDirectory ?? directory), .string(cacheKey),
        ]
        if !configuration.isNull { parts.append(configuration) }
        return JSONWriter.bytes(.array(parts)).withUnsafeBytes { SHA256.digest($0) }
    }
}
