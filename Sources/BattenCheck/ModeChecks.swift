import BattenCore
import BattenPluginHost
import BattenSystem

/// What calls come to in a process of the host's own; a worker has to come to the same.
enum ModeChecks {
    /// How long a call may take; a longer one is not compared.
    private static let patience = Duration.milliseconds(500)
    /// When no further call is made.
    private static let limit: Int64 = 8_000_000_000

    private struct Call {
        let executor: CheckSubject.Executor
        let config: JSONValue
        let input: JSONValue
        var result: PluginTrial.Result?
    }

    /// Makes calls in two lives of the plugin, and tells where the second comes to something else.
    ///
    /// - Parameters:
    ///   - findings: gets the calls with their results, to be held against those of a worker.
    ///   - trial: begins a life of the plugin.
    static func run(
        _ subject: CheckSubject, seed: UInt64, into findings: inout CheckFindings,
        trial: () throws(PluginError) -> PluginTrial
    ) throws(PluginError) {
        var calls = Self.calls(of: subject, seed, &findings)
        for life in 1...2 {
            let end = MonotonicClock.now() + limit / 2
            let trial = try trial()
            defer { trial.end() }
            for (index, call) in calls.enumerated() {
                guard MonotonicClock.now() < end else {
                    findings.note(
                        "time was up before every call was made; executors that take long were called less often")
                    calls.removeLast(calls.count - index)
                    break
                }
                let result = trial.call(call.executor.type, config: call.config, input: call.input, patience: patience)
                guard life == 2, let before = call.result, let result else {
                    calls[index].result = result
                    continue
                }
                let names = ("at first", "in the next life")
                guard let what = before.difference(from: result, call.executor.output, names) else { continue }
                findings.breaks(
                    "modes",
                    "\(call.executor.type): \(what), and nothing marks it x-batten-volatile, input \(shown(call.input))"
                )
                calls[index].result = nil
            }
        }
        for call in calls {
            guard let result = call.result else {
                findings.note(
                    "a call of \(call.executor.type) took over 500 ms or differed by itself; it is not compared")
                continue
            }
            findings.calls.append(
                .object([
                    "executor": .string(call.executor.type), "config": call.config, "input": call.input,
                    "result": result.json,
                ]))
        }
    }

    /// The examples of each executor's input, and inputs that are made: half of them plain ones, half odd ones.
    private static func calls(
        of subject: CheckSubject, _ seed: UInt64, _ findings: inout CheckFindings
    ) -> [Call] {
        var calls: [Call] = []
        for executor in subject.executors {
            let config = (try? JSONReader.parse(CheckSubject.configuration(executor.config))) ?? [:]
            var inputs = (executor.input.source["examples"]?.arrayValue ?? []).filter {
                executor.input.validate($0).isEmpty
            }
            for number in 0..<UInt64(8) {
                var maker = ValueMaker(seed: seed &+ number &* 7_919, isHostile: number >= 4)
                guard let made = maker.value(for: executor.input) else {
                    findings.note("no input was found that fits the schema of \(executor.type)")
                    break
                }
                if !inputs.contains(made) { inputs.append(made) }
            }
            calls += inputs.map { Call(executor: executor, config: config, input: $0) }
        }
        return calls
    }

    private static func shown(_ input: JSONValue) -> String {
        let text = JSONWriter.string(input)
        return text.utf8.count > 300 ? String(text.prefix(300)) + "…" : text
    }
}
