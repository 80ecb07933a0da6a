import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

/// The plugin ffi in the real plugin host.
final class FFIRig {
    let host: PluginHost

    /// The tests' own library of C functions.
    static let library = "\(ShellRig.buildFolder)/libfixture-functions.so"

    init(config: String = "{}") throws {
        host = PluginHost(
            HostSettings(bundledFolder: ShellRig.buildFolder, configurations: ["ffi": try JSONReader.parse(config)]))
    }

    deinit {
        host.shutdown(within: .seconds(5))
    }

    /// Makes one call and waits for its end.
    func run(_ input: JSONValue, folder: String? = nil) throws -> StageOutcome {
        let running = ShellRig.Running()
        let call = ExecutorCall(
            tag: 1, executor: "ffi.call", run: "run-1", stage: "stage-1", idempotencyKey: "key", grace: .seconds(5),
            input: input, workingDirectory: folder)
        _ = host.start(call, sink: running)
        return try running.outcome()
    }

    /// Calls one function of a library, by default of the tests' own.
    func call(
        _ signature: String, _ arguments: String = "[]", of library: String = FFIRig.library, types: String = "{}",
        more: [(String, JSONValue)] = []
    ) throws -> StageOutcome {
        var input: JSONObject = [
            "library": .string(library), "signature": .string(signature), "arguments": try JSONReader.parse(arguments),
            "types": try JSONReader.parse(types),
        ]
        for (name, value) in more { input[name] = value }
        return try run(.object(input))
    }
}
